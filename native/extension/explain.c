/*
 * explain.c
 *    EXPLAIN of a PgFusionScan: the engine's plan, how each scan is produced and its SQL, and with ANALYZE
 *    what was measured. The leaves' own plans follow as child nodes, printed by PostgreSQL.
 */
#include "postgres.h"

#include "commands/explain.h"
#include "explain.h"
#include "nodes/value.h"
#include "utils/ruleutils.h"

#if PG_VERSION_NUM >= 180000
#include "commands/explain_format.h"
#endif

/* One heading or line of the TEXT format, indented like the properties around it. */
static void
text_line(ExplainState *es, const char *format,...) pg_attribute_printf(2, 3);

static void
text_line(ExplainState *es, const char *format,...)
{
	int			needed;

	appendStringInfoSpaces(es->str, es->indent * 2);
	for (;;)
	{
		va_list		arguments;

		va_start(arguments, format);
		needed = appendStringInfoVA(es->str, format, arguments);
		va_end(arguments);
		if (needed == 0)
			break;
		enlargeStringInfo(es->str, needed);
	}
	appendStringInfoChar(es->str, '\n');
}

static bool
is_text(const ExplainState *es)
{
	return es->format == EXPLAIN_FORMAT_TEXT;
}

static void
explain_engine(const FusionScanPlan *plan, ExplainState *es)
{
	ListCell   *cell;
	List	   *lines = NIL;

	if (is_text(es))
	{
		text_line(es, "Engine:");
		es->indent++;
		foreach(cell, plan->explain)
			text_line(es, "%s", strVal(lfirst(cell)));
		es->indent--;
		return;
	}
	foreach(cell, plan->explain)
		lines = lappend(lines, strVal(lfirst(cell)));
	ExplainPropertyList("Engine", lines, es);
}

/* The leaf as one line of SQL: the deparser breaks lines and indents in every mode. */
static char *
leaf_sql(const Query *leaf)
{
	char	   *sql = pg_get_querydef(copyObject(unconstify(Query *, leaf)), false);
	char	   *to = sql;
	char		quote = '\0';

	for (const char *from = sql; *from != '\0'; from++)
	{
		if (quote != '\0')
			quote = *from == quote ? '\0' : quote;
		else if (*from == '\'' || *from == '"')
			quote = *from;
		else if (*from == '\n' || *from == ' ')
		{
			if (to > sql && to[-1] != ' ')
				*to++ = ' ';
			continue;
		}
		*to++ = *from;
	}
	while (to > sql && to[-1] == ' ')
		to--;
	*to = '\0';
	return sql;
}

/* Planned producers, the leader among them, and with ANALYZE those that took part. */
static void
explain_producers(const FusionLeafPath *path, const FusionLeafStats *stats, ExplainState *es)
{
	if (!is_text(es))
	{
		ExplainPropertyInteger("Producers Planned", NULL, 1 + path->workers, es);
		if (stats != NULL)
			ExplainPropertyInteger("Producers Launched", NULL, 1 + stats->workers, es);
		if (path->leader_only != NULL)
			ExplainPropertyText("Leader Only", path->leader_only, es);
	}
	else if (path->leader_only != NULL)
		text_line(es, "Producers: leader only (%s)", path->leader_only);
	else if (stats != NULL)
		text_line(es, "Producers: %d planned, %d launched", 1 + path->workers, 1 + stats->workers);
	else
		text_line(es, "Producers: %d planned", 1 + path->workers);
}

static void
explain_scan_numbers(const FusionLeafStats *stats, ExplainState *es)
{
	if (is_text(es))
	{
		text_line(es, "Rows Produced: " UINT64_FORMAT, stats->rows_produced);
		return;
	}
	ExplainPropertyUInteger("Rows Produced", NULL, stats->rows_produced, es);
}

static void
explain_leaf(const FusionScanState *state, int leaf, ExplainState *es)
{
	const FusionLeafPath *path = &state->plan->leaf_paths[leaf];
	const char *sql = leaf_sql(list_nth_node(Query, state->plan->leaf_queries, leaf));
	bool		analyzed = es->analyze && state->execution != NULL;
	FusionLeafStats stats = {0};

	if (analyzed)
		stats = fusion_execution_leaf_stats(state->execution, leaf);
	ExplainOpenGroup("Scan", NULL, true, es);
	if (is_text(es))
	{
		if (path->heap)
			text_line(es, "Scan %d: heap batches", leaf + 1);
		else
			text_line(es, "Scan %d: executor (%s)", leaf + 1, path->reason != NULL ? path->reason : "");
		es->indent++;
		text_line(es, "SQL: %s", sql);
	}
	else
	{
		ExplainPropertyText("Path", path->heap ? "heap batches" : "executor", es);
		if (path->reason != NULL)
			ExplainPropertyText("Reason", path->reason, es);
		ExplainPropertyText("SQL", sql, es);
	}
	explain_producers(path, analyzed ? &stats : NULL, es);
	if (analyzed)
		explain_scan_numbers(&stats, es);
	if (is_text(es))
		es->indent--;
	ExplainCloseGroup("Scan", NULL, true, es);
}

static void
explain_leaves(const FusionScanState *state, ExplainState *es)
{
	ExplainOpenGroup("Scans", "Scans", false, es);
	for (int leaf = 0; leaf < state->plan->leaf_count; leaf++)
		explain_leaf(state, leaf, es);
	ExplainCloseGroup("Scans", "Scans", false, es);
}

static double
milliseconds(uint64 nanoseconds)
{
	return (double) nanoseconds / 1e6;
}

static void
explain_volume(const FusionExecutionStats *stats, ExplainState *es)
{
	if (is_text(es))
	{
		text_line(es, "Scanned: rows=" UINT64_FORMAT " pages=" UINT64_FORMAT " bytes=" UINT64_FORMAT,
				  stats->scan_rows, stats->scan_pages, stats->scan_bytes);
		text_line(es, "Result: rows=" UINT64_FORMAT " pages=" UINT64_FORMAT " bytes=" UINT64_FORMAT,
				  stats->result_rows, stats->result_pages, stats->result_bytes);
		return;
	}
	ExplainPropertyUInteger("Scanned Rows", NULL, stats->scan_rows, es);
	ExplainPropertyUInteger("Scanned Pages", NULL, stats->scan_pages, es);
	ExplainPropertyUInteger("Scanned Bytes", "B", stats->scan_bytes, es);
	ExplainPropertyUInteger("Result Rows", NULL, stats->result_rows, es);
	ExplainPropertyUInteger("Result Pages", NULL, stats->result_pages, es);
	ExplainPropertyUInteger("Result Bytes", "B", stats->result_bytes, es);
}

static void
explain_times(const FusionScanPlan *plan, const FusionExecutionStats *stats, ExplainState *es)
{
	const struct
	{
		const char *name;
		uint64		nanoseconds;
	}			times[] = {
		{"Planning Round Trip", plan->planning_round_trip_ns},
		{"Worker Planning", plan->planning_worker_ns},
		{"Start", stats->start_ns},
		{"Scan", stats->scan_ns},
		{"Compile", stats->compile_ns},
		{"Execute", stats->execute_ns},
		{"Worker Wait", stats->worker_wait_ns},
		{"Import", stats->import_ns},
		{"Backend Wait", stats->wait_ns}
	};

	if (!is_text(es))
	{
		ExplainPropertyBool("Planning Cached", plan->planning_cached, es);
		for (int i = 0; i < lengthof(times); i++)
			ExplainPropertyFloat(psprintf("%s Time", times[i].name), "ms", milliseconds(times[i].nanoseconds), 3, es);
		return;
	}
	if (plan->planning_cached)
		text_line(es, "Planning: answer kept from an earlier statement");
	else
		text_line(es, "Planning: round trip=%.3f worker=%.3f ms", milliseconds(plan->planning_round_trip_ns),
				  milliseconds(plan->planning_worker_ns));
	text_line(es, "Backend: start=%.3f scan=%.3f import=%.3f wait=%.3f ms", milliseconds(stats->start_ns),
			  milliseconds(stats->scan_ns), milliseconds(stats->import_ns), milliseconds(stats->wait_ns));
	text_line(es, "Worker: compile=%.3f execute=%.3f wait=%.3f ms", milliseconds(stats->compile_ns),
			  milliseconds(stats->execute_ns), milliseconds(stats->worker_wait_ns));
}

void
fusion_explain_scan(const FusionScanState *state, ExplainState *es)
{
	explain_engine(state->plan, es);
	explain_leaves(state, es);
	if (es->analyze && state->execution != NULL)
	{
		const FusionExecutionStats *stats = fusion_execution_stats(state->execution);

		explain_volume(stats, es);
		if (es->timing)
			explain_times(state->plan, stats, es);
	}
}
