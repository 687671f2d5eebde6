/*
 * parallel_leader.c
 *    Parallel workers of a scan: their context, what they are told, their end. See parallel_leader.h.
 *
 * Workers are PostgreSQL's own (ParallelContext), because only those see the leader's uncommitted rows, snapshots,
 * user and settings, share its locks, and bring their errors home. StartExecution names the workers that were
 * launched, not those asked for, so the worker process knows from the start how many streams a leaf has. A worker
 * that was launched and never came to life has taken no blocks: its streams are ended here, and the others read
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
	FusionParallelShared *shared;	/* in its memory, as are the streams */
	FusionParallelStream *streams;
	int			worker_count;	/* launched */
	int			stream_count;	/* theirs */
	FusionLease *scans;			/* of the streams; copies, for stop() */
	bool	   *buried;			/* by worker */
};

/* ---- start ---- */

/* How many leaves the worker serves: those with more workers than come before it. */
static int
streams_of(const FusionScanPlan *plan, int worker)
{
	int			count = 0;

	for (int leaf = 0; leaf < plan->leaf_count; leaf++)
		count += plan->leaf_paths[leaf].workers > worker;
	return count;
}

/* Gives back the slots of streams that no worker ever heard of. */
static void
return_slots(const FusionParallelStream *streams, int from, int to)
{
	for (int i = from; i < to; i++)
		fusion_slot_detach(&fusion_region, FUSION_SLOT_SCAN, streams[i].scan,
						   FUSION_SLOT_OWNER_BACKEND | FUSION_SLOT_OWNER_WORKER);
}

/* A stream of worker `worker` at each leaf that has so many; false, with nothing leased, when the slots run out. */
static bool
enter_worker(const FusionParallelOrder *order, FusionParallelShared *shared, FusionParallelStream *streams, int worker)
{
	FusionParallelWorker *entry = &shared->workers[worker];
	int			count = 0;

	for (int leaf = 0; leaf < order->plan->leaf_count; leaf++)
	{
		FusionParallelStream *stream = &streams[shared->stream_count + count];

		if (order->plan->leaf_paths[leaf].workers <= worker)
			continue;
		stream->leaf = (uint16) leaf;
		stream->number = (uint16) (worker + 1);
		stream->filters = order->plan->leaf_filters[leaf];
		memcpy(stream->filter_slots, order->filter_slots + leaf * FUSION_LEAF_FILTERS_MAX,
			   sizeof(stream->filter_slots));
		if (fusion_scan_acquire(&fusion_region, order->control, stream->leaf, stream->number,
								&stream->scan) != FUSION_OK)
		{
			return_slots(streams, shared->stream_count, shared->stream_count + count);
			return false;
		}
		count++;
	}
	entry->first_stream = shared->stream_count;
	entry->stream_count = count;
	shared->stream_count += count;
	shared->worker_count++;
	return true;
}

/*
 * Leases scan slots and writes the workers' entries: fewer than planned when the slots run low, for which no statement
 * waits. Workers leave half of all slots to leaders, who cannot do without.
 */
static void
enter_workers(const FusionParallelOrder *order, FusionParallelShared *shared, FusionParallelStream *streams,
			  int workers)
{
	int			kept = (int) fusion_region.scan_slot_count / 2;
	int			room = Min((int) fusion_scan_slots_free(&fusion_region) - kept, FUSION_PRODUCERS_ATTACHED_MAX);

	for (int worker = 0; worker < workers; worker++)
		if (shared->stream_count + streams_of(order->plan, worker) > room ||
			!enter_worker(order, shared, streams, worker))
			break;
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
		workers = Max(workers, order->plan->leaf_paths[leaf].workers);
	return workers;
}

/* Streams stand in the order of their workers: those of the first `workers` come before this one. */
static int
first_stream_after(const FusionParallelShared *shared, int workers)
{
	return workers < shared->worker_count ? shared->workers[workers].first_stream : shared->stream_count;
}

static FusionParallel *
remember(const FusionParallelOrder *order, ParallelContext *context, FusionParallelShared *shared,
		 FusionParallelStream *streams)
{
	FusionParallel *parallel = MemoryContextAllocZero(order->context, sizeof(FusionParallel));

	parallel->order = *order;
	parallel->context = context;
	parallel->shared = shared;
	parallel->streams = streams;
	parallel->worker_count = context->nworkers_launched;
	parallel->stream_count = first_stream_after(shared, parallel->worker_count);
	parallel->scans = MemoryContextAllocZero(order->context, parallel->stream_count * sizeof(FusionLease));
	parallel->buried = MemoryContextAllocZero(order->context, parallel->worker_count * sizeof(bool));
	for (int i = 0; i < parallel->stream_count; i++)
	{
		int			leaf = streams[i].leaf;

		parallel->scans[i] = streams[i].scan;
		order->producers[leaf]->share(order->producers[leaf], fusion_parallel_cursors(context->toc, leaf));
	}
	return parallel;
}

static Size
shared_bytes(int workers)
{
	return add_size(offsetof(FusionParallelShared, workers), mul_size(workers, sizeof(FusionParallelWorker)));
}

static Size
stream_bytes(const FusionParallelOrder *order, int workers)
{
	int			count = 0;

	for (int worker = 0; worker < workers; worker++)
		count += streams_of(order->plan, worker);
	return mul_size(count, sizeof(FusionParallelStream));
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

static FusionParallelStream *
put_streams(const FusionParallelOrder *order, ParallelContext *context, int workers)
{
	Size		bytes = stream_bytes(order, workers);
	FusionParallelStream *streams = fusion_parallel_put_chunk(context,
															  FUSION_PARALLEL_KEY(FUSION_PARALLEL_STREAMS, 0),
															  NULL, bytes);

	memset(streams, 0, bytes);
	return streams;
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
				.leaf = list_nth(order->leaves, leaf),
				.schema = &order->plan->leaves[leaf],
				.sharers = 1 + workers
			};
	}
	return shares;
}

/* Leaves that are statements of their own run in this one's parallel mode, or, as this one, in none. */
static void
pass_on_mode(const FusionParallelOrder *order)
{
	ListCell   *cell;

	foreach(cell, order->leaves)
		((PlanState *) lfirst(cell))->state->es_use_parallel_mode = order->estate->es_use_parallel_mode;
}

FusionParallel *
fusion_parallel_start(const FusionParallelOrder *order)
{
	int			workers = planned_workers(order);
	int			leaf_count = order->plan->leaf_count;
	ParallelContext *context;
	FusionParallelShared *shared = NULL;
	FusionParallelStream *streams = NULL;
	FusionLeafShare *shares;

	pass_on_mode(order);
	if (workers == 0)
		return NULL;
	shares = describe_leaves(order);
	context = CreateParallelContext(fusion_parallel_library(), FUSION_PRODUCER_ENTRY, workers);
	fusion_parallel_estimate_chunk(context, shared_bytes(workers));
	fusion_parallel_estimate_chunk(context, stream_bytes(order, workers));
	fusion_parallel_estimate_leaves(context, order->estate, shares, leaf_count);
	fusion_parallel_initialize(context, order->estate->es_snapshot);
	/* Without a segment, or where nobody could interrupt the wait for workers, PostgreSQL asks for none. */
	if (context->nworkers > 0)
	{
		shared = put_shared(order, context, workers);
		streams = put_streams(order, context, workers);
		fusion_parallel_put_leaves(context, order->estate, shares, leaf_count);
		enter_workers(order, shared, streams, Min(workers, context->nworkers));
	}
	if (shared != NULL && shared->worker_count > 0)
	{
		ReinitializeParallelWorkers(context, shared->worker_count);
		LaunchParallelWorkers(context);
		return_slots(streams, first_stream_after(shared, context->nworkers_launched), shared->stream_count);
	}
	pfree(shares);
	if (context->nworkers_launched == 0)
	{
		DestroyParallelContext(context);
		return NULL;
	}
	return remember(order, context, shared, streams);
}

int
fusion_parallel_stream_count(const FusionParallel *parallel)
{
	return parallel->stream_count;
}

void
fusion_parallel_name_producers(const FusionParallel *parallel, FusionProducerSlot *slots)
{
	for (int i = 0; i < parallel->stream_count; i++)
	{
		const FusionParallelStream *stream = &parallel->streams[i];

		slots[i] = (FusionProducerSlot) {
			.leaf = stream->leaf,
			.producer = stream->number,
			.scan_slot = stream->scan.index,
			.scan_epoch = stream->scan.epoch
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

static void
end_streams_of(const FusionParallel *parallel, int worker)
{
	const FusionParallelWorker *entry = &parallel->shared->workers[worker];

	for (int i = 0; i < entry->stream_count; i++)
		(void) fusion_scan_end(&fusion_region, parallel->scans[entry->first_stream + i], FUSION_DESCRIPTOR_END);
	fusion_wake_executor_of(&fusion_region, parallel->order.control.index);
}

bool
fusion_parallel_bury(FusionParallel *parallel)
{
	bool		any = false;

	for (int i = 0; i < parallel->worker_count; i++)
	{
		ParallelWorkerInfo *info = &parallel->context->worker[i];

		if (!is_stillborn(parallel, i))
			continue;
		parallel->buried[i] = true;
		any = true;
		end_streams_of(parallel, i);

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
	for (int i = 0; i < parallel->stream_count; i++)
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
		for (int i = 0; i < parallel->worker_count; i++)
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
collect_stream(const FusionParallel *parallel, FusionParallelStream *stream, FusionParallelTotals *total)
{
	List	   *nodes = fusion_batch_nodes(list_nth(parallel->order.leaves, stream->leaf));
	Instrumentation *instruments = fusion_parallel_instruments(parallel->context->toc, stream->leaf, stream->number,
															   list_length(nodes));
	ListCell   *cell;

	fusion_run_stats_add(&total->stats, &stream->stats);
	total->rows_produced += stream->rows_produced;
	for (int i = 0; i < stream->filters.count; i++)
		fusion_row_filter_stats_add(&total->filters[i], &stream->filter_stats[i]);
	foreach(cell, nodes)
	{
		PlanState  *node = lfirst(cell);

		if (instruments != NULL && node->instrument != NULL)
			InstrAggNode(node->instrument, &instruments[foreach_current_index(cell)]);
	}
}

static void
collect(const FusionParallel *parallel, FusionParallelTotals *totals)
{
	for (int worker = 0; worker < parallel->worker_count; worker++)
	{
		FusionParallelWorker *entry = &parallel->shared->workers[worker];

		if (!entry->reported)
			continue;
		for (int i = 0; i < entry->stream_count; i++)
		{
			FusionParallelStream *stream = &parallel->streams[entry->first_stream + i];

			collect_stream(parallel, stream, &totals[stream->leaf]);
		}
		InstrAccumParallelQuery(&entry->buffers, &entry->wal);
	}
}

void
fusion_parallel_finish(FusionParallel *parallel, FusionParallelTotals *totals)
{
	ParallelContext *context = parallel->context;

	wait_for_workers(parallel);
	collect(parallel, totals);
	for (int i = 0; i < parallel->stream_count; i++)
	{
		FusionProducer *producer = parallel->order.producers[parallel->streams[i].leaf];

		producer->share(producer, NULL);
	}
	DestroyParallelContext(context);
}
