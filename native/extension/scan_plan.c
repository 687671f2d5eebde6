/*
 * scan_plan.c
 *    The plan of a PgFusionScan as copyable nodes and back. The numbers travel as one bytea Const: a plan
 *    node may hold only what copyObject and nodeToString know, and both keep a Const's bytes, zeros
 *    included.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fusion_encodings.h"
#include "nodes/makefuncs.h"
#include "nodes/value.h"
#include "scan_plan.h"

/* Places in custom_private. */
#define PRIVATE_NUMBERS 0
#define PRIVATE_PHYSICAL 1
#define PRIVATE_EXPLAIN 2
#define PRIVATE_LEAF_QUERIES 3
#define PRIVATE_REASONS 4
#define PRIVATE_LEADER_ONLY 5
#define PRIVATE_OPERATORS 6
#define PRIVATE_STATEMENTS 7
#define PRIVATE_TABLES 8
#define PRIVATE_FUNCTIONS 9
#define PRIVATE_COUNT 10

/*
 * Followed by the columns of each leaf, then of the output. Written and read by one process image, so plain
 * structs do.
 */
typedef struct StoredNumbers
{
	uint64		digest;
	double		rows;
	uint64		planning_round_trip_ns;
	uint64		planning_worker_ns;
	int32		leaf_count;
	int32		output_column_count;
	bool		planning_cached;
} StoredNumbers;

typedef struct StoredLeaf
{
	int32		column_count;
	int32		workers;
	bool		heap;
	FusionLeafFilters filters;
} StoredLeaf;

uint64
fusion_page_schema_fingerprint(const FusionPageSchema *schema)
{
	uint64		hash = UINT64CONST(0xcbf29ce484222325);

	for (int i = 0; i < schema->column_count; i++)
	{
		const FusionColumn *column = &schema->columns[i];
		uint16		scale = (uint16) column->scale;
		uint8		bytes[3] = {column->encoding, (uint8) (scale & 0xff), (uint8) (scale >> 8)};

		for (int k = 0; k < 3; k++)
			hash = (hash ^ bytes[k]) * UINT64CONST(0x100000001b3);
	}
	return hash;
}

static Const *
bytes_const(bytea *bytes)
{
	return makeConst(BYTEAOID, -1, InvalidOid, -1, PointerGetDatum(bytes), false, false);
}

static bytea *
const_bytes(const List *stored, int place)
{
	return DatumGetByteaPP(castNode(Const, list_nth(stored, place))->constvalue);
}

static void
store_columns(StringInfo buffer, const FusionPageSchema *schema)
{
	if (schema->column_count > 0)
		appendBinaryStringInfo(buffer, (const char *) schema->columns, sizeof(FusionColumn) * schema->column_count);
}

static bytea *
store_numbers(const FusionScanPlan *plan)
{
	StoredNumbers numbers = {
		.digest = plan->digest,
		.rows = plan->rows,
		.planning_round_trip_ns = plan->planning_round_trip_ns,
		.planning_worker_ns = plan->planning_worker_ns,
		.leaf_count = plan->leaf_count,
		.output_column_count = plan->output.column_count,
		.planning_cached = plan->planning_cached
	};
	StringInfoData buffer;

	initStringInfo(&buffer);
	appendBinaryStringInfo(&buffer, "\0\0\0\0", VARHDRSZ);
	appendBinaryStringInfo(&buffer, (const char *) &numbers, sizeof(numbers));
	for (int leaf = 0; leaf < plan->leaf_count; leaf++)
	{
		StoredLeaf	stored = {
			.column_count = plan->leaves[leaf].column_count,
			.workers = plan->leaf_paths[leaf].workers,
			.heap = plan->leaf_paths[leaf].heap,
			.filters = plan->leaf_filters[leaf]
		};

		appendBinaryStringInfo(&buffer, (const char *) &stored, sizeof(stored));
		store_columns(&buffer, &plan->leaves[leaf]);
	}
	store_columns(&buffer, &plan->output);
	SET_VARSIZE(buffer.data, buffer.len);
	return (bytea *) buffer.data;
}

/* NULL as the empty string: a list of nodes has no place for it. */
static Node *
text_node(const char *text)
{
	return (Node *) makeString(pstrdup(text != NULL ? text : ""));
}

static const char *
node_text(const List *texts, int leaf)
{
	const char *text = strVal(list_nth(texts, leaf));

	return text[0] != '\0' ? text : NULL;
}

List *
fusion_scan_plan_store(const FusionScanPlan *plan)
{
	List	   *reasons = NIL;
	List	   *leader_only = NIL;

	for (int leaf = 0; leaf < plan->leaf_count; leaf++)
	{
		reasons = lappend(reasons, text_node(plan->leaf_paths[leaf].reason));
		leader_only = lappend(leader_only, text_node(plan->leaf_paths[leaf].leader_only));
	}
	return list_concat(list_make5(bytes_const(store_numbers(plan)), bytes_const(plan->physical), plan->explain,
								  plan->leaf_queries, reasons),
					   list_make5(leader_only, plan->operators, plan->leaf_statements, plan->tables,
								  plan->functions));
}

/*
 * A reader over the stored numbers. They are our own bytes; the checks catch a plan of another build of
 * this library.
 */
typedef struct Reader
{
	const char *at;
	const char *end;
} Reader;

static void
read_bytes(Reader *reader, void *to, size_t length)
{
	if (length > (size_t) (reader->end - reader->at))
		elog(ERROR, "pg_fusion: a stored scan plan is truncated");
	if (length > 0)
		memcpy(to, reader->at, length);
	reader->at += length;
}

static void
read_schema(Reader *reader, int column_count, FusionPageSchema *schema)
{
	if (column_count < 0 || column_count > PG_INT16_MAX)
		elog(ERROR, "pg_fusion: a stored scan plan is malformed");
	schema->column_count = column_count;
	schema->columns = palloc0(sizeof(FusionColumn) * (column_count + 1));
	read_bytes(reader, schema->columns, sizeof(FusionColumn) * column_count);
	schema->fingerprint = fusion_page_schema_fingerprint(schema);
}

static void
read_leaves(Reader *reader, const List *reasons, const List *leader_only, FusionScanPlan *plan)
{
	plan->leaves = palloc0(sizeof(FusionPageSchema) * (plan->leaf_count + 1));
	plan->leaf_paths = palloc0(sizeof(FusionLeafPath) * (plan->leaf_count + 1));
	plan->leaf_filters = palloc0(sizeof(FusionLeafFilters) * (plan->leaf_count + 1));
	for (int leaf = 0; leaf < plan->leaf_count; leaf++)
	{
		StoredLeaf	stored;
		FusionLeafPath *path = &plan->leaf_paths[leaf];

		read_bytes(reader, &stored, sizeof(stored));
		read_schema(reader, stored.column_count, &plan->leaves[leaf]);
		path->heap = stored.heap;
		path->reason = node_text(reasons, leaf);
		path->workers = stored.workers;
		path->leader_only = node_text(leader_only, leaf);
		plan->leaf_filters[leaf] = stored.filters;
		for (int i = 0; i < stored.filters.count; i++)
			plan->filter_count = Max(plan->filter_count, stored.filters.filters[i].number + 1);
	}
}

FusionScanPlan *
fusion_scan_plan_load(List *custom_private)
{
	FusionScanPlan *plan = palloc0(sizeof(FusionScanPlan));
	StoredNumbers numbers;
	List	   *reasons;
	List	   *leader_only;
	bytea	   *stored;
	Reader		reader;

	if (list_length(custom_private) != PRIVATE_COUNT)
		elog(ERROR, "pg_fusion: a stored scan plan is malformed");
	stored = const_bytes(custom_private, PRIVATE_NUMBERS);
	reader.at = VARDATA_ANY(stored);
	reader.end = reader.at + VARSIZE_ANY_EXHDR(stored);
	read_bytes(&reader, &numbers, sizeof(numbers));
	reasons = list_nth_node(List, custom_private, PRIVATE_REASONS);
	leader_only = list_nth_node(List, custom_private, PRIVATE_LEADER_ONLY);
	if (numbers.leaf_count < 0 || numbers.leaf_count != list_length(reasons) ||
		numbers.leaf_count != list_length(leader_only))
		elog(ERROR, "pg_fusion: a stored scan plan is malformed");

	plan->physical = const_bytes(custom_private, PRIVATE_PHYSICAL);
	plan->digest = numbers.digest;
	plan->rows = numbers.rows;
	plan->planning_round_trip_ns = numbers.planning_round_trip_ns;
	plan->planning_worker_ns = numbers.planning_worker_ns;
	plan->planning_cached = numbers.planning_cached;
	plan->leaf_count = numbers.leaf_count;
	read_leaves(&reader, reasons, leader_only, plan);
	read_schema(&reader, numbers.output_column_count, &plan->output);
	plan->explain = list_nth_node(List, custom_private, PRIVATE_EXPLAIN);
	plan->operators = list_nth_node(List, custom_private, PRIVATE_OPERATORS);
	plan->leaf_queries = list_nth_node(List, custom_private, PRIVATE_LEAF_QUERIES);
	plan->leaf_statements = list_nth_node(List, custom_private, PRIVATE_STATEMENTS);
	plan->tables = list_nth_node(List, custom_private, PRIVATE_TABLES);
	plan->functions = list_nth_node(List, custom_private, PRIVATE_FUNCTIONS);
	if (list_length(plan->leaf_statements) != plan->leaf_count)
		elog(ERROR, "pg_fusion: a stored scan plan is malformed");
	return plan;
}
