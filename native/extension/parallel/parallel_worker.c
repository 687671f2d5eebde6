/*
 * parallel_worker.c
 *    Scan producers in a PostgreSQL parallel worker: rebuilds its leaves from what the leader wrote down
 *    (parallel_state.h) and fills pages for the leader's execution until the blocks, or the wish for rows, end.
 *
 *    attach -> start the leaves -> [turn | sleep]* -> report -> detach
 *
 * It talks to the worker process itself, through a scan slot for each leaf, and knows nothing of the result. Its errors
 * go to the leader through PostgreSQL's error queue. Whatever ends it, the cleanup list gives back its page and its
 * slots.
 */
#include "postgres.h"

#include <unistd.h>

#include "access/parallel.h"
#include "cleanup.h"
#include "executor/executor.h"
#include "leaf_run.h"
#include "miscadmin.h"
#include "parallel_leaf.h"
#include "parallel_state.h"
#include "parallel_worker.h"
#include "pg_compat.h"
#include "pgstat.h"
#include "tcop/tcopprot.h"
#include "utils/backend_status.h"

/* Its part in one leaf. */
typedef struct Stream
{
	FusionLease scan;
	FusionLeafRun run;
	QueryDesc  *query;
	FusionProducer *producer;
} Stream;

typedef struct Worker
{
	FusionCleanup cleanup;		/* first: the item on the list is the worker */
	FusionLease control;
	FusionRunOwner owner;		/* of the runs */
	WaitEventSet *waits;
	int			attached;		/* the first so many streams own their slots */
	int			stream_count;
	Stream		streams[FLEXIBLE_ARRAY_MEMBER];
} Worker;

/* ---- the owner of the runs ---- */

static void
violated(void *arg, const char *what)
{
	atomic_fetch_add(&fusion_region.header->protocol_violations, 1);
	ereport(ERROR,
			(errcode(ERRCODE_PROTOCOL_VIOLATION),
			 errmsg("pg_fusion: protocol violation: %s", what),
			 errhint("This is a defect of pg_fusion. The statement can be repeated; "
					 "with pg_fusion.enable = off PostgreSQL runs it.")));
}

static void
failed(void *arg, int code)
{
	/* The leader hears of it from PostgreSQL. */
}

/* The leader has left, or the worker process died and the leader says so: either way nobody wants more. */
static bool
lost(void *arg)
{
	return true;
}

/* ---- slots ---- */

static void
release(FusionCleanup *cleanup)
{
	Worker	   *worker = (Worker *) cleanup;

	for (int i = 0; i < worker->attached; i++)
	{
		Stream	   *stream = &worker->streams[i];

		fusion_leaf_run_close(&stream->run);
		fusion_producer_sleeping(&fusion_region, stream->scan.index, false);
		fusion_page_wait_end(&fusion_region, FUSION_SLOT_SCAN, stream->scan.index);
		fusion_producer_detach(&fusion_region, worker->control, stream->scan);
	}
	worker->attached = 0;
	fusion_wake_page_waiters(&fusion_region, &fusion_wake_fds);
	fusion_cleanup_remove(&worker->cleanup);
}

/* NULL when the leader has closed the session meanwhile. */
static Worker *
attach(const FusionParallelShared *shared, const FusionParallelStream *entries, int count)
{
	Worker	   *worker;

	if (!fusion_region_available() || fusion_region.incarnation != shared->incarnation)
		elog(ERROR, "pg_fusion: a parallel worker has another shared region than its leader");
	worker = MemoryContextAllocZero(TopMemoryContext, offsetof(Worker, streams) + count * sizeof(Stream));
	worker->control = shared->control;
	worker->stream_count = count;
	worker->owner = (FusionRunOwner) {
		.control = shared->control,
		.arg = worker,
		.violated = violated,
		.failed = failed,
		.lost = lost
	};
	fusion_cleanup_add(&worker->cleanup, InvalidSubTransactionId, release);
	for (int i = 0; i < count; i++)
	{
		worker->streams[i].scan = entries[i].scan;
		if (!fusion_producer_attach(&fusion_region, worker->control, entries[i].scan))
		{
			release(&worker->cleanup);
			pfree(worker);
			return NULL;
		}
		worker->attached++;
	}
	return worker;
}

/* ---- producing ---- */

static void
sleep_until_news(Worker *worker)
{
	static uint32 wait_event = 0;
	WaitEvent	events[8];
	int			count = WaitEventSetWait(worker->waits, -1, events, lengthof(events),
										 fusion_wait_event(&wait_event, "FusionProducer"));

	for (int i = 0; i < count; i++)
	{
		uint64		rings;

		if ((events[i].events & WL_LATCH_SET) != 0)
			ResetLatch(MyLatch);
		else if ((events[i].events & WL_SOCKET_READABLE) != 0)
			(void) !read(events[i].fd, &rings, sizeof(rings));
	}
}

static void
make_wait_set(Worker *worker)
{
	worker->waits = fusion_create_wait_set(2 + worker->stream_count);
	AddWaitEventToSet(worker->waits, WL_LATCH_SET, PGINVALID_SOCKET, MyLatch, NULL);
	AddWaitEventToSet(worker->waits, WL_EXIT_ON_PM_DEATH, PGINVALID_SOCKET, NULL, NULL);
	for (int i = 0; i < worker->stream_count; i++)
		AddWaitEventToSet(worker->waits, WL_SOCKET_READABLE, fusion_scan_wake_fd(worker->streams[i].scan.index), NULL,
						  NULL);
}

/* Both leases are open: the leader is there and so is the worker process. */
static bool
is_wanted(const Worker *worker, const Stream *stream)
{
	return fusion_lease_open(&fusion_region, FUSION_SLOT_CONTROL, worker->control) &&
		fusion_lease_open(&fusion_region, FUSION_SLOT_SCAN, stream->scan);
}

static int
streams_left(const Worker *worker)
{
	int			count = 0;

	for (int i = 0; i < worker->stream_count; i++)
		count += !fusion_leaf_run_ended(&worker->streams[i].run);
	return count;
}

/* Gives each stream that has not ended a turn. True when something moved. */
static bool
turn(Worker *worker)
{
	bool		moved = false;
	bool		last = streams_left(worker) == 1;

	for (int i = 0; i < worker->stream_count; i++)
	{
		Stream	   *stream = &worker->streams[i];

		if (fusion_leaf_run_ended(&stream->run))
			continue;
		stream->producer->process_ends = last;
		if (is_wanted(worker, stream))
			moved |= fusion_leaf_run_turn(&stream->run);
		else
		{
			fusion_leaf_run_close(&stream->run);
			moved = true;
		}
	}
	return moved;
}

static void
announce_sleep(const Worker *worker, bool sleeping)
{
	for (int i = 0; i < worker->stream_count; i++)
		fusion_producer_sleeping(&fusion_region, worker->streams[i].scan.index, sleeping);
}

static void
produce(Worker *worker)
{
	bool		announced = false;

	make_wait_set(worker);
	while (streams_left(worker) > 0)
	{
		CHECK_FOR_INTERRUPTS();
		if (turn(worker))
		{
			if (announced)
				announce_sleep(worker, false);
			announced = false;
		}
		else if (!announced)
		{
			/* Everything is looked at once more after the announcement: news from before it may go unsignalled. */
			announce_sleep(worker, true);
			announced = true;
		}
		else
		{
			sleep_until_news(worker);
			announce_sleep(worker, false);
			announced = false;
		}
	}
	FreeWaitEventSet(worker->waits);
}

static void
report_stream(const Stream *stream, FusionParallelStream *entry, shm_toc *toc)
{
	List	   *nodes = fusion_batch_nodes(stream->query->planstate);
	Instrumentation *instruments = fusion_parallel_instruments(toc, entry->leaf, entry->number, list_length(nodes));
	ListCell   *cell;

	entry->stats = stream->run.stats;
	entry->rows_produced = stream->producer->rows_produced;
	for (int i = 0; i < entry->filters.count; i++)
		entry->filter_stats[i] = stream->producer->filters->filters[i].stats;
	foreach(cell, nodes)
	{
		Instrumentation *instrument = ((PlanState *) lfirst(cell))->instrument;

		if (instruments == NULL || instrument == NULL)
			continue;
		InstrEndLoop(instrument);
		memcpy(&instruments[foreach_current_index(cell)], instrument, sizeof(Instrumentation));
	}
}

static void
start_stream(Worker *worker, Stream *stream, const FusionParallelStream *entry, shm_toc *toc, int instrument_options)
{
	stream->query = fusion_parallel_start_leaf(toc, entry->leaf, instrument_options);
	stream->producer = fusion_parallel_make_producer(toc, entry->leaf, stream->query);
	stream->producer->filters = fusion_row_filters_create(&entry->filters, entry->filter_slots);
	fusion_leaf_run_begin(&stream->run, &worker->owner, stream->producer, stream->query->estate->es_query_cxt,
						  entry->scan, entry->leaf, entry->number);
}

static void
end_stream(Stream *stream)
{
	stream->producer->end(stream->producer);
	ExecutorFinish(stream->query);
	ExecutorEnd(stream->query);
	FreeQueryDesc(stream->query);
}

void
fusion_producer_main(dsm_segment *segment, shm_toc *toc)
{
	FusionParallelShared *shared = shm_toc_lookup(toc, FUSION_PARALLEL_KEY(FUSION_PARALLEL_SHARED, 0), false);
	FusionParallelWorker *own = &shared->workers[ParallelWorkerNumber];
	FusionParallelStream *entries = shm_toc_lookup(toc, FUSION_PARALLEL_KEY(FUSION_PARALLEL_STREAMS, 0), false);
	Worker	   *worker;

	Assert(ParallelWorkerNumber < shared->worker_count);
	entries += own->first_stream;
	debug_query_string = shm_toc_lookup(toc, FUSION_PARALLEL_KEY(FUSION_PARALLEL_SOURCE, 0), false);
	pgstat_report_activity(STATE_RUNNING, debug_query_string);
	worker = attach(shared, entries, own->stream_count);
	if (worker == NULL)
		return;
	for (int i = 0; i < worker->stream_count; i++)
		start_stream(worker, &worker->streams[i], &entries[i], toc, shared->instrument_options);
	InstrStartParallelQuery();
	produce(worker);
	for (int i = 0; i < worker->stream_count; i++)
		report_stream(&worker->streams[i], &entries[i], toc);
	InstrEndParallelQuery(&own->buffers, &own->wal);
	own->reported = true;
	release(&worker->cleanup);
	for (int i = 0; i < worker->stream_count; i++)
		end_stream(&worker->streams[i]);
	pfree(worker);
}
