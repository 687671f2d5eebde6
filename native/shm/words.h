/*
 * words.h
 *    How the packed words are packed, and what slot.c and page_pool.c tell each other. Private to native/shm:
 *    the extension and the addon use slot.h and page_pool.h.
 *
 * Every mutation of a packed word is one compare-and-swap with sequentially consistent order, which is its
 * linearization point. Retry loops are bounded, because the memory they read may be written by a hostile peer.
 */
#ifndef FUSION_WORDS_H
#define FUSION_WORDS_H

#include <string.h>

#include "page_pool.h"

/* A lost compare-and-swap means another process made progress; honest contention ends within a few rounds. */
#define FUSION_CAS_ATTEMPTS 4096

/* Slot word: lease_epoch:32 | generation:16 | owners:8 | state:8 */
typedef struct FusionSlotWord
{
	uint32_t	epoch;
	uint16_t	generation;
	uint8_t		owners;
	uint8_t		state;
} FusionSlotWord;

static inline uint64_t
fusion_slot_pack(FusionSlotWord w)
{
	return ((uint64_t) w.epoch << 32) | ((uint64_t) w.generation << 16) | ((uint64_t) w.owners << 8) | w.state;
}

static inline FusionSlotWord
fusion_slot_unpack(uint64_t word)
{
	FusionSlotWord w = {
		.epoch = (uint32_t) (word >> 32),
		.generation = (uint16_t) (word >> 16),
		.owners = (uint8_t) (word >> 8),
		.state = (uint8_t) word
	};

	return w;
}

/* Owner word: generation:24 | lease_epoch:16 | slot:16 | side:4 | state:4. Bit 0 of side is PAGE_SIDE_*. */
#define FUSION_PAGE_GENERATION_MASK 0xffffffu
/* Bit 1 of side: the page returns to its execution's reservation, not to the pool. */
#define FUSION_PAGE_SIDE_HOME 2u

typedef struct FusionPageWord
{
	uint32_t	generation;
	uint16_t	epoch;
	uint16_t	slot;
	uint8_t		side;
	uint8_t		state;
} FusionPageWord;

static inline uint64_t
fusion_page_pack(FusionPageWord w)
{
	return ((uint64_t) (w.generation & FUSION_PAGE_GENERATION_MASK) << 40) | ((uint64_t) w.epoch << 24) |
		((uint64_t) w.slot << 8) | ((uint64_t) (w.side & 15) << 4) | (w.state & 15);
}

static inline FusionPageWord
fusion_page_unpack(uint64_t word)
{
	FusionPageWord w = {
		.generation = (uint32_t) (word >> 40),
		.epoch = (uint16_t) (word >> 24),
		.slot = (uint16_t) (word >> 8),
		.side = (uint8_t) ((word >> 4) & 15),
		.state = (uint8_t) (word & 15)
	};

	return w;
}

static inline bool
fusion_page_owned_by(FusionPageWord w, FusionLease control)
{
	return w.state != FUSION_PAGE_FREE && w.slot == control.index && w.epoch == (uint16_t) control.epoch;
}

/* The one way an owner word changes. */
static inline bool
fusion_page_swap(const FusionRegion *region, uint32_t page, uint64_t *seen, FusionPageWord next)
{
	return atomic_compare_exchange_strong(&region->owner_words[page], seen, fusion_page_pack(next));
}

/* The word after a page comes back from `w`: free, or reserved again for the lease it came from. */
static inline FusionPageWord
fusion_page_at_home(FusionPageWord w)
{
	FusionPageWord home = {.generation = w.generation + 1, .state = FUSION_PAGE_FREE};

	if ((w.side & FUSION_PAGE_SIDE_HOME) != 0)
	{
		home = w;
		home.generation++;
		home.state = FUSION_PAGE_RESERVED;
	}
	return home;
}

/* The packed word of a slot; NULL when the index is out of range. */
static inline _Atomic uint64_t *
fusion_slot_word(const FusionRegion *region, FusionSlotKind kind, uint32_t index)
{
	if (kind == FUSION_SLOT_CONTROL)
		return index < region->control_slot_count ? &region->control_slots[index].word : NULL;
	return index < region->scan_slot_count ? &region->scan_slots[index].word : NULL;
}

/* page_pool.c, for slot.c: keeps `count` free pages for one side of a lease. FULL: none is kept. */
extern FusionStatus fusion_pages_reserve(const FusionRegion *region, FusionLease control, uint32_t side,
										 uint32_t count);
/* Frees every page that carries the lease; returns how many were leased, issued or imported. */
extern uint32_t fusion_pages_sweep(const FusionRegion *region, FusionLease control);
extern void fusion_page_hint_returned(const FusionRegion *region, FusionPageWord was);
/* page_ring.c. Sends home the pages whose descriptors still stand in a ring that nobody will read again. */
extern void fusion_pages_drain_scan(const FusionRegion *region, FusionLease scan);
extern void fusion_pages_drain_results(const FusionRegion *region, FusionLease control);
extern void fusion_descriptor_ring_reset(FusionDescriptorRing *ring, uint32_t capacity);

/* region.c: where the two rings of a control slot lie, the one to the worker first. */
extern uint64_t fusion_control_rings_offset(const FusionRegion *region, uint32_t index);

#endif							/* FUSION_WORDS_H */
