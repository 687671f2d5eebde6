/*
 * scan_probe.c
 *    Plans and starts a scan leaf for scan_bench.c and scan_check.c. See scan_probe.h.
 */
#include "postgres.h"

#include "scan_probe.h"

#include "access/table.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "fusion_encodings.h"
#include "fusion_layout.h"
#include "jit/jit.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/planner.h"
#include "page_column.h"
#include "tcop/tcopprot.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

/* The encoding the worker's planner would choose for a column of this type. */
static uint8
natural_encoding(Oid type, int32 typmod, int16 *scale)
{
	static const uint8 by_value[] = {
		[1] = FUSION_ENCODING_INT8, [2] = FUSION_ENCODING_INT16, [4] = FUSION_ENCODING_INT32,
		[8] = FUSION_ENCODING_INT64
	};
	int16		length;
	bool		is_by_value;

	*scale = 0;
	type = getBaseTypeAndTypmod(type, &typmod);
	switch (type)
	{
		case BOOLOID:
			return FUSION_ENCODING_BOOL8;
		case FLOAT4OID:
			return FUSION_ENCODING_FLOAT32;
		case FLOAT8OID:
			return FUSION_ENCODING_FLOAT64;
		case TEXTOID:
		case VARCHAROID:
			return FUSION_ENCODING_TEXT;
		case BPCHAROID:
			return typmod == VARHDRSZ + 1 ? FUSION_ENCODING_TEXT4 : typmod == VARHDRSZ + 2 ? FUSION_ENCODING_TEXT8 :
				typmod > VARHDRSZ ? FUSION_ENCODING_TEXT : FUSION_ENCODING_DATUM;
		case NUMERICOID:
			if (typmod >= VARHDRSZ)
			{
				int			precision = ((typmod - VARHDRSZ) >> 16) & 0xFFFF;

				*scale = (int16) ((((typmod - VARHDRSZ) & 0x7FF) ^ 1024) - 1024);
				if (*scale >= 0 && *scale <= 18 && precision <= 18)
					return FUSION_ENCODING_DECIMAL64;
				if (*scale >= 0 && *scale <= 38 && precision <= 38)
					return FUSION_ENCODING_DECIMAL128;
				*scale = 0;
			}
			return FUSION_ENCODING_DATUM;
		default:
			get_typlenbyval(type, &length, &is_by_value);
			return is_by_value ? by_value[length] : FUSION_ENCODING_DATUM;
	}
}

static void
derive_schema(FusionPageSchema *schema, const List *target_list)
{
	const ListCell *cell;

	schema->columns = palloc0(sizeof(FusionColumn) * Max(list_length(target_list), 1));
	foreach(cell, target_list)
	{
		Node	   *expression = (Node *) lfirst_node(TargetEntry, cell)->expr;
		Oid			type = exprType(expression);
		int32		typmod = exprTypmod(expression);
		int16		scale;
		uint8		encoding = natural_encoding(type, typmod, &scale);
		const char *problem = fusion_page_column(type, typmod, exprCollation(expression), encoding, scale,
												 &schema->columns[schema->column_count++]);

		if (problem != NULL)
			elog(ERROR, "pg_fusion: column %d: %s", schema->column_count, problem);
	}
	schema->fingerprint = fusion_page_schema_fingerprint(schema);
}

static void
append_columns(StringInfo sql, Relation relation, int column_count)
{
	TupleDesc	descriptor = RelationGetDescr(relation);
	int			listed = 0;

	for (int i = 0; i < descriptor->natts && (column_count == 0 || listed < column_count); i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(descriptor, i);

		if (attribute->attisdropped)
			continue;
		appendStringInfo(sql, "%s%s", listed++ == 0 ? "" : ", ", quote_identifier(NameStr(attribute->attname)));
	}
}

/* A sequential scan whatever the statistics say: that is what is to be measured. */
static PlannedStmt *
plan_sequentially(Query *query, const char *sql)
{
	static const char *const disabled[] = {
		"enable_indexscan", "enable_indexonlyscan", "enable_bitmapscan", "enable_tidscan"
	};
	int			nesting = NewGUCNestLevel();
	PlannedStmt *plan;

	for (int i = 0; i < (int) lengthof(disabled); i++)
		(void) set_config_option(disabled[i], "off", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	plan = standard_planner(query, sql, 0, NULL);
	/* Leaves are not compiled. */
	plan->jitFlags = PGJIT_NONE;
	AtEOXact_GUC(true, nesting);
	return plan;
}

FusionProbe *
fusion_probe_plan(Oid relation_oid, int column_count, const char *columns, const char *qual)
{
	FusionProbe *probe = palloc0(sizeof(FusionProbe));
	Relation	relation;
	StringInfoData sql;
	List	   *parsed;
	List	   *queries;

	/* The qual is SQL of the caller's making, and the numbers tell of data the caller may not read. */
	if (!superuser())
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("pg_fusion: only a superuser may run scan probes")));
	relation = table_open(relation_oid, AccessShareLock);
	initStringInfo(&sql);
	appendStringInfoString(&sql, "SELECT ");
	if (columns != NULL)
		appendStringInfoString(&sql, columns);
	else
		append_columns(&sql, relation, column_count);
	appendStringInfo(&sql, " FROM ONLY %s",
					 quote_qualified_identifier(get_namespace_name(RelationGetNamespace(relation)),
												RelationGetRelationName(relation)));
	if (qual != NULL)
		appendStringInfo(&sql, " WHERE %s", qual);
	table_close(relation, NoLock);

	parsed = pg_parse_query(sql.data);
	if (list_length(parsed) != 1)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("pg_fusion: a scan probe is one statement")));
	queries = pg_analyze_and_rewrite_fixedparams(linitial_node(RawStmt, parsed), sql.data, NULL, 0, NULL);
	probe->sql = sql.data;
	probe->plan = plan_sequentially(linitial_node(Query, queries), sql.data);
	derive_schema(&probe->schema, probe->plan->planTree->targetlist);
	return probe;
}

QueryDesc *
fusion_probe_start(FusionProbe *probe)
{
	QueryDesc  *query = CreateQueryDesc(probe->plan, probe->sql, GetActiveSnapshot(), InvalidSnapshot,
										None_Receiver, NULL, NULL, 0);

	ExecutorStart(query, 0);
	return query;
}

void
fusion_probe_finish(QueryDesc *query)
{
	ExecutorFinish(query);
	ExecutorEnd(query);
	FreeQueryDesc(query);
}

FusionProducer *
fusion_probe_producer(FusionProbe *probe, QueryDesc *query, const char *path)
{
	MemoryContext caller = MemoryContextSwitchTo(query->estate->es_query_cxt);
	FusionProducer *producer;
	const char *reason;

	if (strcmp(path, "executor") == 0)
		producer = fusion_producer_executor(query->planstate, &probe->schema);
	else if (!fusion_producer_heap_eligible(probe->plan, &reason))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("pg_fusion: the batch heap path cannot run this scan: %s", reason)));
	else
		producer = fusion_producer_heap(castNode(SeqScanState, query->planstate), &probe->schema);
	MemoryContextSwitchTo(caller);
	return producer;
}

uint8 *
fusion_probe_pages(int count)
{
	size_t		bytes = (size_t) count * FUSION_PROBE_PAGE_BYTES;

	return (uint8 *) TYPEALIGN(FUSION_PAGE_BUFFER_ALIGN, palloc_extended(bytes + FUSION_PAGE_BUFFER_ALIGN,
																		   MCXT_ALLOC_HUGE));
}
