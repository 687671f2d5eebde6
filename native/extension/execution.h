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
#include "execution_numbers.h"
#include "producer.h"
#include "scan_plan.h"

/* One page at work and one on its way, for each leaf and for the result: the least that streams. */
#define FUSION_LEAF_PERMITS 2
#define FUSION_RESULT_PERMITS 2

typedef struct FusionExecution FusionExecution;

/*
 * Prepares without talking to the worker: the conversation starts at the first next(). `leaves` are PlanStates
 * in leaf order.
 */
extern FusionExecution *fusion_execution_create(EState *estate, const FusionScanPlan *plan, List *leaves, bool analyze);

/* So many leaves an execution can have that has the pool and all scan slots for itself. */
extern uint32 fusion_execution_leaves_max(void);

/* Next engine row into the virtual slot; false at the end. */
extern bool fusion_execution_next(FusionExecution *execution, TupleTableSlot *slot);

/* Back to the beginning: ends the running conversation; the children are rescanned by the caller first. */
extern void fusion_execution_rescan(FusionExecution *execution);

/*
 * No row is wanted any more, and the executor is about to leave parallel mode: ends the conversation. Outside
 * of that mode it goes on, because a cursor may come back.
 */
extern void fusion_execution_shutdown(FusionExecution *execution);

/* Normal end; the reset callback of es_query_cxt does the same on abort. */
extern void fusion_execution_end(FusionExecution *execution);

/* For EXPLAIN ANALYZE. */
extern const FusionExecutionNumbers *fusion_execution_numbers(FusionExecution *execution);

/* Of one leaf, with what its leader has produced so far. */
extern FusionLeafStats fusion_execution_leaf_stats(const FusionExecution *execution, int leaf);

#endif							/* FUSION_EXECUTION_H */
