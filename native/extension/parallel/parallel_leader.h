/*
 * parallel_leader.h
 *    The leader's side of parallel scan producers: launches PostgreSQL parallel workers that fill pages of the same
 *    execution beside it, and sees them off. What a worker does is parallel_worker.c, who may have workers
 *    parallel_plan.c.
 *
 *    start -> (the execution runs; bury when nothing moves) -> stop -> finish
 *
 * On an error finish is never called: PostgreSQL's transaction abort ends the workers and frees their context.
 */
#ifndef FUSION_PARALLEL_LEADER_H
#define FUSION_PARALLEL_LEADER_H

#include "postgres.h"

#include "messages.h"
#include "nodes/execnodes.h"
#include "producer.h"
#include "region_host.h"
#include "row_filter.h"
#include "run_stats.h"
#include "scan_plan.h"

typedef struct FusionParallel FusionParallel;

typedef struct FusionParallelOrder
{
	EState	   *estate;
	const FusionScanPlan *plan;
	List	   *leaves;			/* PlanState, in leaf order */
	FusionProducer **producers; /* the leader's own, not yet begun: they share their leaf's blocks with the workers */
	FusionLease control;
	const FusionLease *filter_slots;	/* FUSION_LEAF_FILTERS_MAX for each leaf */
	MemoryContext context;		/* lives as long as the session */
} FusionParallelOrder;

/* What a leaf's workers did. */
typedef struct FusionParallelTotals
{
	FusionRunStats stats;
	uint64		rows_produced;
	FusionRowFilterStats filters[FUSION_LEAF_FILTERS_MAX];
} FusionParallelTotals;

/*
 * Launches what the plan asks for and the server gives. NULL when that is nothing, which is never an error: the
 * leader's producers then read everything.
 */
extern FusionParallel *fusion_parallel_start(const FusionParallelOrder *order);

/* How many streams the launched workers have together: one each at every leaf they serve. */
extern int	fusion_parallel_stream_count(const FusionParallel *parallel);

/* Their entries in StartExecution. */
extern void fusion_parallel_name_producers(const FusionParallel *parallel, FusionProducerSlot *slots);

/*
 * Ends the streams of workers that died before they came to life, which nobody else does. Call it before sleeping: the
 * postmaster sets our latch when a worker is gone. True when there was one.
 */
extern bool fusion_parallel_bury(FusionParallel *parallel);

/* The session closes: the workers are told to stop. Touches the region only, never throws. */
extern void fusion_parallel_stop(FusionParallel *parallel);

/*
 * After stop: waits for the workers, raises the error one of them had, adds their numbers to the leaves' plan states
 * and to `totals` (by leaf), and ends the context. `parallel` is not to be used after it.
 */
extern void fusion_parallel_finish(FusionParallel *parallel, FusionParallelTotals *totals);

#endif							/* FUSION_PARALLEL_LEADER_H */
