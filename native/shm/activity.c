/*
 * activity.c
 *    Reads slots, then scan slots, then owner words once each. See activity.h; what becomes of it is the extension's
 *    native/extension/activity.c.
 */
#include "activity.h"

#include <string.h>

#include "words.h"

#define NO_SESSION UINT16_MAX

static uint32_t
at_most(uint32_t value, uint32_t limit)
{
	return value < limit ? value : limit;
}

static bool
bit_is_set(const _Atomic uint64_t *words, uint32_t index)
{
	return ((atomic_load_explicit(&words[index / 64], memory_order_relaxed) >> (index % 64)) & 1) != 0;
}

static void
read_session(const FusionRegion *region, uint32_t index, FusionSlotWord w, FusionSessionActivity *session)
{
	FusionControlSlot *slot = &region->control_slots[index];
	uint32_t	machine = atomic_load(&slot->backend_machine);

	memset(session, 0, sizeof(*session));
	session->lease = (FusionLease) {.index = index, .epoch = w.epoch};
	session->closing = w.state == FUSION_SLOT_CLOSING;
	session->backend_pid = atomic_load(&slot->backend_pid);
	session->executor = at_most(atomic_load(&slot->executor), FUSION_EXECUTORS_MAX);
	session->machine = (machine >> 8) & 0xff;
	session->state = machine & 0xff;
	session->activity = at_most(atomic_load(&slot->backend_activity), FUSION_ACTIVITY_READ);
	session->started = atomic_load(&slot->started);
	session->permits_scan = at_most(atomic_load(&slot->reserved_scan), region->page_count);
	session->permits_result = at_most(atomic_load(&slot->reserved_result), region->page_count);
	session->result_pages = atomic_load_explicit(&slot->pages_issued, memory_order_relaxed);
	session->bytes_on_disk = atomic_load_explicit(&slot->bytes_on_disk, memory_order_relaxed);
	session->waits_for_page = bit_is_set(region->header->page_waiters_control, index);
}

/* The session of a slot under an epoch of which only the low bits may be known; NULL when there is none. */
static FusionSessionActivity *
session_of(const uint16_t *by_slot, FusionSessionActivity *sessions, uint32_t slot, uint32_t epoch, uint32_t mask)
{
	FusionSessionActivity *session;

	if (slot >= FUSION_CONTROL_SLOTS_MAX || by_slot[slot] == NO_SESSION)
		return NULL;
	session = &sessions[by_slot[slot]];
	return (session->lease.epoch & mask) == (epoch & mask) ? session : NULL;
}

static void
read_scans(const FusionRegion *region, const uint16_t *by_slot, FusionSessionActivity *sessions)
{
	for (uint32_t i = 0; i < region->scan_slot_count; i++)
	{
		FusionScanSlot *slot = &region->scan_slots[i];
		FusionSessionActivity *session;

		if (fusion_slot_unpack(atomic_load(&slot->word)).state == FUSION_SLOT_FREE)
			continue;
		session = session_of(by_slot, sessions, atomic_load(&slot->control_slot), atomic_load(&slot->control_epoch),
							 UINT32_MAX);
		if (session == NULL)
			continue;
		session->producers++;
		session->rows_scanned += atomic_load_explicit(&slot->rows_produced, memory_order_relaxed);
		session->waits_for_page |= bit_is_set(region->header->page_waiters_scan, i);
		session->waits_for_ring |= atomic_load(&slot->pages.writer_waiting) != 0;
	}
}

static void
read_pages(const FusionRegion *region, const uint16_t *by_slot, FusionSessionActivity *sessions,
		   FusionPoolActivity *pool)
{
	for (uint32_t i = 0; i < region->page_count; i++)
	{
		FusionPageWord w = fusion_page_unpack(atomic_load_explicit(&region->owner_words[i], memory_order_relaxed));
		FusionSessionActivity *session;

		if (w.state == FUSION_PAGE_FREE)
		{
			pool->free_pages++;
			continue;
		}
		session = session_of(by_slot, sessions, w.slot, w.epoch, UINT16_MAX);
		if (session == NULL || w.state >= FUSION_PAGE_STATES)
			pool->orphans++;
		else
			session->pages[w.side & FUSION_PAGE_SIDE_RESULT][w.state]++;
	}
}

uint32_t
fusion_activity_read(const FusionRegion *region, FusionSessionActivity *sessions, FusionPoolActivity *pool)
{
	uint16_t	by_slot[FUSION_CONTROL_SLOTS_MAX];
	uint32_t	count = 0;

	memset(by_slot, 0xff, sizeof(by_slot));
	memset(pool, 0, sizeof(*pool));
	for (uint32_t i = 0; i < region->control_slot_count; i++)
	{
		FusionSlotWord w = fusion_slot_unpack(atomic_load(&region->control_slots[i].word));

		if (w.state == FUSION_SLOT_FREE)
			continue;
		by_slot[i] = (uint16_t) count;
		read_session(region, i, w, &sessions[count++]);
	}
	read_scans(region, by_slot, sessions);
	read_pages(region, by_slot, sessions, pool);
	return count;
}
