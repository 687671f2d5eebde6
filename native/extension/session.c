/*
 * session.c
 *    Leases a control slot (and scan slots) for one conversation with the worker, and gives all of it back
 *    exactly once, whoever asks first. Frames are in session_messages.c, sleeping in session_wait.c, what is
 *    said in planner.c and execution.c.
 *
 *    open -> [send | receive | event | wait]* -> close
 *
 * Closing has an order: the machine hears of it, the owner gives back its pages (on_close), the worker is told (a frame
 * when there is room, the cancel word always), the slot is detached, everyone who may sleep on it is woken.
 */
#include "postgres.h"

#include "access/xact.h"
#include "metrics.h"
#include "miscadmin.h"
#include "pg_compat.h"
#include "session_state.h"
#include "storage/ipc.h"
#include "storage/proc.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

/* A worker that restarts is back within a second; longer means it does not come back by itself. */
#define WORKER_READY_TIMEOUT_MS 5000
/* Slots and pages of others are held for as long as their statements run; this long a statement queues for one. */
#define SLOT_TIMEOUT_MS 10000
/* Nothing signals a free slot, as the last to let go may be the worker: look again after 1, 2, 4, ... ms. */
#define RETRY_DELAY_MAX_MS 20

bool
fusion_session_worker_alive(const FusionSession *session)
{
	uint32		generation;

	return fusion_worker_state(&fusion_region, &generation) == FUSION_WORKER_READY && generation == session->generation;
}

FusionLease
fusion_session_lease(const FusionSession *session)
{
	return session->lease;
}

bool
fusion_session_closed(const FusionSession *session)
{
	return !session->open;
}

void
fusion_session_set_subtransaction(FusionSession *session, SubTransactionId subtransaction)
{
	session->cleanup.subtransaction = subtransaction;
}

void
fusion_session_on_close(FusionSession *session, void (*callback) (void *arg), void *arg)
{
	session->on_close = callback;
	session->on_close_arg = arg;
}

/* ---- the machine ---- */

static uint32
closing_effects(const FusionActor *actor)
{
	if (actor->machine == FUSION_MACHINE_PLANNING_BACKEND)
		return FUSION_PLANNING_BACKEND_EFFECT_CLOSE_SESSION_FINISHED |
			FUSION_PLANNING_BACKEND_EFFECT_CLOSE_SESSION_CANCELLED |
			FUSION_PLANNING_BACKEND_EFFECT_CLOSE_SESSION_BACKEND_ERROR;
	return FUSION_EXECUTION_BACKEND_EFFECT_CLOSE_SESSION_FINISHED |
		FUSION_EXECUTION_BACKEND_EFFECT_CLOSE_SESSION_ENOUGH |
		FUSION_EXECUTION_BACKEND_EFFECT_CLOSE_SESSION_CANCELLED |
		FUSION_EXECUTION_BACKEND_EFFECT_CLOSE_SESSION_BACKEND_ERROR;
}

bool
fusion_session_step(FusionSession *session, int event, uint32 argument, uint32 cause)
{
	uint32		effects;

	if (session->actor.machine == 0 || !fusion_actor_step(&session->actor, event, argument, cause, &effects))
		return false;
	if (session->open)
		atomic_store_explicit(&fusion_region.control_slots[session->lease.index].backend_machine,
							  ((uint32) session->actor.machine << 8) | session->actor.state, memory_order_relaxed);
	/* The machine says when; a final state reached by a message means the worker has nothing left to do. */
	if ((effects & closing_effects(&session->actor)) != 0)
		fusion_session_close(session, FUSION_CLOSE_FINISHED);
	return true;
}

void
fusion_session_event(FusionSession *session, int event, uint32 argument)
{
	if (!fusion_session_step(session, event, argument, 0))
		fusion_session_violation(session, "an event came in a state that has no place for it");
}

void
fusion_session_page(const FusionSession *session, bool imported, const FusionPage *page)
{
	if (imported)
		fusion_actor_page(&session->actor, FUSION_PAGE_LEASE_STATE_ISSUED, FUSION_PAGE_LEASE_EVENT_IMPORTED, page);
	else
		fusion_actor_page(&session->actor, FUSION_PAGE_LEASE_STATE_IMPORTED, FUSION_PAGE_LEASE_EVENT_RELEASED, page);
}

/* The event by which a conversation that is still going on ends for `reason`. */
static int
ending_event(const FusionActor *actor, uint8 reason)
{
	if (actor->machine == FUSION_MACHINE_PLANNING_BACKEND)
		return FUSION_PLANNING_BACKEND_EVENT_ABANDON;
	switch (reason)
	{
		case FUSION_CLOSE_CANCELLED:
			return FUSION_EXECUTION_BACKEND_EVENT_CANCEL;
		case FUSION_CLOSE_BACKEND_ERROR:
			return FUSION_EXECUTION_BACKEND_EVENT_ABORT;
		default:
			return FUSION_EXECUTION_BACKEND_EVENT_ENOUGH;
	}
}

void
fusion_session_activity(const FusionSession *session, uint32 activity)
{
	if (session->open)
		atomic_store_explicit(&fusion_region.control_slots[session->lease.index].backend_activity, activity,
							  memory_order_relaxed);
}

/* ---- the end ---- */

/* The machine knows of errors the worker told; their conversations close as finished. */
static FusionMetric
outcome(const FusionActor *actor, uint8 reason)
{
	if ((actor->machine == FUSION_MACHINE_PLANNING_BACKEND && actor->state == FUSION_PLANNING_BACKEND_STATE_FAILED) ||
		(actor->machine == FUSION_MACHINE_EXECUTION_BACKEND && actor->state == FUSION_EXECUTION_BACKEND_STATE_FAILED))
		return FUSION_METRIC_SESSION_FAILED;
	switch (reason)
	{
		case FUSION_CLOSE_FINISHED:
			return FUSION_METRIC_SESSION_FINISHED;
		case FUSION_CLOSE_ENOUGH:
			return FUSION_METRIC_SESSION_STOPPED_EARLY;
		case FUSION_CLOSE_CANCELLED:
			return FUSION_METRIC_SESSION_CANCELLED;
		default:
			return FUSION_METRIC_SESSION_FAILED;
	}
}

void
fusion_session_close(FusionSession *session, uint8 reason)
{
	if (!session->open)
		return;
	session->open = false;

	if (session->actor.machine != 0 && !fusion_actor_final(&session->actor))
		fusion_actor_step(&session->actor, ending_event(&session->actor, reason),
						  reason | (session->close_cause << FUSION_CLOSE_CAUSE_SHIFT), 0, NULL);
	fusion_count(outcome(&session->actor, reason), 1);
	if (session->on_close)
		session->on_close(session->on_close_arg);
	fusion_session_drop_waits(session);

	fusion_session_push_close(session, reason);
	/* Never queued behind data: an executor between two pages sees it even when the ring is full. */
	if (fusion_lease_current(&fusion_region, FUSION_SLOT_CONTROL, session->lease))
		atomic_store(&fusion_region.control_slots[session->lease.index].cancel_requested, 1);
	fusion_slot_detach(&fusion_region, FUSION_SLOT_CONTROL, session->lease, FUSION_SLOT_OWNER_BACKEND);
	fusion_wake_executor_of(&fusion_region, session->lease.index);
	fusion_wake_worker(&fusion_region, &fusion_wake_fds, session->lease.index);
	/* Reservations went home with the slot, unless the worker still holds it; then it wakes them again. */
	fusion_wake_page_waiters(&fusion_region, &fusion_wake_fds);
	session->scan_count = 0;
	session->actor.capture = NULL;
	fusion_capture_end(&session->capture);
	fusion_cleanup_remove(&session->cleanup);
}

/* Transaction, subtransaction and process end. */
static void
release_session(FusionCleanup *self)
{
	FusionSession *session = (FusionSession *) self;

	if (proc_exit_inprogress)
		session->close_cause = ClientConnectionLost ? FUSION_CLOSE_CAUSE_CLIENT_GONE : FUSION_CLOSE_CAUSE_TERMINATED;
	fusion_session_close(session, FUSION_CLOSE_BACKEND_ERROR);
}

/* The owner's memory goes: so does the session's. */
static void
owner_reset(void *arg)
{
	FusionSession *session = arg;

	fusion_session_close(session, FUSION_CLOSE_BACKEND_ERROR);
	if (session->scans)
		pfree(session->scans);
	if (session->partial)
		pfree(session->partial);
	pfree(session);
}

void
fusion_session_violation(FusionSession *session, const char *what)
{
	int			event = session->actor.machine == FUSION_MACHINE_PLANNING_BACKEND
		? FUSION_PLANNING_BACKEND_EVENT_VIOLATED : FUSION_EXECUTION_BACKEND_EVENT_VIOLATED;

	/* A machine that has ended already has no state for it; the count and the error are the same. */
	if (session->actor.machine != 0)
		fusion_actor_step(&session->actor, event, 0, 0, NULL);
	atomic_fetch_add(&fusion_region.header->protocol_violations, 1);
	fusion_count(FUSION_METRIC_SESSION_VIOLATIONS, 1);
	fusion_session_close(session, FUSION_CLOSE_BACKEND_ERROR);
	ereport(ERROR,
			(errcode(ERRCODE_PROTOCOL_VIOLATION),
			 errmsg("pg_fusion: protocol violation: %s", what),
			 errhint("This is a defect of pg_fusion. The statement can be repeated; "
					 "with pg_fusion.enable = off PostgreSQL runs it.")));
}

void
fusion_session_worker_lost(FusionSession *session)
{
	int			event = session->actor.machine == FUSION_MACHINE_PLANNING_BACKEND
		? FUSION_PLANNING_BACKEND_EVENT_WORKER_LOST : FUSION_EXECUTION_BACKEND_EVENT_WORKER_LOST;

	if (session->actor.machine != 0)
		fusion_actor_step(&session->actor, event, 0, 0, NULL);
	fusion_count(FUSION_METRIC_SESSION_WORKER_LOST, 1);
	fusion_session_close(session, FUSION_CLOSE_BACKEND_ERROR);
	ereport(ERROR,
			(errcode(ERRCODE_CONNECTION_FAILURE),
			 errmsg("pg_fusion: the worker exited during the statement"),
			 errhint("It is restarted by itself; the statement can be repeated. The server log says why it exited.")));
}

void
fusion_session_check_worker(FusionSession *session)
{
	if (!fusion_session_worker_alive(session))
		fusion_session_worker_lost(session);
}

/* One code has several causes, told apart by their messages only, which are translated. */
static uint32
cause_of(const ErrorData *error)
{
	switch (error->sqlerrcode)
	{
		case ERRCODE_QUERY_CANCELED:
			return strcmp(error->message, _("canceling statement due to statement timeout")) == 0
				? FUSION_CLOSE_CAUSE_STATEMENT_TIMEOUT : FUSION_CLOSE_CAUSE_USER;
		case ERRCODE_LOCK_NOT_AVAILABLE:
			return FUSION_CLOSE_CAUSE_LOCK_TIMEOUT;
		case ERRCODE_T_R_SERIALIZATION_FAILURE:
			return strcmp(error->message, _("canceling statement due to conflict with recovery")) == 0
				? FUSION_CLOSE_CAUSE_RECOVERY_CONFLICT : FUSION_CLOSE_CAUSE_ERROR;
		default:
			return FUSION_CLOSE_CAUSE_ERROR;
	}
}

void
fusion_session_parameters(const FusionSession *session, ParamListInfo parameters)
{
	fusion_capture_parameters(session->capture, parameters);
}

void
fusion_session_note_error(FusionSession *session)
{
	MemoryContext outer = MemoryContextSwitchTo(TopMemoryContext);
	ErrorData  *error = CopyErrorData();

	session->close_cause = cause_of(error);
	FreeErrorData(error);
	MemoryContextSwitchTo(outer);
}

void
fusion_session_check_interrupts(FusionSession *session)
{
	if (likely(!INTERRUPTS_PENDING_CONDITION()))
		return;
	PG_TRY();
	{
		CHECK_FOR_INTERRUPTS();
	}
	PG_CATCH();
	{
		fusion_session_note_error(session);
		fusion_session_close(session, FUSION_CLOSE_CANCELLED);
		PG_RE_THROW();
	}
	PG_END_TRY();
}

/* ---- the beginning ---- */

static void
worker_not_ready(uint32 state)
{
	if (state == FUSION_WORKER_DISABLED)
		ereport(ERROR,
				(errcode(ERRCODE_CANNOT_CONNECT_NOW),
				 errmsg("pg_fusion: the worker is not ready"),
				 errdetail("It could not be started, or failed repeatedly, and is not started again by itself."),
				 errhint("See the server log, then reload the server's configuration to have it tried again. "
						 "With pg_fusion.enable = off PostgreSQL runs the statement.")));
	ereport(ERROR,
			(errcode(ERRCODE_CANNOT_CONNECT_NOW),
			 errmsg("pg_fusion: the worker is not ready"),
			 errdetail("It did not become ready within %d seconds.", WORKER_READY_TIMEOUT_MS / 1000),
			 errhint("See the server log. With pg_fusion.enable = off PostgreSQL runs the statement.")));
}

/* Milliseconds since `start`. */
static long
elapsed_ms(TimestampTz start)
{
	return TimestampDifferenceMilliseconds(start, GetCurrentTimestamp());
}

static void
acquire_control(FusionSession *session, uint32 permits_scan, uint32 permits_result)
{
	static uint32 wait_event = 0;
	TimestampTz started = GetCurrentTimestamp();
	long		delay = 1;

	for (;;)
	{
		uint32		generation;
		uint32		state = fusion_worker_state(&fusion_region, &generation);
		FusionStatus status = fusion_control_acquire(&fusion_region, (uint32) MyProcPid, permits_scan, permits_result,
													 &session->lease);

		if (status == FUSION_OK)
		{
			session->open = true;
			fusion_count(FUSION_METRIC_SESSION_OPENED, 1);
			atomic_store_explicit(&fusion_region.control_slots[session->lease.index].started,
								  (uint64) GetCurrentTimestamp(), memory_order_relaxed);
			/* The slot was opened with the generation it carries, which may be newer than the one read above. */
			session->generation = atomic_load(&fusion_region.control_slots[session->lease.index].worker_generation);
			return;
		}
		if (status != FUSION_STALE && status != FUSION_FULL)
			ereport(ERROR,
					(errcode(ERRCODE_INTERNAL_ERROR),
					 errmsg("pg_fusion: the shared region is damaged"),
					 errhint("Restart the server to make a new one.")));
		if (status == FUSION_STALE &&
			(state == FUSION_WORKER_DISABLED || elapsed_ms(started) >= WORKER_READY_TIMEOUT_MS))
			worker_not_ready(state);
		if (status == FUSION_FULL && elapsed_ms(started) >= SLOT_TIMEOUT_MS)
			ereport(ERROR,
					(errcode(ERRCODE_TOO_MANY_CONNECTIONS),
					 errmsg("pg_fusion: no free session slot"),
					 errdetail("All %u slots, or all of the pool's %u pages, were in use for %d seconds.",
							   fusion_region.control_slot_count, fusion_region.page_count, SLOT_TIMEOUT_MS / 1000),
					 errhint("Raise pg_fusion.control_slots or pg_fusion.page_count, "
							 "or run fewer statements at once.")));
		fusion_session_pause(delay, fusion_wait_event(&wait_event, "FusionSlot"));
		delay = Min(delay * 2, RETRY_DELAY_MAX_MS);
	}
}

bool
fusion_session_has_room(uint32 permits)
{
	FusionAudit audit;

	fusion_audit(&fusion_region, &audit);
	return audit.control_slots_held < fusion_region.control_slot_count && audit.free_pages >= permits;
}

FusionSession *
fusion_session_open(MemoryContext owner, uint32 permits_scan, uint32 permits_result)
{
	FusionSession *session;
	MemoryContextCallback *callback;

	if (!fusion_region_available())
		ereport(ERROR,
				(errcode(ERRCODE_CANNOT_CONNECT_NOW),
				 errmsg("pg_fusion: not available in this server process"),
				 errhint("See the server log from the last start. "
						 "With pg_fusion.enable = off PostgreSQL runs the statement.")));
	if ((uint64) permits_scan + permits_result > fusion_region.page_count)
		ereport(ERROR,
				(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
				 errmsg("pg_fusion: the statement needs at least %u pages, the pool has %u",
						permits_scan + permits_result, fusion_region.page_count),
				 errhint("Raise pg_fusion.page_count.")));

	callback = MemoryContextAllocZero(owner, sizeof(MemoryContextCallback));
	session = MemoryContextAllocZero(TopMemoryContext, sizeof(FusionSession));
	callback->func = owner_reset;
	callback->arg = session;
	MemoryContextRegisterResetCallback(owner, callback);

	acquire_control(session, permits_scan, permits_result);
	fusion_cleanup_add(&session->cleanup, GetCurrentSubTransactionId(), release_session);
	session->capture = fusion_capture_begin(session->lease);
	return session;
}

FusionLease
fusion_session_acquire_scan(FusionSession *session, uint16 leaf, uint16 producer)
{
	static uint32 wait_event = 0;
	TimestampTz started = GetCurrentTimestamp();
	long		delay = 1;
	FusionLease lease;

	if (session->scan_count == session->scan_capacity)
	{
		int			capacity = Max(4, session->scan_capacity * 2);
		FusionLease *scans = MemoryContextAlloc(TopMemoryContext, capacity * sizeof(FusionLease));

		if (session->scans)
		{
			memcpy(scans, session->scans, session->scan_count * sizeof(FusionLease));
			pfree(session->scans);
		}
		session->scans = scans;
		session->scan_capacity = capacity;
	}

	for (;;)
	{
		FusionStatus status = fusion_scan_acquire(&fusion_region, session->lease, leaf, producer, &lease);

		if (status == FUSION_OK)
			break;
		if (status == FUSION_STALE)
		{
			fusion_session_check_worker(session);
			fusion_session_violation(session, "the worker closed the session before it began");
		}
		if (elapsed_ms(started) >= SLOT_TIMEOUT_MS)
			ereport(ERROR,
					(errcode(ERRCODE_TOO_MANY_CONNECTIONS),
					 errmsg("pg_fusion: no free scan slot"),
					 errdetail("All %u slots were in use for %d seconds.",
							   fusion_region.scan_slot_count, SLOT_TIMEOUT_MS / 1000),
					 errhint("Raise pg_fusion.scan_slots, or run fewer statements at once.")));
		fusion_session_pause(delay, fusion_wait_event(&wait_event, "FusionSlot"));
		fusion_session_check_worker(session);
		delay = Min(delay * 2, RETRY_DELAY_MAX_MS);
	}
	session->scans[session->scan_count++] = lease;
	return lease;
}
