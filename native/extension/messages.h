/*
 * messages.h
 *    Control messages as plain C structs: a C ABI over the FlatBuffers code in messages.cpp. No postgres.h
 *    here and nothing that can longjmp behind it; what the messages mean is written in schemas/control.
 *
 * Encoders return malloc'ed bytes (fusion_message_free) or data == NULL when memory ran out. Decoders
 * verify the whole buffer first and return false when it is malformed or of another version. What they give
 * out points into that buffer, which must be the receiver's own copy, 8-byte aligned, and outlive the
 * result.
 */
#ifndef FUSION_MESSAGES_H
#define FUSION_MESSAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C"
{
#endif

/* One version for all conversations; peers of another version refuse each other's messages. */
#define FUSION_MESSAGE_VERSION 1

typedef struct FusionEncoded
{
	uint8_t    *data;
	size_t		length;
} FusionEncoded;

typedef struct FusionBytes
{
	const uint8_t *data;
	size_t		length;
} FusionBytes;

extern void fusion_message_free(FusionEncoded *message);

/* ---- planning: requests ---- */

typedef struct FusionTypeFact
{
	uint32_t	oid;
	const char *name;
	int16_t		length;
	bool		by_value;
	uint8_t		kind;
	uint32_t	base;
	uint32_t	element;
	bool		hashable;
	bool		bitwise_equal;
} FusionTypeFact;

typedef struct FusionCollationFact
{
	uint32_t	oid;
	bool		deterministic;
	bool		byte_order;
	bool		ascii_letters;
	bool		library_letters;
	bool		order_keys;
} FusionCollationFact;

typedef struct FusionFunctionFact
{
	uint32_t	oid;
	const char *name;
	uint8_t		volatility;
	uint8_t		parallel;
	bool		strict;
	bool		leakproof;
} FusionFunctionFact;

typedef struct FusionColumnFact
{
	int16_t		attribute;
	uint32_t	type;
	int32_t		typmod;
	uint32_t	collation;
	bool		not_null;
	int32_t		average_width;
	double		distinct;		/* 0: unknown */
	float		null_fraction;
} FusionColumnFact;

typedef struct FusionUniqueKey
{
	const int16_t *attributes;
	size_t		count;
} FusionUniqueKey;

typedef struct FusionConditionFact
{
	uint32_t	node;
	double		selectivity;
	uint8_t		bound;
} FusionConditionFact;

typedef struct FusionRelationFact
{
	uint32_t	rte_node;
	uint32_t	relation;
	const char *name;
	uint8_t		kind;
	double		rows;
	uint32_t	pages;
	const FusionColumnFact *columns;
	size_t		column_count;
	const FusionUniqueKey *unique_keys;
	size_t		unique_key_count;
} FusionRelationFact;

typedef struct FusionPlanRequest
{
	uint32_t	server_version;
	FusionBytes query;
	const FusionTypeFact *types;
	size_t		type_count;
	const FusionCollationFact *collations;
	size_t		collation_count;
	const FusionFunctionFact *functions;
	size_t		function_count;
	const FusionRelationFact *relations;
	size_t		relation_count;
	bool		explain;
	const char *time_zone;
	uint32_t	work_memory_kb;
	const FusionConditionFact *conditions;
	size_t		condition_count;
	bool		runtime_filters;	/* joins may filter what their probed leaves deliver */
	bool		other_encoding;		/* the database's characters are not UTF-8 */
	const char *const *zones;	/* time zones that constants of the query name */
	size_t		zone_count;
} FusionPlanRequest;

extern FusionEncoded fusion_encode_plan_request(const FusionPlanRequest *request);

/* ---- planning: answers ---- */

typedef struct FusionPlanReady
{
	const void *root;			/* for the accessors below */
	FusionBytes plan;
	uint64_t	plan_digest;
	uint32_t	leaf_count;
	uint32_t	output_count;
	uint32_t	replacement_count;
	uint32_t	operator_count; /* of the engine, for EXPLAIN */
	uint32_t	explain_count;
	const uint32_t *edge_quals;
	uint32_t	edge_qual_count;
	uint32_t	table_count;
	bool		did_where;
	bool		did_aggregate;
	bool		did_distinct;
	bool		did_sort;
	bool		did_limit;
	bool		did_window;
	bool		order_matters;	/* of scanned rows */
	double		rows;
	uint64_t	planning_ns;
	double		engine_ns;		/* estimate, leaves and edge aside */
} FusionPlanReady;

typedef struct FusionLeafAnswer
{
	const void *root;
	uint32_t	query_node;
	uint32_t	range_index;
	uint32_t	column_count;
	const uint32_t *qual_nodes;
	uint32_t	qual_count;
	uint32_t	filter_count;
	double		passed;			/* share of its rows that pass the filters; an estimate */
} FusionLeafAnswer;

/* See schemas/control/planning.fbs for the kinds. */
typedef struct FusionFilterKeyAnswer
{
	uint16_t	column;
	uint8_t		kind;
} FusionFilterKeyAnswer;

typedef struct FusionLeafFilterAnswer
{
	const void *root;
	uint16_t	number;
	uint32_t	key_count;
} FusionLeafFilterAnswer;

typedef struct FusionLeafColumnAnswer
{
	uint32_t	node;
	uint32_t	guard_node;
	uint8_t		encoding;
	int16_t		scale;
	uint32_t	order_key;
} FusionLeafColumnAnswer;

typedef struct FusionOutputAnswer
{
	const char *name;
	uint32_t	type;
	int32_t		typmod;
	uint32_t	collation;
	uint8_t		encoding;
	int16_t		scale;
} FusionOutputAnswer;

/* Prefix form; see schemas/control/planning.fbs. */
typedef struct FusionReplacementAnswer
{
	uint32_t	node;
	const uint8_t *op;
	const uint32_t *operand;
	uint32_t	length;
} FusionReplacementAnswer;

/* An operator of the engine as EXPLAIN shows it. */
typedef struct FusionOperatorAnswer
{
	const void *root;
	const char *name;
	uint16_t	depth;			/* 0 for the root */
	int32_t		leaf;			/* of a scan, else -1 */
	double		rows;			/* estimate, or -1 */
	uint32_t	detail_count;
} FusionOperatorAnswer;

/*
 * A parameter: a table of a time zone, of an enum's order, of how the session writes values, of a locale's letters; or
 * the statement's own of that number.
 */
typedef enum FusionTableKind
{
	FUSION_TABLE_ZONE,
	FUSION_TABLE_ENUM,
	FUSION_TABLE_FORMATS,
	FUSION_TABLE_OWN,
	FUSION_TABLE_LETTERS
} FusionTableKind;

typedef struct FusionTableAnswer
{
	uint32_t	id;
	FusionTableKind kind;
	const char *zone;			/* "": the session's */
	uint32_t	object;			/* OID of the enum, or of the collation */
} FusionTableAnswer;

typedef struct FusionPlanRefused
{
	const char *construct;
	const char *detail;			/* "" when there is none */
	const char *hint;
	int32_t		location;
} FusionPlanRefused;

extern bool fusion_decode_plan_ready(const uint8_t *data, size_t length, FusionPlanReady *answer);
extern void fusion_plan_ready_leaf(const FusionPlanReady *answer, uint32_t index, FusionLeafAnswer *leaf);
extern void fusion_leaf_column(const FusionLeafAnswer *leaf, uint32_t index, FusionLeafColumnAnswer *column);
extern void fusion_leaf_filter(const FusionLeafAnswer *leaf, uint32_t index, FusionLeafFilterAnswer *filter);
extern void fusion_filter_key(const FusionLeafFilterAnswer *filter, uint32_t index, FusionFilterKeyAnswer *key);
extern void fusion_plan_ready_output(const FusionPlanReady *answer, uint32_t index, FusionOutputAnswer *output);
extern void fusion_plan_ready_replacement(const FusionPlanReady *answer, uint32_t index,
										  FusionReplacementAnswer *replacement);
extern void fusion_plan_ready_operator(const FusionPlanReady *answer, uint32_t index, FusionOperatorAnswer *wanted);
extern void fusion_operator_detail(const FusionOperatorAnswer *answer, uint32_t index, const char **label,
								   const char **text);
extern const char *fusion_plan_ready_explain(const FusionPlanReady *answer, uint32_t index);
extern void fusion_plan_ready_table(const FusionPlanReady *answer, uint32_t index, FusionTableAnswer *table);
extern bool fusion_decode_plan_refused(const uint8_t *data, size_t length, FusionPlanRefused *answer);

/* ---- execution ---- */

typedef struct FusionProducerSlot
{
	uint16_t	leaf;
	uint16_t	producer;
	uint32_t	scan_slot;
	uint32_t	scan_epoch;
} FusionProducerSlot;

typedef struct FusionParameterValue
{
	uint32_t	id;
	uint32_t	type;
	bool		is_null;
	uint8_t		encoding;
	int16_t		scale;
	FusionBytes value;
} FusionParameterValue;

typedef struct FusionFilterSlotName
{
	uint16_t	filter;
	uint32_t	slot;
	uint32_t	generation;
} FusionFilterSlotName;

typedef struct FusionStartExecution
{
	FusionBytes plan;
	uint64_t	plan_digest;
	const FusionProducerSlot *producers;
	size_t		producer_count;
	const FusionParameterValue *parameters;
	size_t		parameter_count;
	uint32_t	permits_scan;
	uint32_t	permits_result;
	bool		analyze;
	const FusionFilterSlotName *filters;
	size_t		filter_count;
	uint64_t	memory_kb;		/* held before it spills */
	int64_t		spill_limit_kb; /* on disk at once; -1: no limit */
} FusionStartExecution;

typedef struct FusionOperatorStats
{
	uint16_t	operator_index;
	uint64_t	rows_in;
	uint64_t	rows_out;
	uint64_t	pages;
	uint64_t	bytes;
	uint64_t	time_ns;
	uint64_t	memory_bytes;
	uint64_t	redo_pages;
	uint64_t	spilled_bytes;
} FusionOperatorStats;

typedef struct FusionExecutionFinished
{
	const void *root;
	uint64_t	rows;
	uint32_t	result_pages;
	uint64_t	compile_ns;
	uint64_t	execute_ns;
	uint64_t	wait_ns;
	uint64_t	memory_bytes;
	uint32_t	code_bytes;
	uint32_t	code_modules;
	uint32_t	threads;
	uint32_t	operator_count;
} FusionExecutionFinished;

typedef struct FusionExecutionFailed
{
	const char *sqlstate;		/* exactly five characters */
	const char *message;
	const char *detail;			/* "" when there is none */
	const char *hint;
} FusionExecutionFailed;

extern FusionEncoded fusion_encode_start_execution(const FusionStartExecution *start);
extern FusionEncoded fusion_encode_close_execution(uint8_t reason);
extern bool fusion_decode_execution_started(const uint8_t *data, size_t length, uint16_t *executor);
extern bool fusion_decode_execution_finished(const uint8_t *data, size_t length, FusionExecutionFinished *finished);
extern void fusion_execution_finished_operator(const FusionExecutionFinished *finished, uint32_t index,
											   FusionOperatorStats *stats);
extern bool fusion_decode_execution_failed(const uint8_t *data, size_t length, FusionExecutionFailed *failed);

/* ---- scan ---- */

typedef struct FusionScanFinished
{
	uint64_t	rows;
	uint64_t	pages;
	uint64_t	bytes;
	uint64_t	rows_filtered;
	uint64_t	time_ns;
} FusionScanFinished;

extern bool fusion_decode_open_scan(const uint8_t *data, size_t length, uint16_t *leaf, uint16_t *producer);
extern bool fusion_decode_stop_scan(const uint8_t *data, size_t length, uint8_t *reason);
extern FusionEncoded fusion_encode_scan_finished(const FusionScanFinished *finished);
extern FusionEncoded fusion_encode_scan_failed(const char *sqlstate, const char *message);

#ifdef __cplusplus
}
#endif

#endif							/* FUSION_MESSAGES_H */
