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

#include "access/parallel.h"
#include "access/xact.h"
#include "miscadmin.h"
#include "parallel_leader.h"
#include "parallel_leaf.h"
#include "parallel_state.h"
#include "pg_compat.h"

struct FusionParallel
{
	FusionParallelOrder order;
	ParallelContext *context;	/* gone after an abort: not for stop() */
	FusionParallelShared *shared;	/* in its memory */
	int			count;			/* launched workers */
	FusionLease *scans;			/* theirs; copies, for stop() */
	bool	   *buried;
};

/* ---- start ---- */

/*
 * Leases scan slots and writes the workers' entries, leaves taking turns, so that whoever is launched is spread over
 * them. Returns how many there are: fewer when the slots run low, for which no statement waits. Workers leave half of
 * all slots to leaders, who cannot do without.
 */
static int
enter_producers(const FusionParallelOrder *order, FusionParallelShared *shared, int workers)
{
	uint32		kept = fusion_region.scan_slot_count / 2;
	uint32		free_slots = fusion_scan_slots_free(&fusion_region);
	int			count = 0;

	workers = free_slots > kept ? Min(workers, (int) (free_slots - kept)) : 0;

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

/* A launch that came to nothing: gives back the slots of the entries from `from` on. The worker never heard of them. */
static void
return_slots(FusionParallelShared *shared, int from, int to)
{
	for (int i = from; i < to; i++)
		fusion_slot_detach(&fusion_region, FUSION_SLOT_SCAN, shared->producers[i].scan,
						   FUSION_SLOT_OWNER_BACKEND | FUSION_SLOT_OWNER_WORKER);
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
		fusion_producer_heap_share(order->producers[leaf], fusion_parallel_cursor(context->toc, leaf));
	}
	return parallel;
}

static Size
shared_bytes(int workers)
{
	return add_size(offsetof(FusionParallelShared, producers), mul_size(workers, sizeof(FusionParallelProducer)));
}

static FusionParallelShared *
put_shared(const FusionParallelOrder *order, ParallelContext *context, int workers)
{
	FusionParallelShared *shared = fusion_parallel_put_chunk(context, FUSION_PARALLEL_KEY(FUSION_PARALLEL_SHARED, 0),
															 NULL, shared_bytes(workers));

	memset(shared, 0, shared_bytes(workers));
	shared->incarnation = fusion_region.incarnation;
	shared->control = order->control;
	shared->instrument_options = order->estate->es_instrument;
	return shared;
}

static FusionLeafShare *
describe_leaves(const FusionParallelOrder *order)
{
	FusionLeafShare *shares = palloc0(order->plan->leaf_count * sizeof(FusionLeafShare));

	for (int leaf = 0; leaf < order->plan->leaf_count; leaf++)
	{
		int			workers = order->plan->leaf_paths[leaf].workers;

		if (workers > 0)
			shares[leaf] = (FusionLeafShare) {
				.scan = castNode(SeqScanState, list_nth(order->leaves, leaf)),
				.schema = &order->plan->leaves[leaf],
				.sharers = 1 + workers
			};
	}
	return shares;
}

FusionParallel *
fusion_parallel_start(const FusionParallelOrder *order)
{
	int			workers = planned_workers(order);
	int			leaf_count = order->plan->leaf_count;
	ParallelContext *context;
	FusionParallelShared *shared = NULL;
	FusionLeafShare *shares;

	if (workers == 0)
		return NULL;
	shares = describe_leaves(order);
	context = CreateParallelContext(fusion_parallel_library(), FUSION_PRODUCER_ENTRY, workers);
	fusion_parallel_estimate_chunk(context, shared_bytes(workers));
	fusion_parallel_estimate_leaves(context, order->estate, shares, leaf_count);
	fusion_parallel_initialize(context, order->estate->es_snapshot);
	/* Without a segment, or where nobody could interrupt the wait for workers, PostgreSQL asks for none. */
	if (context->nworkers > 0)
	{
		shared = put_shared(order, context, workers);
		fusion_parallel_put_leaves(context, order->estate, shares, leaf_count);
		shared->producer_count = enter_producers(order, shared, Min(workers, context->nworkers));
	}
	if (shared != NULL && shared->producer_count > 0)
	{
		ReinitializeParallelWorkers(context, shared->producer_count);
		LaunchParallelWorkers(context);
		return_slots(shared, context->nworkers_launched, shared->producer_count);
	}
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
		fusion_run_stats_add(&total->stats, &entry->stats);
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
