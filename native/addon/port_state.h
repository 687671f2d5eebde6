/*
 * port_state.h
 *    What a port is made of, for the C files behind port.h (port.c, port_pages.c, and the test peer's). C++ never sees it.
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

/* Addon and shm number their statuses alike; a cast converts. */
static_assert((int) FUSION_PORT_OK == (int) FUSION_OK && (int) FUSION_PORT_FULL == (int) FUSION_FULL &&
			  (int) FUSION_PORT_EMPTY == (int) FUSION_EMPTY && (int) FUSION_PORT_STALE == (int) FUSION_STALE &&
			  (int) FUSION_PORT_CORRUPT == (int) FUSION_CORRUPT && (int) FUSION_PORT_TOO_LARGE == (int) FUSION_TOO_LARGE &&
			  (int) FUSION_PORT_MISMATCH == (int) FUSION_MISMATCH && (int) FUSION_PORT_SYSTEM == (int) FUSION_SYSTEM,
			  "statuses of port.h and region.h");
static_assert((int) FUSION_PORT_CONTROL == (int) FUSION_SLOT_CONTROL && (int) FUSION_PORT_SCAN == (int) FUSION_SLOT_SCAN,
			  "slot kinds of port.h and slot.h");

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
