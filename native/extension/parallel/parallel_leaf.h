/*
 * parallel_leaf.h
 *    A scan leaf written into a parallel context by the leader, and rebuilt from it in a worker: plan, range table,
 *    parameters, columns, and the cursor that deals its blocks. What producers do with it is not here: see
 *    parallel_leader.c, parallel_worker.c, and scan_bench_pair.c, which measures.
 */
#ifndef FUSION_PARALLEL_LEAF_H
#define FUSION_PARALLEL_LEAF_H

#include "postgres.h"

#include "access/parallel.h"
#include "block_cursor.h"
#include "executor/execdesc.h"
#include "nodes/execnodes.h"
#include "producer.h"
#include "scan_plan.h"

/* ---- leader ---- */

typedef struct FusionLeafShare
{
	PlanState  *leaf;
	const FusionPageSchema *schema;
	uint32		sharers;		/* producers that may come, the leader included; 0: the leaf is not shared */
	char	   *plan;			/* text, between estimate and put */
} FusionLeafShare;

/* The name this library was loaded by, which is the name a parallel context must call it. */
extern const char *fusion_parallel_library(void);

/* InitializeParallelDSM with `snapshot` as the one the workers inherit, and all of the leader's libraries but one. */
extern void fusion_parallel_initialize(ParallelContext *context, Snapshot snapshot);

extern void fusion_parallel_estimate_chunk(ParallelContext *context, Size bytes);

/* Allocates and enters a chunk; `bytes` may be NULL. */
extern void *fusion_parallel_put_chunk(ParallelContext *context, uint64 key, const void *bytes, Size length);

/* Before InitializeParallelDSM: asks for the room of all shared leaves and of the statement they belong to. */
extern void fusion_parallel_estimate_leaves(ParallelContext *context, EState *estate, FusionLeafShare *shares,
													int count);

/* After it: writes them. */
extern void fusion_parallel_put_leaves(ParallelContext *context, EState *estate, FusionLeafShare *shares, int count);

/* ---- leader and worker ---- */

extern FusionBlockCursors *fusion_parallel_cursors(shm_toc *toc, int leaf);

/*
 * What the plan nodes of a leaf counted in worker `number`, from 1 on, as fusion_batch_nodes() has them; NULL when
 * nobody asked. Written by the worker, read by the leader.
 */
extern Instrumentation *fusion_parallel_instruments(shm_toc *toc, int leaf, int number, int node_count);

/* ---- worker ---- */

/* Starts the leaf under the snapshot the worker inherited. Ended by ExecutorFinish, ExecutorEnd, FreeQueryDesc. */
extern QueryDesc *fusion_parallel_start_leaf(shm_toc *toc, int leaf, int instrument_options);

/* A producer over it that reads what the cursor deals. */
extern FusionProducer *fusion_parallel_make_producer(shm_toc *toc, int leaf, QueryDesc *query);

#endif							/* FUSION_PARALLEL_LEAF_H */
