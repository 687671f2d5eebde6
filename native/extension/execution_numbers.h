/*
 * execution_numbers.h
 *    What EXPLAIN ANALYZE shows of one execution, over all its runs: collected from the runs of this process, from
 *    parallel workers and from the worker process's last message. It drives nothing; execution.c does.
 */
#ifndef FUSION_EXECUTION_NUMBERS_H
#define FUSION_EXECUTION_NUMBERS_H

#include "postgres.h"

#include "messages.h"
#include "region_host.h"
#include "row_filter.h"
#include "run_stats.h"

/* Of the execution as a whole; nanoseconds. */
typedef struct FusionExecutionStats
{
	uint64		start_ns;		/* session open to first page */
	uint64		scan_ns;		/* inside producers */
	uint64		import_ns;
	uint64		wait_ns;		/* asleep, by cause: */
	uint64		wait_page_ns;	/* a producer of this process found no free page */
	uint64		wait_ring_ns;	/* one found its ring full */
	uint64		wait_worker_ns; /* neither: the engine computes, or parallel producers scan */
	uint64		compile_ns;		/* reported by the worker */
	uint64		execute_ns;
	uint64		worker_wait_ns;
	uint64		memory_bytes;	/* most of one run */
	uint32		code_bytes;		/* of the last run, as the next */
	uint32		code_modules;
	uint32		threads;		/* of the worker, most at once */
	uint64		scan_rows;
	uint64		scan_pages;
	uint64		scan_bytes;
	uint64		result_rows;
	uint64		result_pages;
	uint64		result_bytes;
} FusionExecutionStats;

/* Of one leaf, all its producers together. */
typedef struct FusionLeafStats
{
	int			workers;		/* launched beside the leader */
	uint64		rows_produced;
	FusionRunStats total;
	FusionRunStats leader;		/* of it, by this process */
	FusionRowFilterStats filters[FUSION_LEAF_FILTERS_MAX];
} FusionLeafStats;

typedef struct FusionExecutionNumbers
{
	FusionExecutionStats stats;
	FusionLease session;		/* of the last run */
	FusionLeafStats *leaves;	/* rows_produced without the leader's, which its producer counts */
	int			operator_count;
	FusionOperatorStats *operators; /* of the engine, by number */
	bool	   *reported;		/* by operator: the worker has said something of it */
} FusionExecutionNumbers;

/* In CurrentMemoryContext. */
extern void fusion_numbers_init(FusionExecutionNumbers *numbers, int leaf_count, int operator_count);

extern void fusion_numbers_add_run(FusionExecutionNumbers *numbers, int leaf, const FusionRunStats *run, bool leader);

extern void fusion_numbers_add_finished(FusionExecutionNumbers *numbers, const FusionExecutionFinished *finished);

/* Of one producer of this process, which has them no more; NULL: it had none. */
extern void fusion_numbers_take_filters(FusionExecutionNumbers *numbers, int leaf, FusionRowFilters **filters);

/* Of others: FUSION_LEAF_FILTERS_MAX of them. */
extern void fusion_numbers_add_filters(FusionExecutionNumbers *numbers, int leaf, const FusionRowFilterStats *filters);

/* A sleep of the backend, and what its own producers waited for then. */
extern void fusion_numbers_add_wait(FusionExecutionNumbers *numbers, bool for_page, bool for_ring, uint64 waited_ns);

#endif							/* FUSION_EXECUTION_NUMBERS_H */
