/*
 * explain.c
 *    EXPLAIN of a PgFusionScan: the engine's plan (explain_engine.c), the scans (explain_leaf.c), and with ANALYZE what
 *    went through, where the time went and what was waited for. The leaves' own plans follow as child nodes, printed by
 *    PostgreSQL.
 */
#include "postgres.h"

#include "explain.h"
#include "explain_line.h"

static void
explain_volume(const FusionExecutionStats *stats, ExplainState *es)
{
	if (fusion_explain_is_text(es))
	{
		fusion_explain_line(es, "Scanned: rows=" UINT64_FORMAT " pages=" UINT64_FORMAT " bytes=" UINT64_FORMAT,
				  stats->scan_rows, stats->scan_pages, stats->scan_bytes);
		fusion_explain_line(es, "Result: rows=" UINT64_FORMAT " pages=" UINT64_FORMAT " bytes=" UINT64_FORMAT,
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

typedef struct NamedTime
{
	const char *name;
	uint64		nanoseconds;
} NamedTime;

static void
property_times(const FusionScanPlan *plan, const FusionExecutionStats *stats, ExplainState *es)
{
	const NamedTime times[] = {
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
	const NamedTime waits[] = {
		{"Waited For Planner", plan->planning_cached ? 0 : plan->planning_round_trip_ns},
		{"Waited For Worker", stats->wait_worker_ns},
		{"Waited For Page", stats->wait_page_ns},
		{"Waited For Ring", stats->wait_ring_ns}
	};

	ExplainPropertyBool("Planning Cached", plan->planning_cached, es);
	for (int i = 0; i < lengthof(times); i++)
		ExplainPropertyFloat(psprintf("%s Time", times[i].name), "ms", fusion_milliseconds(times[i].nanoseconds), 3,
							 es);
	for (int i = 0; i < lengthof(waits); i++)
		ExplainPropertyFloat(waits[i].name, "ms", fusion_milliseconds(waits[i].nanoseconds), 3, es);
}

/* Where the flight recorder and the visualizer have the last run. */
static void
explain_session(const FusionExecutionNumbers *numbers, ExplainState *es)
{
	char	   *name = psprintf("%u/%u", numbers->session.index, numbers->session.epoch);

	if (!fusion_explain_is_text(es) || es->verbose)
		ExplainPropertyText("Session", name, es);
	pfree(name);
}

static void
text_times(const FusionScanPlan *plan, const FusionExecutionStats *stats, ExplainState *es)
{
	if (plan->planning_cached)
		fusion_explain_line(es, "Planning: answer kept from an earlier statement");
	else
		fusion_explain_line(es, "Planning: round trip=%.3f worker=%.3f ms",
							fusion_milliseconds(plan->planning_round_trip_ns),
							fusion_milliseconds(plan->planning_worker_ns));
	fusion_explain_line(es, "Backend: start=%.3f scan=%.3f import=%.3f wait=%.3f ms",
						fusion_milliseconds(stats->start_ns), fusion_milliseconds(stats->scan_ns),
						fusion_milliseconds(stats->import_ns), fusion_milliseconds(stats->wait_ns));
	fusion_explain_line(es, "Waited for: worker=%.3f page=%.3f ring full=%.3f planner=%.3f ms",
						fusion_milliseconds(stats->wait_worker_ns), fusion_milliseconds(stats->wait_page_ns),
						fusion_milliseconds(stats->wait_ring_ns),
						fusion_milliseconds(plan->planning_cached ? 0 : plan->planning_round_trip_ns));
	fusion_explain_line(es, "Worker: compile=%.3f execute=%.3f wait=%.3f ms", fusion_milliseconds(stats->compile_ns),
						fusion_milliseconds(stats->execute_ns), fusion_milliseconds(stats->worker_wait_ns));
}

/* Generated code is made for the pages met, so its size is known only after a run. */
static void
explain_memory(const FusionExecutionStats *stats, ExplainState *es)
{
	if (!fusion_explain_is_text(es))
	{
		ExplainPropertyUInteger("Worker Memory", "kB", fusion_kilobytes(stats->memory_bytes), es);
		ExplainPropertyUInteger("Worker Threads", NULL, stats->threads, es);
		if (!es->verbose)
			return;
		ExplainPropertyUInteger("Code Modules", NULL, stats->code_modules, es);
		ExplainPropertyUInteger("Code Bytes", "B", stats->code_bytes, es);
		return;
	}
	fusion_explain_line(es, "Memory: worker=" UINT64_FORMAT "kB", fusion_kilobytes(stats->memory_bytes));
	if (stats->threads > 1)
		fusion_explain_line(es, "Threads: %u", stats->threads);
	if (es->verbose)
		fusion_explain_line(es, "Code: modules=%u bytes=%u", stats->code_modules, stats->code_bytes);
}

void
fusion_explain_scan(const FusionScanState *state, ExplainState *es)
{
	fusion_explain_engine(state, es);
	fusion_explain_leaves(state, es);
	if (es->analyze && state->execution != NULL)
	{
		const FusionExecutionNumbers *numbers = fusion_execution_numbers(state->execution);
		const FusionExecutionStats *stats = &numbers->stats;

		explain_session(numbers, es);
		explain_volume(stats, es);
		explain_memory(stats, es);
		if (es->timing && fusion_explain_is_text(es))
			text_times(state->plan, stats, es);
		else if (es->timing)
			property_times(state->plan, stats, es);
	}
}
