/*
 * execution_numbers.c
 *    Adding up what EXPLAIN ANALYZE shows. Times and counts of the worker process are shown and nothing else: what they
 *    say is not checked against anything.
 */
#include "postgres.h"

#include "execution_numbers.h"

void
fusion_numbers_init(FusionExecutionNumbers *numbers, int leaf_count, int operator_count)
{
	memset(numbers, 0, sizeof(*numbers));
	numbers->leaves = palloc0((leaf_count + 1) * sizeof(FusionLeafStats));
	numbers->operator_count = operator_count;
	numbers->operators = palloc0((operator_count + 1) * sizeof(FusionOperatorStats));
	numbers->reported = palloc0(operator_count + 1);
}

void
fusion_numbers_add_run(FusionExecutionNumbers *numbers, int leaf, const FusionRunStats *run, bool leader)
{
	fusion_run_stats_add(&numbers->leaves[leaf].total, run);
	if (leader)
		fusion_run_stats_add(&numbers->leaves[leaf].leader, run);
	numbers->stats.scan_rows += run->rows;
	numbers->stats.scan_pages += run->pages;
	numbers->stats.scan_bytes += run->bytes;
	numbers->stats.scan_ns += run->time_ns;
}

static void
add_operator(FusionOperatorStats *total, const FusionOperatorStats *run)
{
	total->rows_in += run->rows_in;
	total->rows_out += run->rows_out;
	total->pages += run->pages;
	total->bytes += run->bytes;
	total->time_ns += run->time_ns;
	total->redo_pages += run->redo_pages;
	total->spilled_bytes += run->spilled_bytes;
	total->memory_bytes = Max(total->memory_bytes, run->memory_bytes);
}

void
fusion_numbers_add_finished(FusionExecutionNumbers *numbers, const FusionExecutionFinished *finished)
{
	FusionExecutionStats *stats = &numbers->stats;

	stats->compile_ns += finished->compile_ns;
	stats->execute_ns += finished->execute_ns;
	stats->worker_wait_ns += finished->wait_ns;
	stats->memory_bytes = Max(stats->memory_bytes, finished->memory_bytes);
	stats->code_bytes = finished->code_bytes;
	stats->code_modules = finished->code_modules;
	stats->threads = Max(stats->threads, finished->threads);
	for (uint32 i = 0; i < finished->operator_count; i++)
	{
		FusionOperatorStats run;

		fusion_execution_finished_operator(finished, i, &run);
		if (run.operator_index >= numbers->operator_count)
			continue;
		numbers->reported[run.operator_index] = true;
		add_operator(&numbers->operators[run.operator_index], &run);
	}
}

void
fusion_numbers_take_filters(FusionExecutionNumbers *numbers, int leaf, FusionRowFilters **filters)
{
	for (int i = 0; *filters != NULL && i < (*filters)->count; i++)
		fusion_row_filter_stats_add(&numbers->leaves[leaf].filters[i], &(*filters)->filters[i].stats);
	*filters = NULL;
}

void
fusion_numbers_add_filters(FusionExecutionNumbers *numbers, int leaf, const FusionRowFilterStats *filters)
{
	for (int i = 0; i < FUSION_LEAF_FILTERS_MAX; i++)
		fusion_row_filter_stats_add(&numbers->leaves[leaf].filters[i], &filters[i]);
}

/* A page first: with one the producer would have gone on at once, whatever the worker does. */
void
fusion_numbers_add_wait(FusionExecutionNumbers *numbers, bool for_page, bool for_ring, uint64 waited_ns)
{
	numbers->stats.wait_ns += waited_ns;
	if (for_page)
		numbers->stats.wait_page_ns += waited_ns;
	else if (for_ring)
		numbers->stats.wait_ring_ns += waited_ns;
	else
		numbers->stats.wait_worker_ns += waited_ns;
}
