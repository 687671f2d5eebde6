/*
 * execution.c
 *    The backend's side of one execution as a pump: import what has arrived, hear what the worker says, make one page,
 *    and sleep only when none of that moved. Rows come out first, so that a LIMIT above stops the scans early.
 *
 *    create -> first next: open session, lease scan slots, StartExecution -> pump ... -> end of result -> closed
 *                                            (rescan, LIMIT, cursor closed, error: closed from any point)
 *
 * Nested executions, and several open cursors, each have a session of their own; nothing here is per process.
 */
#include "postgres.h"

#include "access/xact.h"
#include "execution.h"
#include "filter_leases.h"
#include "import.h"
#include "leaf_run.h"
#include "messages.h"
#include "metrics.h"
#include "miscadmin.h"
#include "parallel_leader.h"
#include "pg_compat.h"
#include "plan_tables.h"
#include "session.h"
#include "settings.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "worker_failure.h"

#define KB_PER_MB 1024

struct FusionExecution
{
	EState	   *estate;
	const FusionScanPlan *plan;
	bool		analyze;
	SubTransactionId subtransaction;	/* in which the query began, whatever fetches from it */
	List	   *leaves;			/* PlanState */
	FusionProducer **producers; /* the leader's own, one for each leaf */
	FusionImport *import;
	MemoryContext row_context;	/* by-reference values of the present row */

	MemoryContext conversation; /* owns the session; NULL: not started */
	FusionSession *session;
	FusionRunOwner owner;		/* of the runs */
	FusionLeafRun *runs;
	FusionParallel *parallel;	/* workers beside this process; NULL: none */
	FusionFilterLeases filters; /* of the conversation */
	int			next_leaf;		/* whose turn it is to make a page */
	bool		page_held;		/* a result page is ours */
	FusionPage	page;
	uint32		row;
	uint32		row_count;
	bool		ended;

	FusionExecutionNumbers numbers;
};

/* ---- construction ---- */

uint32
fusion_execution_leaves_max(void)
{
	return Min((fusion_region.page_count - FUSION_RESULT_PERMITS) / FUSION_LEAF_PERMITS, fusion_region.scan_slot_count);
}

FusionExecution *
fusion_execution_create(EState *estate, const FusionScanPlan *plan, List *leaves, bool analyze)
{
	MemoryContext outer = MemoryContextSwitchTo(estate->es_query_cxt);
	FusionExecution *execution = palloc0(sizeof(FusionExecution));
	ListCell   *cell;

	if (list_length(leaves) != plan->leaf_count)
		elog(ERROR, "pg_fusion: %d leaf plans for %d leaves", list_length(leaves), plan->leaf_count);
	execution->estate = estate;
	execution->plan = plan;
	execution->leaves = leaves;
	execution->analyze = analyze;
	execution->subtransaction = GetCurrentSubTransactionId();
	execution->import = fusion_import_create(&plan->output);
	execution->row_context = AllocSetContextCreate(estate->es_query_cxt, "pg_fusion row", ALLOCSET_DEFAULT_SIZES);
	execution->producers = palloc0(Max(plan->leaf_count, 1) * sizeof(FusionProducer *));
	execution->runs = palloc0(Max(plan->leaf_count, 1) * sizeof(FusionLeafRun));
	fusion_numbers_init(&execution->numbers, plan->leaf_count, list_length(plan->operators));
	foreach(cell, leaves)
	{
		int			leaf = foreach_current_index(cell);
		PlanState  *state = lfirst(cell);

		if (plan->leaf_paths[leaf].heap)
			execution->producers[leaf] = fusion_producer_batches(state, &plan->leaves[leaf]);
		else
			execution->producers[leaf] = fusion_producer_executor(state, &plan->leaves[leaf]);
	}
	MemoryContextSwitchTo(outer);
	return execution;
}

/* ---- the conversation's beginning and end ---- */

static void
release_result_page(FusionExecution *execution)
{
	if (!execution->page_held)
		return;
	execution->page_held = false;
	execution->row = execution->row_count = 0;
	if (fusion_page_release(&fusion_region, &execution->page) != FUSION_OK)
		return;
	fusion_session_page(execution->session, false, &execution->page);
	fusion_wake_page_waiters(&fusion_region, &fusion_wake_fds);
}

/* Effect releaseScans, and our result page; the session is closing. */
static void
session_closing(void *arg)
{
	FusionExecution *execution = arg;

	release_result_page(execution);
	for (int leaf = 0; leaf < execution->plan->leaf_count; leaf++)
		fusion_leaf_run_close(&execution->runs[leaf]);
	if (execution->parallel != NULL)
		fusion_parallel_stop(execution->parallel);
}

/* ---- the runs' owner ---- */

static void
scan_violated(void *arg, const char *what)
{
	FusionExecution *execution = arg;

	fusion_session_violation(execution->session, what);
}

static void
scan_failed(void *arg, int code)
{
	FusionExecution *execution = arg;

	fusion_session_note_error(execution->session);
	fusion_session_close(execution->session, code == ERRCODE_QUERY_CANCELED || code == ERRCODE_ADMIN_SHUTDOWN
						 ? FUSION_CLOSE_CANCELLED : FUSION_CLOSE_BACKEND_ERROR);
}

/* This process holds the session open, so the worker closed it: by dying, or against the protocol. */
static bool
scan_lost(void *arg)
{
	FusionExecution *execution = arg;

	fusion_session_check_worker(execution->session);
	return false;
}

static void
begin_runs(FusionExecution *execution)
{
	int			leaf_count = execution->plan->leaf_count;

	execution->owner = (FusionRunOwner) {
		.control = fusion_session_lease(execution->session),
		.arg = execution,
		.violated = scan_violated,
		.failed = scan_failed,
		.lost = scan_lost
	};
	for (int leaf = 0; leaf < leaf_count; leaf++)
	{
		FusionLease scan = fusion_session_acquire_scan(execution->session, (uint16) leaf, 0);

		fusion_leaf_run_begin(&execution->runs[leaf], &execution->owner, execution->producers[leaf],
							  execution->estate->es_query_cxt, scan, (uint16) leaf, 0);
	}
}

/* What the worker may hold for one execution before it writes to disk. */
static uint64
execution_memory_kb(void)
{
	if (fusion_setting_query_memory == 0)
		return (uint64) fusion_setting_worker_memory * KB_PER_MB / 2;
	return (uint64) fusion_setting_query_memory;
}

static void
send_start(FusionExecution *execution)
{
	const FusionScanPlan *plan = execution->plan;
	int			streams = execution->parallel != NULL ? fusion_parallel_stream_count(execution->parallel) : 0;
	int			producer_count = plan->leaf_count + streams;
	FusionProducerSlot *producers = MemoryContextAlloc(execution->conversation,
													   Max(producer_count, 1) * sizeof(FusionProducerSlot));
	FusionStartExecution start = {
		.plan = {.data = (const uint8 *) VARDATA_ANY(plan->physical), .length = VARSIZE_ANY_EXHDR(plan->physical)},
		.plan_digest = plan->digest,
		.producers = producers,
		.producer_count = producer_count,
		.parameters = fusion_plan_parameters(plan->tables, execution->estate, execution->conversation),
		.parameter_count = list_length(plan->tables),
		.permits_scan = FUSION_LEAF_PERMITS * plan->leaf_count,
		.permits_result = FUSION_RESULT_PERMITS,
		.analyze = execution->analyze,
		.filters = execution->filters.names,
		.filter_count = execution->filters.name_count,
		.memory_kb = execution_memory_kb(),
		.spill_limit_kb = temp_file_limit
	};
	FusionEncoded message;
	uint8	   *copy;
	size_t		length;

	for (int leaf = 0; leaf < plan->leaf_count; leaf++)
		producers[leaf] = (FusionProducerSlot) {
			.leaf = (uint16) leaf,
			.producer = 0,
			.scan_slot = execution->runs[leaf].scan.index,
			.scan_epoch = execution->runs[leaf].scan.epoch
		};
	if (streams > 0)
		fusion_parallel_name_producers(execution->parallel, producers + plan->leaf_count);
	message = fusion_encode_start_execution(&start);
	if (message.data == NULL)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	/* Sending may wait, and be interrupted: what it sends must belong to a context. */
	length = message.length;
	copy = MemoryContextAllocExtended(execution->conversation, length, MCXT_ALLOC_NO_OOM);
	if (copy)
		memcpy(copy, message.data, length);
	fusion_message_free(&message);
	if (copy == NULL)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	fusion_session_send(execution->session, FUSION_MESSAGE_START_EXECUTION, copy, length);
}

/* Workers come some milliseconds after they are asked for; until then this process scans alone. */
static void
start_workers(FusionExecution *execution)
{
	const FusionScanPlan *plan = execution->plan;
	FusionParallelOrder order = {
		.estate = execution->estate,
		.plan = plan,
		.leaves = execution->leaves,
		.producers = execution->producers,
		.control = fusion_session_lease(execution->session),
		.filter_slots = execution->filters.slots,
		.context = execution->conversation
	};
	FusionProducerSlot *slots;
	int			count;

	execution->parallel = fusion_parallel_start(&order);
	if (execution->parallel == NULL)
		return;
	count = fusion_parallel_stream_count(execution->parallel);
	slots = MemoryContextAlloc(execution->conversation, count * sizeof(FusionProducerSlot));
	fusion_parallel_name_producers(execution->parallel, slots);
	for (int i = 0; i < count; i++)
		execution->numbers.leaves[slots[i].leaf].workers++;
	pfree(slots);
}

static void
start(FusionExecution *execution)
{
	int			leaf_count = execution->plan->leaf_count;
	uint64		started = fusion_now_ns();

	execution->conversation = AllocSetContextCreate(execution->estate->es_query_cxt, "pg_fusion conversation",
													ALLOCSET_SMALL_SIZES);
	execution->session = fusion_session_open(execution->conversation, FUSION_LEAF_PERMITS * leaf_count,
											 FUSION_RESULT_PERMITS);
	fusion_session_set_subtransaction(execution->session, execution->subtransaction);
	fusion_session_parameters(execution->session, execution->estate->es_param_list_info);
	execution->numbers.session = fusion_session_lease(execution->session);
	memset(execution->runs, 0, leaf_count * sizeof(FusionLeafRun));
	fusion_import_reset(execution->import);
	fusion_session_on_close(execution->session, session_closing, execution);
	fusion_filters_lease(&execution->filters, execution->plan, fusion_session_lease(execution->session),
						 execution->conversation, execution->producers);
	begin_runs(execution);
	start_workers(execution);
	send_start(execution);
	execution->numbers.stats.start_ns += fusion_now_ns() - started;
}

/* Adds what the runs counted so far, and starts their counts anew. */
static void
collect_run_stats(FusionExecution *execution)
{
	for (int leaf = 0; leaf < execution->plan->leaf_count; leaf++)
	{
		FusionLeafRun *run = &execution->runs[leaf];

		fusion_numbers_add_run(&execution->numbers, leaf, &run->stats, true);
		memset(&run->stats, 0, sizeof(run->stats));
		fusion_numbers_take_filters(&execution->numbers, leaf, &execution->producers[leaf]->filters);
	}
}

/*
 * Sees the workers off. The session is closed, so they are on their way; an error that one of them had is raised here
 * and counts more than what the worker process made of it.
 */
static void
finish_workers(FusionExecution *execution)
{
	FusionParallel *parallel = execution->parallel;
	FusionParallelTotals *totals;

	if (parallel == NULL)
		return;
	totals = MemoryContextAllocZero(execution->conversation,
									execution->plan->leaf_count * sizeof(FusionParallelTotals));
	fusion_parallel_finish(parallel, totals);
	execution->parallel = NULL;
	for (int leaf = 0; leaf < execution->plan->leaf_count; leaf++)
	{
		fusion_numbers_add_run(&execution->numbers, leaf, &totals[leaf].stats, false);
		execution->numbers.leaves[leaf].rows_produced += totals[leaf].rows_produced;
		fusion_numbers_add_filters(&execution->numbers, leaf, totals[leaf].filters);
	}
}

/* Ends the conversation, if there is one; what is not read yet is not wanted. */
static void
finish(FusionExecution *execution)
{
	MemoryContext conversation = execution->conversation;

	if (conversation == NULL)
		return;
	fusion_session_close(execution->session, FUSION_CLOSE_ENOUGH);
	collect_run_stats(execution);
	finish_workers(execution);
	execution->session = NULL;
	execution->conversation = NULL;
	MemoryContextDelete(conversation);
}

/* ---- what the worker says ---- */

/* Takes all messages that are there. True when there were any. */
static bool
take_messages(FusionExecution *execution)
{
	FusionMessage message;
	bool		any = false;

	while (fusion_session_receive(execution->session, execution->conversation, &message))
	{
		FusionExecutionFinished finished;
		uint16		executor;

		any = true;
		switch (message.type)
		{
			case FUSION_MESSAGE_EXECUTION_STARTED:
				if (!fusion_decode_execution_started(message.payload, message.length, &executor))
					fusion_session_violation(execution->session, "an ExecutionStarted message is malformed");
				break;
			case FUSION_MESSAGE_EXECUTION_FINISHED:
				if (!fusion_decode_execution_finished(message.payload, message.length, &finished))
					fusion_session_violation(execution->session, "an ExecutionFinished message is malformed");
				fusion_numbers_add_finished(&execution->numbers, &finished);
				break;
			default:
				/* The machine lets no other message through. A worker's failed scan says here only that it failed. */
				finish_workers(execution);
				fusion_raise_worker_failure(execution->session, &message);
		}
		pfree(message.payload);
	}
	return any;
}

/* ---- result pages ---- */

static void
adopt_page(FusionExecution *execution, const FusionPageDescriptor *descriptor)
{
	MemoryContext outer = MemoryContextSwitchTo(execution->estate->es_query_cxt);
	uint64		started = fusion_now_ns();
	uint64		import_ns;

	execution->page_held = true;
	execution->row = 0;
	execution->row_count = 0;
	fusion_session_page(execution->session, true, &execution->page);
	fusion_session_event(execution->session, FUSION_EXECUTION_BACKEND_EVENT_RESULT_PAGE_IMPORTED, descriptor->rows);
	execution->row_count = fusion_import_part(execution->import,
											  fusion_region_page(&fusion_region, execution->page.page),
											  fusion_region.page_bytes, descriptor->bytes, descriptor->rows > 0);
	execution->numbers.stats.result_pages++;
	execution->numbers.stats.result_bytes += descriptor->bytes;
	execution->numbers.stats.result_rows += execution->row_count;
	import_ns = fusion_now_ns() - started;
	execution->numbers.stats.import_ns += import_ns;
	fusion_count(FUSION_METRIC_RESULT_PAGES, 1);
	fusion_count(FUSION_METRIC_RESULT_BYTES, descriptor->bytes);
	fusion_count(FUSION_METRIC_RESULT_ROWS, execution->row_count);
	fusion_count(FUSION_METRIC_RESULT_IMPORT_TIME, import_ns);
	MemoryContextSwitchTo(outer);
}

/* Takes the next entry of the result ring. True when there was one. */
static bool
take_result(FusionExecution *execution)
{
	FusionLease lease = fusion_session_lease(execution->session);
	FusionPageDescriptor descriptor;
	FusionStatus status;
	bool		wake_writer;

	release_result_page(execution);
	status = fusion_page_import_result(&fusion_region, lease, &descriptor, &execution->page, &wake_writer);
	if (wake_writer)
		fusion_wake_executor_of(&fusion_region, lease.index);
	switch (status)
	{
		case FUSION_OK:
			break;
		case FUSION_EMPTY:
			return false;
		default:
			fusion_session_violation(execution->session, "the result ring is damaged");
	}

	if (descriptor.kind == FUSION_DESCRIPTOR_PAGE)
		adopt_page(execution, &descriptor);
	else
		fusion_session_event(execution->session, descriptor.kind == FUSION_DESCRIPTOR_END
							 ? FUSION_EXECUTION_BACKEND_EVENT_RESULT_ENDED
							 : FUSION_EXECUTION_BACKEND_EVENT_RESULT_FAILED, 0);
	return true;
}

/* ---- the pump ---- */

/* Gives each leaf a turn until one has made a page, beginning with the one after the last to do so. */
static bool
produce(FusionExecution *execution)
{
	int			leaf_count = execution->plan->leaf_count;

	for (int i = 0; i < leaf_count; i++)
	{
		int			leaf = (execution->next_leaf + i) % leaf_count;

		if (fusion_leaf_run_turn(&execution->runs[leaf]))
		{
			execution->next_leaf = (leaf + 1) % leaf_count;
			return true;
		}
	}
	return false;
}

/* One round, results first. True when something moved. */
static bool
turn(FusionExecution *execution)
{
	if (take_result(execution) || fusion_session_closed(execution->session))
		return true;
	if (take_messages(execution))
		return true;
	return produce(execution);
}

static bool
any_run_waits(const FusionExecution *execution, bool for_ring)
{
	for (int leaf = 0; leaf < execution->plan->leaf_count; leaf++)
		if (execution->runs[leaf].wait_started != 0 && execution->runs[leaf].waits_for_ring == for_ring)
			return true;
	return false;
}

static void
sleep_until_news(FusionExecution *execution)
{
	static uint32 wait_event = 0;
	bool		for_page = any_run_waits(execution, false);
	bool		for_ring = any_run_waits(execution, true);
	uint64		started = fusion_now_ns();

	fusion_session_wait(execution->session, fusion_wait_event(&wait_event, "FusionExecution"));
	fusion_numbers_add_wait(&execution->numbers, for_page, for_ring, fusion_now_ns() - started);
}

/* Runs until a row stands in the adopted page (true) or the result has ended (false). */
static bool
pump(FusionExecution *execution)
{
	bool		announced = false;

	fusion_session_activity(execution->session, FUSION_ACTIVITY_WORKING);
	for (;;)
	{
		fusion_session_check_interrupts(execution->session);
		if (turn(execution))
		{
			if (announced)
				fusion_session_awake(execution->session);
			announced = false;
			if (execution->row < execution->row_count)
			{
				fusion_session_activity(execution->session, FUSION_ACTIVITY_READ);
				return true;
			}
			if (fusion_session_closed(execution->session))
				return false;
		}
		else if (!announced)
		{
			/* Everything is looked at once more after the announcement: news from before it may go unsignalled. */
			fusion_session_prepare_wait(execution->session);
			announced = true;
		}
		else if (execution->parallel == NULL || !fusion_parallel_bury(execution->parallel))
		{
			sleep_until_news(execution);
			announced = false;
		}
	}
}

bool
fusion_execution_next(FusionExecution *execution, TupleTableSlot *slot)
{
	if (execution->row >= execution->row_count)
	{
		if (!execution->ended && execution->conversation == NULL)
			start(execution);
		/* A cursor that survived the subtransaction whose end closed its session cannot go on. */
		if (!execution->ended && fusion_session_closed(execution->session))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_CURSOR_STATE),
					 errmsg("pg_fusion: the execution has ended with its subtransaction")));
		if (execution->ended || !pump(execution))
		{
			/* Closed by its machine; the slot and the pages are free for others already. */
			execution->ended = true;
			finish(execution);
			ExecClearTuple(slot);
			return false;
		}
	}
	MemoryContextReset(execution->row_context);
	fusion_import_row(execution->import, execution->row++, slot, execution->row_context);
	return true;
}

void
fusion_execution_rescan(FusionExecution *execution)
{
	finish(execution);
	execution->ended = false;
	for (int leaf = 0; leaf < execution->plan->leaf_count; leaf++)
		execution->producers[leaf]->rescan(execution->producers[leaf]);
}

void
fusion_execution_shutdown(FusionExecution *execution)
{
	if (!execution->estate->es_use_parallel_mode)
		return;
	finish(execution);
	execution->ended = true;
}

void
fusion_execution_end(FusionExecution *execution)
{
	finish(execution);
	execution->ended = true;
	for (int leaf = 0; leaf < execution->plan->leaf_count; leaf++)
		execution->producers[leaf]->end(execution->producers[leaf]);
}

const FusionExecutionNumbers *
fusion_execution_numbers(FusionExecution *execution)
{
	/* One that a LIMIT stopped may still be open when it is explained. */
	if (execution->conversation != NULL)
		collect_run_stats(execution);
	return &execution->numbers;
}

FusionLeafStats
fusion_execution_leaf_stats(const FusionExecution *execution, int leaf)
{
	FusionLeafStats stats = execution->numbers.leaves[leaf];

	stats.rows_produced += execution->producers[leaf]->rows_produced;
	return stats;
}
