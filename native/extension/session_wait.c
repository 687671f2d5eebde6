/*
 * session_wait.c
 *    Sleeping of a session: one wait set over latch, postmaster death and the eventfds of its slots, with the announced
 *    sleep of native/shm/wake.h. No timeouts: whoever changes what is waited for rings, and the supervisor rings for a
 *    worker that died.
 */
#include "postgres.h"

#include <unistd.h>

#include "metrics.h"
#include "miscadmin.h"
#include "pg_compat.h"
#include "session_state.h"
#include "utils/memutils.h"

/* Latch and postmaster death come first in every set. */
#define FIXED_EVENTS 2
#define EVENTS_AT_ONCE 8

/*
 * Making a set costs half a dozen system calls, and the next session of this backend often gets the same slots,
 * so the last one is kept for whoever waits on the same descriptors.
 */
static WaitEventSet *kept_set = NULL;
static int *kept_fds = NULL;
static int	kept_count = 0;
static int	kept_capacity = 0;

static int
session_fd(const FusionSession *session, int index)
{
	return index == 0 ? fusion_control_wake_fd(session->lease.index)
		: fusion_scan_wake_fd(session->scans[index - 1].index);
}

static bool
kept_set_fits(const FusionSession *session)
{
	if (kept_set == NULL || kept_count != session->scan_count + 1)
		return false;
	for (int i = 0; i < kept_count; i++)
		if (kept_fds[i] != session_fd(session, i))
			return false;
	return true;
}

static WaitEventSet *
wait_set(const FusionSession *session)
{
	int			count = session->scan_count + 1;

	if (kept_set_fits(session))
		return kept_set;
	if (kept_set)
	{
		WaitEventSet *old = kept_set;

		kept_set = NULL;
		FreeWaitEventSet(old);
	}
	if (count > kept_capacity)
	{
		int		   *fds = MemoryContextAlloc(TopMemoryContext, count * 2 * sizeof(int));

		if (kept_fds)
			pfree(kept_fds);
		kept_fds = fds;
		kept_capacity = count * 2;
	}
	kept_set = fusion_create_wait_set(FIXED_EVENTS + count);
	/* No set fits until it is complete: an error below leaves one that is freed the next time. */
	kept_count = 0;
	AddWaitEventToSet(kept_set, WL_LATCH_SET, PGINVALID_SOCKET, MyLatch, NULL);
	AddWaitEventToSet(kept_set, WL_EXIT_ON_PM_DEATH, PGINVALID_SOCKET, NULL, NULL);
	for (int i = 0; i < count; i++)
	{
		kept_fds[i] = session_fd(session, i);
		AddWaitEventToSet(kept_set, WL_SOCKET_READABLE, kept_fds[i], NULL, NULL);
	}
	kept_count = count;
	return kept_set;
}

void
fusion_session_drop_waits(FusionSession *session)
{
	uint32		index = session->lease.index;

	/* Nobody sleeps or waits for pages here any more; a ring that comes late is an eventfd the next holder drains. */
	fusion_backend_sleeping(&fusion_region, index, false);
	fusion_page_wait_end(&fusion_region, FUSION_SLOT_CONTROL, index);
	for (int i = 0; i < session->scan_count; i++)
	{
		fusion_producer_sleeping(&fusion_region, session->scans[i].index, false);
		fusion_page_wait_end(&fusion_region, FUSION_SLOT_SCAN, session->scans[i].index);
	}
}

static void
set_sleeping(FusionSession *session, bool sleeping)
{
	fusion_backend_sleeping(&fusion_region, session->lease.index, sleeping);
	for (int i = 0; i < session->scan_count; i++)
		fusion_producer_sleeping(&fusion_region, session->scans[i].index, sleeping);
}

void
fusion_session_prepare_wait(FusionSession *session)
{
	/* Made before anything is announced: making it may fail. */
	wait_set(session);
	set_sleeping(session, true);
}

void
fusion_session_awake(FusionSession *session)
{
	set_sleeping(session, false);
}

void
fusion_session_wait(FusionSession *session, uint32 wait_event_info)
{
	WaitEvent	events[EVENTS_AT_ONCE];
	uint64		started;
	int			count;

	if (!fusion_session_worker_alive(session))
	{
		set_sleeping(session, false);
		fusion_session_worker_lost(session);
	}
	/* All it sent before has been read by now, and it ends no conversation by itself. */
	if (!fusion_lease_open(&fusion_region, FUSION_SLOT_CONTROL, session->lease))
		fusion_session_violation(session, "the worker closed the session before the end");

	started = fusion_now_ns();
	fusion_session_activity(session, FUSION_ACTIVITY_WAITING);
	count = WaitEventSetWait(wait_set(session), -1, events, EVENTS_AT_ONCE, wait_event_info);
	fusion_session_activity(session, FUSION_ACTIVITY_WORKING);
	fusion_count(FUSION_METRIC_SESSION_WAITS, 1);
	fusion_count(FUSION_METRIC_SESSION_WAIT_TIME, fusion_now_ns() - started);
	set_sleeping(session, false);
	for (int i = 0; i < count; i++)
	{
		uint64		rings;

		if ((events[i].events & WL_LATCH_SET) != 0)
			ResetLatch(MyLatch);
		else if ((events[i].events & WL_SOCKET_READABLE) != 0)
			/* Emptied, or the set would report it for ever; what it announced is looked for elsewhere. */
			(void) !read(events[i].fd, &rings, sizeof(rings));
	}
	fusion_session_check_interrupts(session);
}

void
fusion_session_pause(long delay_ms, uint32 wait_event_info)
{
	(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, delay_ms, wait_event_info);
	ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();
}
