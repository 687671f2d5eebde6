/*
 * slot.h
 *    Leases of control slots and scan slots: one packed word each, changed by compare-and-swap only.
 *
 * word = lease_epoch:32 | generation:16 | owners:8 | state:8 (high to low).
 *
 *   FREE(owners 0) --acquire--> LEASED(B|W) --either side closes--> CLOSING --last owner detaches--> FREE
 *
 * lease_epoch rises with every acquisition and never repeats within a region; every handle and message carries it.
 * The backend side sets both owner bits at acquisition: the worker learns of the slot by its first frame.
 * A worker that dies never detaches; the supervisor does it for all slots of that worker generation.
 *
 * A producer in a process of its own (a parallel worker of the backend) owns its scan slot and the control slot too
 * while it may touch their pages: the backend can then let go at any moment, in any state, without waiting for it.
 */
#ifndef FUSION_SLOT_H
#define FUSION_SLOT_H

#include "region.h"

typedef struct FusionLease
{
	uint32_t	index;
	uint32_t	epoch;
} FusionLease;

typedef enum FusionSlotKind
{
	FUSION_SLOT_CONTROL,
	FUSION_SLOT_SCAN
} FusionSlotKind;

/* Worker link: {generation:32 | state:32} in header->worker_word. */
extern uint32_t fusion_worker_state(const FusionRegion *region, uint32_t *generation);
/* Supervisor: enters a state; entering STARTING raises the generation. Returns the generation. */
extern uint32_t fusion_worker_enter(const FusionRegion *region, uint32_t state, uint32_t pid);
/* Worker: STARTING -> READY for its own generation only; false when it was superseded. */
extern bool fusion_worker_ready(const FusionRegion *region, uint32_t generation, uint32_t executor_count);

/*
 * Leases a control slot for backend `pid` and reserves pages: FULL when no slot or too few free pages are left,
 * STALE when the worker is not READY. Resets the slot's rings and side words. All or nothing.
 */
extern FusionStatus fusion_control_acquire(const FusionRegion *region, uint32_t pid, uint32_t permits_scan,
										   uint32_t permits_result, FusionLease *lease);

/* Leases a scan slot for one producer of the execution that holds `control`. */
extern FusionStatus fusion_scan_acquire(const FusionRegion *region, FusionLease control, uint16_t leaf,
										uint16_t producer, FusionLease *lease);

/* Scan slots nobody holds, at some moment during the call. */
extern uint32_t fusion_scan_slots_free(const FusionRegion *region);

/* True while `lease` is the slot's current lease (LEASED or CLOSING). */
extern bool fusion_lease_current(const FusionRegion *region, FusionSlotKind kind, FusionLease lease);
/* True while it is LEASED: the peer has not begun to close. */
extern bool fusion_lease_open(const FusionRegion *region, FusionSlotKind kind, FusionLease lease);

/*
 * Takes `owner` (SLOT_OWNER_*) off the slot; idempotent, a stale lease is ignored. The last owner sweeps what the
 * lease still holds (pages of its epoch, reservations, ring contents) and frees the slot. Returns pages swept, a
 * number that is 0 unless the other side died: pages left in a ring by an early stop are not counted.
 *
 * Detaching a control slot detaches the same owner from the scan slots of that lease. The backend does so only after
 * its own producers ended; those in other processes leave by fusion_producer_detach. The caller then wakes page
 * waiters, and the backend also the worker (fusion_wake_worker): a worker that never heard of the lease learns from
 * the doorbell that it is to detach.
 */
extern uint32_t fusion_slot_detach(const FusionRegion *region, FusionSlotKind kind, FusionLease lease, uint32_t owner);

/* The owner bits of a control slot count this many producers. */
#define FUSION_PRODUCERS_ATTACHED_MAX 63

/*
 * A parallel worker of the backend joins as the producer of `scan`. False when either lease is not open any more,
 * the scan has such a producer already, or the count is full: then nothing is held.
 */
extern bool fusion_producer_attach(const FusionRegion *region, FusionLease control, FusionLease scan);

/* Once for each attach, when it has given back its pages; the caller then wakes page waiters. The last owner sweeps. */
extern void fusion_producer_detach(const FusionRegion *region, FusionLease control, FusionLease scan);

/*
 * Supervisor: detaches the worker from every slot opened with another generation than `current` (0: from all;
 * call it after fusion_worker_enter took the dead worker out of READY). Finishes what it died sweeping.
 * Returns slots detached; calls `wake(arg, control slot)` for each so that waiting backends notice.
 */
extern uint32_t fusion_slots_detach_worker(const FusionRegion *region, uint32_t current,
										   void (*wake) (void *arg, FusionSlotKind kind, uint32_t index), void *arg);

/* Exit callback of a backend: detaches the backend from every slot that carries its pid. */
extern uint32_t fusion_slots_detach_backend(const FusionRegion *region, uint32_t pid);

/*
 * Counts for the audit: slots not FREE, filters among them, pages in use, pages reserved (in use or not). All 0 when
 * nothing runs, free_pages apart.
 */
typedef struct FusionAudit
{
	uint32_t	control_slots_held;
	uint32_t	scan_slots_held;
	uint32_t	pages_held;
	uint32_t	permits_missing;
	uint32_t	free_pages;
	uint32_t	filters_held;
} FusionAudit;
extern void fusion_audit(const FusionRegion *region, FusionAudit *audit);

#endif							/* FUSION_SLOT_H */
