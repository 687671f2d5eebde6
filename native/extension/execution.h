/*
 * execution.h 
 *    The backend's side of one execution: opens a session and scan slots, sends StartExecution, then
 *    interleaves producing scan pages (producer 0 of every leaf; parallel/ has the others) with importing result
 *    pages, until the worker's stream ends.
 */
#ifndef FUSION_EXECUTION_H
#define FUSION_EXECUTION_H

#include "postgres.h"

#include "nodes/execnodes.h"
#include "producer.h"
#include "scan_plan.h"

typedef struct FusionExecution FusionExecution;

/* Numbers for EXPLAIN ANALYZE; nanoseconds. */
typedef struct FusionExecutionStats
{
	uint64		start_ns;		/* session open to first page */
	uint64		scan_ns;		/* inside producers */
	uint64		import_ns;
	uint64		wait_ns;
	uint64		compile_ns;		/* reported by the worker */
	uint64		execute_ns;
	uint64		worker_wait_ns;
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
} FusionLeafStats;

/*
 * Prepares without talking to the worker: the conversation starts at the first next(). `leaves` are PlanStates
 * in leaf order.
 */
extern FusionExecution *fusion_execution_create(EState *estate, const FusionScanPlan *plan, List *leaves, bool analyze);

/* Next engine row into the virtual slot; false at the end. */
extern bool fusion_execution_next(FusionExecution *execution, TupleTableSlot *slot);

/* Back to the beginning: ends the running conversation; the children are rescanned by the caller first. */
extern void fusion_execution_rescan(FusionExecution *execution);

/*
 * No row is wanted any more, and the executor is about to leave parallel mode: ends the conversation if it has
 * workers. One without goes on, because a cursor may come back.
 */
extern void fusion_execution_shutdown(FusionExecution *execution);

/* Normal end; the reset callback of es_query_cxt does the same on abort. */
extern void fusion_execution_end(FusionExecution *execution);

extern const FusionExecutionStats *fusion_execution_stats(const FusionExecution *execution);
extern FusionLeafStats fusion_execution_leaf_stats(const FusionExecution *execution, int leaf);

#endif							/* FUSION_EXECUTION_H */
