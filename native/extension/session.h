/*
 * session.h 
 *    One conversation of this backend with the worker: a leased control slot, its frames, and waiting.
 *
 * A session is opened for a planning conversation and, separately, for each execution. It is torn down by
 * fusion_session_close, which is idempotent, never throws and touches shared memory only, so that memory-context reset
 * callbacks, (sub)transaction callbacks and exit callbacks may all call it in any order.
 *
 * The first message decides which machine the session runs: PlanRequest planning_backend, StartExecution
 * execution_backend (src/actors). Every message sent or received is an event of it; a message without a place
 * there is a protocol violation. When the machine ends the conversation, the session closes by itself.
 */
#ifndef FUSION_SESSION_H
#define FUSION_SESSION_H

#include "postgres.h"

#include "nodes/params.h"
#include "region_host.h"

typedef struct FusionSession FusionSession;

/* CloseExecution.reason. */
typedef enum FusionCloseReason
{
	FUSION_CLOSE_FINISHED = 0,
	FUSION_CLOSE_ENOUGH = 1,
	FUSION_CLOSE_CANCELLED = 2,
	FUSION_CLOSE_BACKEND_ERROR = 3
} FusionCloseReason;

/*
 * A received message; payload is palloc'd in the context given to receive and starts 8-byte aligned. Not yet
 * verified.
 */
typedef struct FusionMessage
{
	uint16		type;			/* FusionMessageType */
	uint32		sequence;		/* sender's flight sequence */
	uint8	   *payload;
	size_t		length;
} FusionMessage;

/*
 * Leases a control slot with the given permits, waiting (interruptibly, bounded) while all are taken or the
 * worker restarts. The session object lives in TopMemoryContext and on the cleanup list; `owner` gets a reset
 * callback that closes and frees it: the pointer is good, closed or not, for as long as `owner` is. Errors:
 * 57P03 "pg_fusion: the worker is not ready", 53300 "pg_fusion: no free session slot", each with a hint.
 */
extern FusionSession *fusion_session_open(MemoryContext owner, uint32 permits_scan, uint32 permits_result);

/*
 * Whether fusion_session_open() would find a slot and pages for these permits now, without waiting. For planning:
 * cursors that nobody fetches from may hold both for long.
 */
extern bool fusion_session_has_room(uint32 permits);

/*
 * Whose abort ends the session; at first the subtransaction that opened it. A cursor belongs to the one that
 * declared it.
 */
extern void fusion_session_set_subtransaction(FusionSession *session, SubTransactionId subtransaction);

/* Called once when the session closes, while its leases still hold: pages are given back here. Must not throw. */
extern void fusion_session_on_close(FusionSession *session, void (*callback) (void *arg), void *arg);

/*
 * Leases a scan slot of this session; its wake descriptor joins the session's waits. 53300 "pg_fusion: no free
 * scan slot".
 */
extern FusionLease fusion_session_acquire_scan(FusionSession *session, uint16 leaf, uint16 producer);

extern FusionLease fusion_session_lease(const FusionSession *session);
extern bool fusion_session_closed(const FusionSession *session);

/* Sends one message, in fragments if need be; waits for room interruptibly. ERROR 08006 when the worker is gone. */
extern void fusion_session_send(FusionSession *session, uint16 type, const void *payload, size_t length);

/*
 * Takes the next whole message if there is one. A malformed frame is an ERROR (protocol violation) that ends
 * the session.
 */
extern bool fusion_session_receive(FusionSession *session, MemoryContext context, FusionMessage *message);

/* An event of the session's machine that is no message (a page, the end of the result). Violations are an ERROR. */
extern void fusion_session_event(FusionSession *session, int event, uint32 argument);

/* Records a step of a result page (machine page_lease). */
extern void fusion_session_page(const FusionSession *session, bool imported, const FusionPage *page);

/*
 * Counts the violation, closes the session and raises ERRCODE_PROTOCOL_VIOLATION; `what` completes "pg_fusion:
 * protocol violation: ".
 */
extern _Noreturn void fusion_session_violation(FusionSession *session, const char *what);

/* ERROR 08006 when the worker this session was opened with is gone. */
extern void fusion_session_check_worker(FusionSession *session);

/* Adds the statement's parameters to its trace, if it has one that holds data. */
extern void fusion_session_parameters(const FusionSession *session, ParamListInfo parameters);

/* In a PG_CATCH: keeps why the error came, for the record of the end. */
extern void fusion_session_note_error(FusionSession *session);

/* CHECK_FOR_INTERRUPTS that ends the conversation as cancelled first, so that the worker stops at once. */
extern void fusion_session_check_interrupts(FusionSession *session);

/*
 * Sleeps until the peer or a latch event has news: WaitEventSet {latch, postmaster death, the eventfds of the
 * slot and of its scan slots}. CHECK_FOR_INTERRUPTS inside. Call as: prepare_wait (announces sleep), look again
 * at all you wait for, then wait, or awake when there was something after all.
 */
extern void fusion_session_prepare_wait(FusionSession *session);
extern void fusion_session_wait(FusionSession *session, uint32 wait_event_info);
extern void fusion_session_awake(FusionSession *session);

/* Says what this backend does with the session (FUSION_ACTIVITY_*), for pg_stat_fusion_activity. */
extern void fusion_session_activity(const FusionSession *session, uint32 activity);

/* Ends the conversation: sends CloseExecution when there is room, sets the cancel word, detaches, wakes the worker. */
extern void fusion_session_close(FusionSession *session, uint8 reason);

#endif							/* FUSION_SESSION_H */
