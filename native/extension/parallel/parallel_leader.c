/*
 * parallel_leader.c
 *    Parallel workers of a scan: their context, what they are told, their end. See parallel_leader.h.
 *
 * Workers are PostgreSQL's own (ParallelContext), because only those see the leader's uncommitted rows, snapshots,
 * user and settings, share its locks, and bring their errors home. StartExecution names the workers that were
 * launched, not those asked for, so the worker process knows from the start how many streams a leaf has. A worker
 * that was launched and never came to life has taken no blocks: its stream is ended here, and the others read
 * everything.
 *
 * No page is at risk when the leader leaves first, by whatever way: a worker owns its slots itself
 * (fusion_producer_attach), and the last owner sweeps.
 */
#include "postgres.h"

#include <dlfcn.h>

#include "access/parallel.h"
#include "access/xact.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "parallel_leader.h"
#include "parallel_state.h"
#include "pg_compat.h"
#include "storage/bufmgr.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

struct FusionParallel
{
	FusionParallelOrder order;
	ParallelContext *context;	/* gone after an abort: not for stop() */
	FusionParallelShared *shared;	/* in its memory */
	int			count;			/* launched workers */
	FusionLease *scans;			/* theirs; copies, for stop() */
	bool	   *buried;
};

/* ---- what workers are told ---- */

/* A statement of nothing but the leaf, over the range table of the whole: plans carry final indexes. */
static char *
leaf_plan_text(const FusionParallelOrder *order, int leaf)
{
	EState	   *estate = order->estate;
	PlanState  *state = list_nth(order->leaves, leaf);
	PlannedStmt *statement = makeNode(PlannedStmt);

	statement->commandType = CMD_SELECT;
	statement->canSetTag = true;
	statement->planTree = state->plan;
	statement->rtable = estate->es_range_table;
#if PG_VERSION_NUM >= 160000
	statement->permInfos = estate->es_rteperminfos;
#endif
#if PG_VERSION_NUM >= 180000
	statement->unprunableRelids = estate->es_unpruned_relids;
#endif
	statement->stmt_location = -1;
	statement->stmt_len = -1;
	return nodeToString(statement);
}

/* What one leaf with workers puts into shared memory, once for all of them. */
typedef struct LeafShare
{
	char	   *plan;			/* NULL: no workers */
	Size		plan_bytes;
	Size		column_bytes;
} LeafShare;

static void
estimate_chunk(ParallelContext *context, Size bytes)
{
	shm_toc_estimate_chunk(&context->estimator, bytes);
	shm_toc_estimate_keys(&context->estimator, 1);
}

static void
estimate(const FusionParallelOrder *order, ParallelContext *context, int workers, LeafShare *shares)
{
	estimate_chunk(context, add_size(offsetof(FusionParallelShared, producers),
									 mul_size(workers, sizeof(FusionParallelProducer))));
	estimate_chunk(context, strlen(order->estate->es_sourceText) + 1);
	estimate_chunk(context, EstimateParamListSpace(order->estate->es_param_list_info));
	for (int leaf = 0; leaf < order->plan->leaf_count; leaf++)
	{
		LeafShare  *share = &shares[leaf];

		if (order->plan->leaf_paths[leaf].workers == 0)
			continue;
		share->plan = leaf_plan_text(order, leaf);
		share->plan_bytes = strlen(share->plan) + 1;
		share->column_bytes = sizeof(FusionColumn) * (Size) order->plan->leaves[leaf].column_count;
		estimate_chunk(context, share->plan_bytes);
		estimate_chunk(context, Max(share->column_bytes, 1));
		estimate_chunk(context, sizeof(FusionBlockCursor));
	}
}

static void *
put_chunk(ParallelContext *context, FusionParallelPart part, int leaf, const void *bytes, Size length)
{
	void	   *chunk = shm_toc_allocate(context->toc, Max(length, 1));

	if (bytes != NULL && length > 0)
		memcpy(chunk, bytes, length);
	shm_toc_insert(context->toc, FUSION_PARALLEL_KEY(part, leaf), chunk);
	return chunk;
}

/* Fills the table of contents, entries of the workers apart. */
static FusionParallelShared *
put_all(const FusionParallelOrder *order, ParallelContext *context, int workers, const LeafShare *shares)
{
	EState	   *estate = order->estate;
	Size		shared_bytes = offsetof(FusionParallelShared, producers) + workers * sizeof(FusionParallelProducer);
	FusionParallelShared *shared = put_chunk(context, FUSION_PARALLEL_SHARED, 0, NULL, shared_bytes);
	char	   *parameters;

	memset(shared, 0, shared_bytes);
	shared->incarnation = fusion_region.incarnation;
	shared->control = order->control;
	shared->instrument_options = estate->es_instrument;
	put_chunk(context, FUSION_PARALLEL_SOURCE, 0, estate->es_sourceText, strlen(estate->es_sourceText) + 1);
	parameters = put_chunk(context, FUSION_PARALLEL_PARAMETERS, 0, NULL,
						   EstimateParamListSpace(estate->es_param_list_info));
	SerializeParamList(estate->es_param_list_info, &parameters);
	for (int leaf = 0; leaf < order->plan->leaf_count; leaf++)
	{
		const LeafShare *share = &shares[leaf];
		FusionBlockCursor *cursor;
		SeqScanState *scan;

		if (share->plan == NULL)
			continue;
		put_chunk(context, FUSION_PARALLEL_PLAN, leaf, share->plan, share->plan_bytes);
		put_chunk(context, FUSION_PARALLEL_COLUMNS, leaf, order->plan->leaves[leaf].columns, share->column_bytes);
		cursor = put_chunk(context, FUSION_PARALLEL_CURSOR, leaf, NULL, sizeof(FusionBlockCursor));
		scan = castNode(SeqScanState, list_nth(order->leaves, leaf));
		/* The snapshot is taken: blocks that are added from now on hold nothing it sees. */
		fusion_block_cursor_init(cursor, RelationGetNumberOfBlocks(scan->ss.ss_currentRelation),
								 1 + order->plan->leaf_paths[leaf].workers);
	}
	return shared;
}

/* ---- start ---- */

/*
 * Leases scan slots and writes the workers' entries, leaves taking turns, so that whoever is launched is spread over
 * them. Returns how many there are: fewer when the slots run out, for which no statement waits.
 */
static int
enter_producers(const FusionParallelOrder *order, FusionParallelShared *shared, int workers)
{
	int			count = 0;

	for (int round = 1; count < workers; round++)
	{
		bool		any = false;

		for (int leaf = 0; leaf < order->plan->leaf_count && count < workers; leaf++)
		{
			FusionParallelProducer *entry = &shared->producers[count];

			if (order->plan->leaf_paths[leaf].workers < round)
				continue;
			if (fusion_scan_acquire(&fusion_region, order->control, (uint16) leaf, (uint16) round,
									&entry->scan) != FUSION_OK)
				return count;
			entry->leaf = (uint16) leaf;
			entry->number = (uint16) round;
			count++;
			any = true;
		}
		if (!any)
			break;
	}
	return count;
}

static int
planned_workers(const FusionParallelOrder *order)
{
	int			workers = 0;

	/* The executor says when a statement runs to its end in one go: only then may workers live. */
	if (!order->estate->es_use_parallel_mode || !IsInParallelMode())
		return 0;

	/* PostgreSQL allows it; whether conflicts are noticed in time in every order of events is not proven here. */
	if (IsolationIsSerializable())
		return 0;
	for (int leaf = 0; leaf < order->plan->leaf_count; leaf++)
		workers += order->plan->leaf_paths[leaf].workers;
	return workers;
}

/* The library by the name it was loaded by: any other name for it could be taken for another library. */
static const char *
own_library(void)
{
	Dl_info		info;

	if (dladdr((const void *) own_library, &info) == 0 || info.dli_fname == NULL)
		elog(ERROR, "pg_fusion: the library does not know its own name");
	return info.dli_fname;
}

/* Workers inherit the snapshot that is active: it must be the one the leaves are read with. */
static void
initialize_memory(ParallelContext *context, Snapshot snapshot)
{
	PushActiveSnapshot(snapshot);
	InitializeParallelDSM(context);
	PopActiveSnapshot();
}

/* A launch that came to nothing: gives back the slots of the entries from `from` on. The worker never heard of them. */
static void
return_slots(FusionParallelShared *shared, int from, int to)
{
	for (int i = from; i < to; i++)
		fusion_slot_detach(&fusion_region, FUSION_SLOT_SCAN, shared->producers[i].scan,
						   FUSION_SLOT_OWNER_BACKEND | FUSION_SLOT_OWNER_WORKER);
}

static FusionBlockCursor *
cursor_of(const ParallelContext *context, int leaf)
{
	return shm_toc_lookup(context->toc, FUSION_PARALLEL_KEY(FUSION_PARALLEL_CURSOR, leaf), false);
}

static FusionParallel *
remember(const FusionParallelOrder *order, ParallelContext *context, FusionParallelShared *shared)
{
	FusionParallel *parallel = MemoryContextAllocZero(order->context, sizeof(FusionParallel));

	parallel->order = *order;
	parallel->context = context;
	parallel->shared = shared;
	parallel->count = context->nworkers_launched;
	parallel->scans = MemoryContextAllocZero(order->context, parallel->count * sizeof(FusionLease));
	parallel->buried = MemoryContextAllocZero(order->context, parallel->count * sizeof(bool));
	for (int i = 0; i < parallel->count; i++)
	{
		int			leaf = shared->producers[i].leaf;

		parallel->scans[i] = shared->producers[i].scan;
		fusion_producer_heap_share(order->producers[leaf], cursor_of(context, leaf));
	}
	return parallel;
}

FusionParallel *
fusion_parallel_start(const FusionParallelOrder *order)
{
	int			workers = planned_workers(order);
	ParallelContext *context;
	FusionParallelShared *shared = NULL;
	LeafShare  *shares;
	int			entered = 0;

	if (workers == 0)
		return NULL;
	shares = palloc0(order->plan->leaf_count * sizeof(LeafShare));
	context = CreateParallelContext(own_library(), FUSION_PRODUCER_ENTRY, workers);
	estimate(order, context, workers, shares);
	initialize_memory(context, order->estate->es_snapshot);
	/* Without a segment, or where nobody could interrupt the wait for workers, PostgreSQL asks for none. */
	if (context->nworkers > 0)
	{
		shared = put_all(order, context, workers, shares);
		entered = shared->producer_count = enter_producers(order, shared, Min(workers, context->nworkers));
		if (entered > 0)
		{
			ReinitializeParallelWorkers(context, entered);
			LaunchParallelWorkers(context);
			return_slots(shared, context->nworkers_launched, entered);
		}
	}
	for (int leaf = 0; leaf < order->plan->leaf_count; leaf++)
		if (shares[leaf].plan != NULL)
			pfree(shares[leaf].plan);
	pfree(shares);
	if (context->nworkers_launched == 0)
	{
		DestroyParallelContext(context);
		return NULL;
	}
	return remember(order, context, shared);
}

int
fusion_parallel_worker_count(const FusionParallel *parallel)
{
	return parallel->count;
}

void
fusion_parallel_name_producers(const FusionParallel *parallel, FusionProducerSlot *slots)
{
	for (int i = 0; i < parallel->count; i++)
	{
		const FusionParallelProducer *entry = &parallel->shared->producers[i];

		slots[i] = (FusionProducerSlot) {
			.leaf = entry->leaf,
			.producer = entry->number,
			.scan_slot = entry->scan.index,
			.scan_epoch = entry->scan.epoch
		};
	}
}

/* ---- workers that never came to life ---- */

/*
 * True for a worker that is gone and never attached to its error queue: the server could not fork it, or it died
 * before our entry point. One that attached reports its end or its error through the queue.
 */
static bool
is_stillborn(const FusionParallel *parallel, int worker)
{
	ParallelWorkerInfo *info = &parallel->context->worker[worker];
	pid_t		pid;

	return !parallel->buried[worker] && info->error_mqh != NULL && info->bgwhandle != NULL &&
		!parallel->context->known_attached_workers[worker] &&
		GetBackgroundWorkerPid(info->bgwhandle, &pid) == BGWH_STOPPED &&
		shm_mq_get_sender(shm_mq_get_queue(info->error_mqh)) == NULL;
}

bool
fusion_parallel_bury(FusionParallel *parallel)
{
	bool		any = false;

	for (int i = 0; i < parallel->count; i++)
	{
		ParallelWorkerInfo *info = &parallel->context->worker[i];

		if (!is_stillborn(parallel, i))
			continue;
		parallel->buried[i] = true;
		any = true;
		(void) fusion_scan_end(&fusion_region, parallel->scans[i], FUSION_DESCRIPTOR_END);
		fusion_wake_executor_of(&fusion_region, parallel->order.control.index);

		/* As after a worker's own farewell. PostgreSQL takes one that died without for an error; here it is none. */
		shm_mq_detach(info->error_mqh);
		info->error_mqh = NULL;
	}
	return any;
}

/* ---- the end ---- */

void
fusion_parallel_stop(FusionParallel *parallel)
{
	for (int i = 0; i < parallel->count; i++)
	{
		if (!fusion_lease_current(&fusion_region, FUSION_SLOT_SCAN, parallel->scans[i]))
			continue;
		atomic_store(&fusion_region.scan_slots[parallel->scans[i].index].stop_requested, 1);
		fusion_wake_producer(&fusion_region, &fusion_wake_fds, parallel->scans[i].index);
	}
}

/* Until each worker has said farewell or is buried; an error of one is raised here. */
static void
wait_for_workers(FusionParallel *parallel)
{
	static uint32 wait_event = 0;

	for (;;)
	{
		bool		any_left = false;

		CHECK_FOR_INTERRUPTS();
		(void) fusion_parallel_bury(parallel);
		for (int i = 0; i < parallel->count; i++)
			any_left |= parallel->context->worker[i].error_mqh != NULL;
		if (!any_left)
			break;
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_EXIT_ON_PM_DEATH, -1,
						 fusion_wait_event(&wait_event, "FusionWorkers"));
		ResetLatch(MyLatch);
	}
	WaitForParallelWorkersToFinish(parallel->context);
}

static void
collect(const FusionParallel *parallel, FusionParallelTotals *totals)
{
	for (int i = 0; i < parallel->count; i++)
	{
		FusionParallelProducer *entry = &parallel->shared->producers[i];
		PlanState  *leaf = list_nth(parallel->order.leaves, entry->leaf);
		FusionParallelTotals *total = &totals[entry->leaf];

		if (!entry->reported)
			continue;
		total->rows += entry->rows;
		total->pages += entry->pages;
		total->bytes += entry->bytes;
		total->time_ns += entry->time_ns;
		total->rows_produced += entry->rows_produced;
		InstrAccumParallelQuery(&entry->buffers, &entry->wal);
		if (leaf->instrument != NULL)
			InstrAggNode(leaf->instrument, &entry->instrument);
	}
}

void
fusion_parallel_finish(FusionParallel *parallel, FusionParallelTotals *totals)
{
	ParallelContext *context = parallel->context;

	wait_for_workers(parallel);
	collect(parallel, totals);
	for (int i = 0; i < parallel->count; i++)
		fusion_producer_heap_share(parallel->order.producers[parallel->shared->producers[i].leaf], NULL);
	DestroyParallelContext(context);
}
