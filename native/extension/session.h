/*
 * session.h  (contract)
 *    One conversation of this backend with the worker: a leased control slot, its frames, and waiting.
 *
 * A session is opened for a planning conversation and, separately, for each execution. It is torn down by
 * fusion_session_close, which is idempotent, never throws and touches shared memory only, so that memory-context reset
 * callbacks, (sub)transaction callbacks and exit callbacks may all call it in any order.
 */
#ifndef FUSION_SESSION_H
#define FUSION_SESSION_H

#include "postgres.h"

#include "region_host.h"

typedef struct FusionSession FusionSession;

/* A received message; payload is palloc'd in the context given to receive and starts 8-byte aligned. Not yet verified. */
typedef struct FusionMessage
{
	uint16		type;			/* FusionMessageType */
	uint32		sequence;		/* sender's flight sequence */
	uint8	   *payload;
	size_t		length;
} FusionMessage;

/*
 * Leases a control slot with the given permits, waiting (interruptibly, bounded) while all are taken.
 * The session object lives in TopMemoryContext and on the cleanup list; `owner` gets a reset callback that closes it.
 * Errors: 57P03 "pg_fusion: worker is not ready", 53300 "pg_fusion: no free session slot", each with a hint.
 */
extern FusionSession *fusion_session_open(MemoryContext owner, uint32 permits_scan, uint32 permits_result);

extern FusionLease fusion_session_lease(const FusionSession *session);

/* Sends one message, in fragments if need be; waits for room interruptibly. 57P02-class error when the worker is gone. */
extern void fusion_session_send(FusionSession *session, uint16 type, const void *payload, size_t length);

/* Takes the next whole message if there is one. A malformed frame is an ERROR (protocol violation) that quarantines the session. */
extern bool fusion_session_receive(FusionSession *session, MemoryContext context, FusionMessage *message);

/*
 * Sleeps until the peer or a latch event has news: WaitEventSet {latch, postmaster death, the slot's eventfd}. CHECK_FOR_INTERRUPTS
 * inside. Call as: sleeping = true published first, re-check, then this; see fusion_session_prepare_wait.
 * ERROR when the worker of this session died ("pg_fusion: worker exited during the statement", 57P02 crash_shutdown class → ERRCODE_CONNECTION_FAILURE 08006).
 */
extern void fusion_session_prepare_wait(FusionSession *session);	/* announce sleep; re-check your conditions after it */
extern void fusion_session_wait(FusionSession *session, uint32 wait_event_info);
extern void fusion_session_awake(FusionSession *session);			/* conditions were met after all */

/* reason as CloseExecution.reason. Sends CloseExecution when there is room, sets the cancel word, detaches. */
extern void fusion_session_close(FusionSession *session, uint8 reason);

#endif							/* FUSION_SESSION_H */
