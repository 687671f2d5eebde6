/*
 * session_state.h
 *    The inside of a session, shared by session.c (leases and their end), session_messages.c (frames) and
 *    session_wait.c (sleeping). Everyone else uses session.h.
 */
#ifndef FUSION_SESSION_STATE_H
#define FUSION_SESSION_STATE_H

#include "postgres.h"

#include "actor.h"
#include "cleanup.h"
#include "session.h"

struct FusionSession
{
	FusionCleanup cleanup;		/* first: cleanup.c's item is the session */
	bool		open;			/* the control lease is ours */
	FusionLease lease;
	uint32		generation;		/* of the worker it was opened with */
	FusionActor actor;			/* planning_backend or execution_backend, once a message said which */
	uint32		close_cause;	/* FUSION_CLOSE_CAUSE_* of an early end; 0: not known */
	FusionCapture *capture;		/* this backend's part of the trace; NULL: none */

	FusionLease *scans;			/* in TopMemoryContext */
	int			scan_count;
	int			scan_capacity;

	uint8	   *partial;		/* fragments of an unfinished message, in TopMemoryContext */
	size_t		partial_length;
	size_t		partial_capacity;
	uint16		partial_type;
	uint32		partial_sequence;

	void		(*on_close) (void *arg);
	void	   *on_close_arg;
};

/* The worker of this generation is up. */
extern bool fusion_session_worker_alive(const FusionSession *session);

/* Raises 08006 after closing. */
extern _Noreturn void fusion_session_worker_lost(FusionSession *session);

/* Steps the machine; closes the session when that is among the effects. False when the event has no place. */
extern bool fusion_session_step(FusionSession *session, int event, uint32 argument, uint32 cause);

/* session_messages.c: puts CloseExecution into the ring when there is room. Never throws. */
extern void fusion_session_push_close(FusionSession *session, uint8 reason);

/* session_wait.c: forgets wait sets that name descriptors of this session. Never throws. */
extern void fusion_session_drop_waits(FusionSession *session);

/* Sleeps up to `delay_ms` for the latch; for what no descriptor announces: a free slot, a worker that restarts. */
extern void fusion_session_pause(long delay_ms, uint32 wait_event_info);

#endif							/* FUSION_SESSION_STATE_H */
