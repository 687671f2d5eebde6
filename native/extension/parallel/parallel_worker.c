/*
 * parallel_worker.c
 *    A scan producer in a PostgreSQL parallel worker: rebuilds its leaf from what the leader wrote down
 *    (parallel_state.h) and fills pages for the leader's execution until the blocks, or the wish for rows, end.
 *
 *    attach -> start the leaf -> [turn | sleep]* -> report -> detach
 *
 * It talks to the worker process itself, through its own scan slot, and knows nothing of the result. Its errors go to
 * the leader through PostgreSQL's error queue. Whatever ends it, the cleanup list gives back its page and its slots.
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

typedef struct Worker
{
	FusionCleanup cleanup;		/* first: the item on the list is the worker */
	FusionLease control;
	FusionLease scan;
	FusionRunOwner owner;
	FusionLeafRun run;
	WaitEventSet *waits;
} Worker;

/* ---- the owner of the run ---- */

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

	fusion_leaf_run_close(&worker->run);
	fusion_producer_sleeping(&fusion_region, worker->scan.index, false);
	fusion_page_wait_end(&fusion_region, FUSION_SLOT_SCAN, worker->scan.index);
	fusion_producer_detach(&fusion_region, worker->control, worker->scan);
	fusion_wake_page_waiters(&fusion_region, &fusion_wake_fds);
	fusion_cleanup_remove(&worker->cleanup);
}

/* NULL when the leader has closed the session meanwhile. */
static Worker *
attach(const FusionParallelShared *shared, const FusionParallelProducer *entry)
{
	Worker	   *worker;

	if (!fusion_region_available() || fusion_region.incarnation != shared->incarnation)
		elog(ERROR, "pg_fusion: a parallel worker has another shared region than its leader");
	worker = MemoryContextAllocZero(TopMemoryContext, sizeof(Worker));
	worker->control = shared->control;
	worker->scan = entry->scan;
	worker->owner = (FusionRunOwner) {
		.control = shared->control,
		.arg = worker,
		.violated = violated,
		.failed = failed,
		.lost = lost
	};
	if (!fusion_producer_attach(&fusion_region, worker->control, worker->scan))
	{
		pfree(worker);
		return NULL;
	}
	fusion_cleanup_add(&worker->cleanup, InvalidSubTransactionId, release);
	return worker;
}

/* ---- producing ---- */

static void
sleep_until_news(Worker *worker)
{
	static uint32 wait_event = 0;
	WaitEvent	events[3];
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
	worker->waits = fusion_create_wait_set(3);
	AddWaitEventToSet(worker->waits, WL_LATCH_SET, PGINVALID_SOCKET, MyLatch, NULL);
	AddWaitEventToSet(worker->waits, WL_EXIT_ON_PM_DEATH, PGINVALID_SOCKET, NULL, NULL);
	AddWaitEventToSet(worker->waits, WL_SOCKET_READABLE, fusion_scan_wake_fd(worker->scan.index), NULL, NULL);
}

/* Both leases are open: the leader is there and so is the worker process. */
static bool
is_wanted(const Worker *worker)
{
	return fusion_lease_open(&fusion_region, FUSION_SLOT_CONTROL, worker->control) &&
		fusion_lease_open(&fusion_region, FUSION_SLOT_SCAN, worker->scan);
}

static void
produce(Worker *worker)
{
	bool		announced = false;

	make_wait_set(worker);
	while (!fusion_leaf_run_ended(&worker->run))
	{
		CHECK_FOR_INTERRUPTS();
		if (!is_wanted(worker))
			fusion_leaf_run_close(&worker->run);
		else if (fusion_leaf_run_turn(&worker->run))
		{
			if (announced)
				fusion_producer_sleeping(&fusion_region, worker->scan.index, false);
			announced = false;
		}
		else if (!announced)
		{
			/* Everything is looked at once more after the announcement: news from before it may go unsignalled. */
			fusion_producer_sleeping(&fusion_region, worker->scan.index, true);
			announced = true;
		}
		else
		{
			sleep_until_news(worker);
			fusion_producer_sleeping(&fusion_region, worker->scan.index, false);
			announced = false;
		}
	}
	FreeWaitEventSet(worker->waits);
}

static void
report(const Worker *worker, const FusionProducer *producer, QueryDesc *query, FusionParallelProducer *entry)
{
	entry->stats = worker->run.stats;
	entry->rows_produced = producer->rows_produced;
	if (query->planstate->instrument != NULL)
	{
		InstrEndLoop(query->planstate->instrument);
		memcpy(&entry->instrument, query->planstate->instrument, sizeof(Instrumentation));
	}
	InstrEndParallelQuery(&entry->buffers, &entry->wal);
	entry->reported = true;
}

void
fusion_producer_main(dsm_segment *segment, shm_toc *toc)
{
	FusionParallelShared *shared = shm_toc_lookup(toc, FUSION_PARALLEL_KEY(FUSION_PARALLEL_SHARED, 0), false);
	FusionParallelProducer *entry = &shared->producers[ParallelWorkerNumber];
	Worker	   *worker;
	QueryDesc  *query;
	FusionProducer *producer;

	Assert(ParallelWorkerNumber < shared->producer_count);
	debug_query_string = shm_toc_lookup(toc, FUSION_PARALLEL_KEY(FUSION_PARALLEL_SOURCE, 0), false);
	pgstat_report_activity(STATE_RUNNING, debug_query_string);
	worker = attach(shared, entry);
	if (worker == NULL)
		return;
	query = fusion_parallel_start_leaf(toc, entry->leaf, shared->instrument_options);
	producer = fusion_parallel_make_producer(toc, entry->leaf, query);
	fusion_leaf_run_begin(&worker->run, &worker->owner, producer, query->estate->es_query_cxt, entry->scan, entry->leaf,
						  entry->number);
	InstrStartParallelQuery();
	produce(worker);
	report(worker, producer, query, entry);
	release(&worker->cleanup);
	producer->end(producer);
	ExecutorFinish(query);
	ExecutorEnd(query);
	FreeQueryDesc(query);
	pfree(worker);
}
