/*
 * page_pool.c
 *    Who holds a page: claim, reservation, release and the final sweep. Each step is one compare-and-swap of
 *    the page's owner word; that is its linearization point. Travelling through a ring is page_ring.c's,
 *    waiting for a page wake.c's.
 */
#include "page_pool.h"

#include "words.h"

/* Hints only: a killed process may leave them wrong, and every sweep counts anew. */
void
fusion_page_hint_returned(const FusionRegion *region, FusionPageWord was)
{
	if ((was.side & FUSION_PAGE_SIDE_HOME) == 0)
		/* Ordered before the look for waiters that follows: one who missed this page is woken for it. */
		atomic_fetch_add(&region->header->free_pages, 1);
	else if (was.slot < region->control_slot_count)
	{
		FusionControlSlot *slot = &region->control_slots[was.slot];

		atomic_fetch_sub_explicit((was.side & 1) == FUSION_PAGE_SIDE_SCAN ? &slot->used_scan : &slot->used_result, 1,
								  memory_order_relaxed);
	}
}

/* Claims one FREE page, turning it into `next` (whose generation is the page's). */
static bool
claim_free(const FusionRegion *region, FusionPageWord next, uint32_t *page, uint32_t *generation)
{
	uint32_t	start = atomic_load_explicit(&region->header->claim_cursor, memory_order_relaxed) % region->page_count;

	for (uint32_t i = 0; i < region->page_count; i++)
	{
		uint32_t	at = (start + i) % region->page_count;
		uint64_t	seen = atomic_load(&region->owner_words[at]);
		FusionPageWord w = fusion_page_unpack(seen);

		if (w.state != FUSION_PAGE_FREE)
			continue;
		next.generation = w.generation;
		if (!fusion_page_swap(region, at, &seen, next))
			continue;
		atomic_store_explicit(&region->header->claim_cursor, (at + 1) % region->page_count, memory_order_relaxed);
		atomic_fetch_sub_explicit(&region->header->free_pages, 1, memory_order_relaxed);
		*page = at;
		*generation = w.generation;
		return true;
	}
	return false;
}

/* Claims one page of the lease's own reservation. */
static bool
claim_reserved(const FusionRegion *region, FusionLease control, uint32_t side, uint32_t *page, uint32_t *generation)
{
	FusionControlSlot *slot = &region->control_slots[control.index];
	uint32_t	start = atomic_load_explicit(&slot->reservation_hint, memory_order_relaxed) % region->page_count;

	for (uint32_t i = 0; i < region->page_count; i++)
	{
		uint32_t	at = (start + i) % region->page_count;
		uint64_t	seen = atomic_load(&region->owner_words[at]);
		FusionPageWord w = fusion_page_unpack(seen);

		if (w.state != FUSION_PAGE_RESERVED || (w.side & 1) != side || !fusion_page_owned_by(w, control))
			continue;
		w.state = FUSION_PAGE_LEASED;
		if (!fusion_page_swap(region, at, &seen, w))
			continue;
		atomic_fetch_add_explicit(side == FUSION_PAGE_SIDE_SCAN ? &slot->used_scan : &slot->used_result, 1,
								  memory_order_relaxed);
		*page = at;
		*generation = w.generation;
		return true;
	}
	return false;
}

FusionStatus
fusion_pages_reserve(const FusionRegion *region, FusionLease control, uint32_t side, uint32_t count)
{
	FusionControlSlot *slot = &region->control_slots[control.index];
	FusionPageWord next = {
		.epoch = (uint16_t) control.epoch,
		.slot = (uint16_t) control.index,
		.side = (uint8_t) (side | FUSION_PAGE_SIDE_HOME),
		.state = FUSION_PAGE_RESERVED
	};

	if (count > region->page_count)
		return FUSION_FULL;
	for (uint32_t i = 0; i < count; i++)
	{
		uint32_t	page;
		uint32_t	generation;

		/* What was kept so far goes back with the slot, which the caller gives up. */
		if (!claim_free(region, next, &page, &generation))
			return FUSION_FULL;
		if (i == 0 && side == FUSION_PAGE_SIDE_SCAN)
			atomic_store_explicit(&slot->reservation_hint, page, memory_order_relaxed);
	}
	atomic_store(side == FUSION_PAGE_SIDE_SCAN ? &slot->reserved_scan : &slot->reserved_result, count);
	return FUSION_OK;
}

/* A hint: whether some page of the reservation seems unused. */
static bool
reservation_left(FusionControlSlot *slot, uint32_t side)
{
	bool		scan = side == FUSION_PAGE_SIDE_SCAN;
	uint32_t	used = atomic_load_explicit(scan ? &slot->used_scan : &slot->used_result, memory_order_relaxed);
	uint32_t	kept = atomic_load_explicit(scan ? &slot->reserved_scan : &slot->reserved_result, memory_order_relaxed);

	return used < kept;
}

static FusionStatus
acquire(const FusionRegion *region, FusionLease control, uint32_t side, bool free_too, FusionPage *page)
{
	FusionPageWord next = {
		.epoch = (uint16_t) control.epoch,
		.slot = (uint16_t) control.index,
		.side = (uint8_t) side,
		.state = FUSION_PAGE_LEASED
	};
	FusionControlSlot *slot;
	bool		reserved_first;

	if (side > FUSION_PAGE_SIDE_RESULT || !fusion_lease_open(region, FUSION_SLOT_CONTROL, control))
		return FUSION_STALE;
	slot = &region->control_slots[control.index];
	page->side = side;
	page->control = control;

	/* The counters only choose which look-up comes first; both are made before the pool is called full. */
	reserved_first = reservation_left(slot, side);
	if (!(reserved_first && claim_reserved(region, control, side, &page->page, &page->generation)) &&
		!(free_too && claim_free(region, next, &page->page, &page->generation)) &&
		!(!reserved_first && claim_reserved(region, control, side, &page->page, &page->generation)))
		return FUSION_FULL;

	/* The last owner drops its bit before it sweeps: it saw this page, or we see that it is gone. */
	if (!fusion_lease_open(region, FUSION_SLOT_CONTROL, control))
	{
		fusion_page_release(region, page);
		return FUSION_STALE;
	}
	return FUSION_OK;
}

FusionStatus
fusion_page_acquire(const FusionRegion *region, FusionLease control, uint32_t side, FusionPage *page)
{
	return acquire(region, control, side, true, page);
}

FusionStatus
fusion_page_acquire_leaving(const FusionRegion *region, FusionLease control, uint32_t side, uint32_t left,
							FusionPage *page)
{
	/* A hint that is wrong makes a producer slower or less modest, until the next sweep counts anew. */
	return acquire(region, control, side, atomic_load(&region->header->free_pages) > left, page);
}

/* Reads the owner word; false when the handle no longer names what it says. */
static bool
read_held(const FusionRegion *region, const FusionPage *page, uint64_t *seen, FusionPageWord *w)
{
	if (page->page >= region->page_count)
		return false;
	*seen = atomic_load(&region->owner_words[page->page]);
	*w = fusion_page_unpack(*seen);
	return (w->state == FUSION_PAGE_LEASED || w->state == FUSION_PAGE_IMPORTED) && w->generation == page->generation &&
		(w->side & 1) == page->side && fusion_page_owned_by(*w, page->control);
}

bool
fusion_page_held(const FusionRegion *region, const FusionPage *page)
{
	uint64_t	seen;
	FusionPageWord w;

	return read_held(region, page, &seen, &w);
}

FusionStatus
fusion_page_release(const FusionRegion *region, const FusionPage *page)
{
	uint64_t	seen;
	FusionPageWord w;

	/* Only a sweep of an ended lease competes for a held page, and then the page is no longer ours. */
	if (!read_held(region, page, &seen, &w) || !fusion_page_swap(region, page->page, &seen, fusion_page_at_home(w)))
		return FUSION_STALE;
	fusion_page_hint_returned(region, w);

	/* The next claim takes the lowest free page: going round the pool, every page would come from memory again. */
	if (page->page < atomic_load_explicit(&region->header->claim_cursor, memory_order_relaxed))
		atomic_store_explicit(&region->header->claim_cursor, page->page, memory_order_relaxed);
	return FUSION_OK;
}

uint32_t
fusion_pages_sweep(const FusionRegion *region, FusionLease control)
{
	uint32_t	held = 0;
	uint32_t	free_pages = 0;

	for (uint32_t i = 0; i < region->page_count; i++)
	{
		uint64_t	seen = atomic_load(&region->owner_words[i]);
		FusionPageWord w = fusion_page_unpack(seen);

		for (int attempt = 0; attempt < FUSION_CAS_ATTEMPTS && fusion_page_owned_by(w, control); attempt++)
		{
			FusionPageWord next = {.generation = w.generation + 1, .state = FUSION_PAGE_FREE};

			if (fusion_page_swap(region, i, &seen, next))
			{
				held += w.state != FUSION_PAGE_RESERVED;
				w = next;
			}
			else
				w = fusion_page_unpack(seen);
		}
		free_pages += w.state == FUSION_PAGE_FREE;
	}
	atomic_store(&region->header->free_pages, free_pages);
	return held;
}
