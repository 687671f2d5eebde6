/*
 * wake.h
 *    Who sleeps and who must be signalled. Flags are exchanged on both sides (atomic read-modify-write): the
 *    store-then-recheck form loses wake-ups on ordinary x86.
 *
 *   sleeper: exchange(flag, 1); look again at everything it waits for; sleep; exchange(flag, 0)
 *   waker:   publish; if exchange(flag, 0) was 1: signal
 *
 * Signals: one eventfd for the worker's main loop, one per control slot, one per scan slot (made in the
 * postmaster, inherited); a futex word per executor thread. Descriptors are the caller's: this file only
 * decides and rings.
 */
#ifndef FUSION_WAKE_H
#define FUSION_WAKE_H

#include "slot.h"

/* The wake descriptors of a process: fds[0] = worker, then control slots, then scan slots. */
typedef struct FusionWakeFds
{
	int			worker;
	const int  *control;
	const int  *scan;
} FusionWakeFds;

/* Makes 1 + control_slot_count + scan_slot_count eventfds (non-blocking, close-on-exec) into fds. */
extern FusionStatus fusion_wake_create(int *fds, uint32_t count);

/* Backend -> worker main loop: frames stand in control slot `slot`'s ring. */
extern void fusion_wake_worker(const FusionRegion *region, const FusionWakeFds *fds, uint32_t slot);
/* Worker main loop: fetches and clears the doorbell bits of word `word` (0..15). */
extern uint64_t fusion_doorbell_take(const FusionRegion *region, uint32_t word);
/* Worker main loop: says it may sleep; false = news came, look again. */
extern bool fusion_worker_may_sleep(const FusionRegion *region);

/* Anyone -> executor thread that runs control slot `control` (no-op while none is assigned). */
extern void fusion_wake_executor_of(const FusionRegion *region, uint32_t control_slot);
extern void fusion_wake_executor(const FusionRegion *region, uint32_t executor);
/* Executor: blocks until its word moves from `seen` or timeout; returns the new value. Bounded: timeout_ms <= 1000. */
extern uint32_t fusion_executor_wait(const FusionRegion *region, uint32_t executor, uint32_t seen, uint32_t timeout_ms);
extern uint32_t fusion_executor_seen(const FusionRegion *region, uint32_t executor);

/* Worker -> backend of a control slot (result, frame, room); worker -> producer of a scan slot. */
extern void fusion_wake_backend(const FusionRegion *region, const FusionWakeFds *fds, uint32_t control_slot);
extern void fusion_wake_producer(const FusionRegion *region, const FusionWakeFds *fds, uint32_t scan_slot);

/* The callback for fusion_slots_detach_worker (arg: FusionWakeFds): signals whatever the flag says, because the dead
 * worker may have taken the flag and died before its signal. The supervisor then wakes page waiters too. */
extern void fusion_wake_regardless(void *fds, FusionSlotKind kind, uint32_t index);

/* Backend and producer: announce sleep / awake again. */
extern void fusion_backend_sleeping(const FusionRegion *region, uint32_t control_slot, bool sleeping);
extern void fusion_producer_sleeping(const FusionRegion *region, uint32_t scan_slot, bool sleeping);

/* Page waiters: announce before the last retry of fusion_page_acquire; the releaser wakes all who announced.
 * Executors that wait for a result page announce with kind CONTROL and are woken through their futex word too. */
extern void fusion_page_wait_begin(const FusionRegion *region, FusionSlotKind kind, uint32_t index);
extern void fusion_page_wait_end(const FusionRegion *region, FusionSlotKind kind, uint32_t index);
extern void fusion_wake_page_waiters(const FusionRegion *region, const FusionWakeFds *fds);

#endif							/* FUSION_WAKE_H */
