/*
 * port_state.h
 *    What a port is made of, for the C files behind port.h (port.c, port_pages.c, and the test peer's). C++
 *    never sees it.
 */
#ifndef FUSION_PORT_STATE_H
#define FUSION_PORT_STATE_H

#include "byte_ring.h"
#include "page_pool.h"
#include "port.h"
#include "wake.h"

struct FusionPort
{
	FusionRegion region;
	FusionPortSide side;
	FusionWakeFds wakes;
	int			wake_fds[1 + FUSION_CONTROL_SLOTS_MAX + FUSION_SCAN_SLOTS_MAX];
};

/* Addon and shm number statuses and slot kinds alike; a cast converts. */
static_assert(sizeof(FusionPortFrame) == sizeof(FusionFrameHeader), "frame headers of port and ring");

#define SAME_NUMBER(a, b) static_assert((int) (a) == (int) (b), #a)

SAME_NUMBER(FUSION_PORT_OK, FUSION_OK);
SAME_NUMBER(FUSION_PORT_FULL, FUSION_FULL);
SAME_NUMBER(FUSION_PORT_EMPTY, FUSION_EMPTY);
SAME_NUMBER(FUSION_PORT_STALE, FUSION_STALE);
SAME_NUMBER(FUSION_PORT_CORRUPT, FUSION_CORRUPT);
SAME_NUMBER(FUSION_PORT_TOO_LARGE, FUSION_TOO_LARGE);
SAME_NUMBER(FUSION_PORT_MISMATCH, FUSION_MISMATCH);
SAME_NUMBER(FUSION_PORT_SYSTEM, FUSION_SYSTEM);
SAME_NUMBER(FUSION_PORT_CONTROL, FUSION_SLOT_CONTROL);
SAME_NUMBER(FUSION_PORT_SCAN, FUSION_SLOT_SCAN);

static inline FusionPage
fusion_port_page(const FusionPortPage *page)
{
	return (FusionPage) {
		.page = page->page,
		.generation = page->generation,
		.side = page->side,
		.control = {.index = page->control, .epoch = page->control_epoch}
	};
}

#endif							/* FUSION_PORT_STATE_H */
