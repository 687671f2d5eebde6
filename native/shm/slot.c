/*
 * slot.c
 *    Leases of control and scan slots, the worker link, and the clean-up that follows the last owner.
 *    Pages are page_pool.c's: this file only asks for reservations and sweeps.
 *
 * Two races shape it, both settled by the same argument (each side writes its word, then reads the other's, all
 * sequentially consistent, so at least one sees the other):
 *   acquire against worker death: publish the slot, re-read the worker word  |  bump the worker word, sweep the slots
 *   scan acquire against closing: publish the scan slot, re-read the control |  close the control, sweep its scan slots
 *
 * A process killed inside any function here leaves words from which another can finish: a closing slot without
 * owners is swept again, and sweeping twice does nothing the second time.
 */
#include "slot.h"

#include "byte_ring.h"
#include "runtime_filter.h"
#include "words.h"

/* Backend and worker, without whom nothing is acquired. Producers' bits lie above. */
#define OWNERS_BOTH (FUSION_SLOT_OWNER_BACKEND | FUSION_SLOT_OWNER_WORKER)

uint32_t
fusion_worker_state(const FusionRegion *region, uint32_t *generation)
{
	uint64_t	word = atomic_load(&region->header->worker_word);

	if (generation != NULL)
		*generation = (uint32_t) (word >> 32);
	return (uint32_t) word;
}

uint32_t
fusion_worker_enter(const FusionRegion *region, uint32_t state, uint32_t pid)
{
	uint64_t	word = atomic_load(&region->header->worker_word);
	uint32_t	generation = 0;

	atomic_store(&region->header->worker_pid, pid);
	for (int attempt = 0; attempt < FUSION_CAS_ATTEMPTS; attempt++)
	{
		generation = (uint32_t) (word >> 32);
		/* Generation 0 means "none" to callers, so the rise skips it. */
		if (state == FUSION_WORKER_STARTING && ++generation == 0)
			generation = 1;
		if (atomic_compare_exchange_strong(&region->header->worker_word, &word, ((uint64_t) generation << 32) | state))
			break;
	}
	return generation;
}

bool
fusion_worker_ready(const FusionRegion *region, uint32_t generation, uint32_t executor_count)
{
	uint64_t	expected = ((uint64_t) generation << 32) | FUSION_WORKER_STARTING;

	if (executor_count == 0 || executor_count > FUSION_EXECUTORS_MAX ||
		atomic_load(&region->header->worker_word) != expected)
		return false;
	region->header->executor_count = executor_count;
	return atomic_compare_exchange_strong(&region->header->worker_word, &expected,
										  ((uint64_t) generation << 32) | FUSION_WORKER_READY);
}

/*
 * Claims a free slot for the backend alone, so that nobody else touches it until publish(). Starts at `start`, which
 * spreads leases: an epoch counter that reaches its end retires the slot for good.
 */
static bool
claim(const FusionRegion *region, FusionSlotKind kind, uint32_t start, FusionLease *lease)
{
	uint32_t	count = kind == FUSION_SLOT_CONTROL ? region->control_slot_count : region->scan_slot_count;

	for (uint32_t i = 0; i < count; i++)
	{
		uint32_t	index = (start + i) % count;
		_Atomic uint64_t *at = fusion_slot_word(region, kind, index);
		uint64_t	word = atomic_load(at);
		FusionSlotWord w = fusion_slot_unpack(word);

		if (w.state != FUSION_SLOT_FREE || w.owners != 0 || w.epoch == UINT32_MAX)
			continue;
		w.epoch++;
		w.owners = FUSION_SLOT_OWNER_BACKEND;
		w.state = FUSION_SLOT_LEASED;
		if (atomic_compare_exchange_strong(at, &word, fusion_slot_pack(w)))
		{
			*lease = (FusionLease) {.index = index, .epoch = w.epoch};
			return true;
		}
	}
	return false;
}

/* Between claim() and publish(): its fields may still be those of the lease before. */
static bool
being_acquired(FusionSlotWord w)
{
	return w.state == FUSION_SLOT_LEASED && w.owners == FUSION_SLOT_OWNER_BACKEND;
}

/* Linearization point of an acquisition: both owner bits and the worker's generation appear at once. */
static bool
publish(const FusionRegion *region, FusionSlotKind kind, FusionLease lease, uint32_t generation)
{
	_Atomic uint64_t *at = fusion_slot_word(region, kind, lease.index);
	uint64_t	word = atomic_load(at);
	FusionSlotWord w = fusion_slot_unpack(word);

	if (w.epoch != lease.epoch || !being_acquired(w))
		return false;
	w.owners = OWNERS_BOTH;
	w.generation = (uint16_t) generation;
	return atomic_compare_exchange_strong(at, &word, fusion_slot_pack(w));
}

static void
clear_bit(_Atomic uint64_t *words, uint32_t index)
{
	atomic_fetch_and(&words[index / 64], ~(1ull << (index % 64)));
}

static void
reset_control(const FusionRegion *region, FusionLease lease, uint32_t pid, uint32_t generation)
{
	FusionControlSlot *slot = &region->control_slots[lease.index];
	uint64_t	rings = fusion_control_rings_offset(region, lease.index);

	atomic_store(&slot->backend_pid, pid);
	atomic_store(&slot->worker_generation, generation);
	atomic_store(&slot->cancel_requested, 0);
	atomic_store(&slot->executor, FUSION_EXECUTORS_MAX);
	atomic_store(&slot->result_sleeping, 0);
	atomic_store(&slot->reserved_scan, 0);
	atomic_store(&slot->reserved_result, 0);
	atomic_store(&slot->used_scan, 0);
	atomic_store(&slot->used_result, 0);
	atomic_store(&slot->reservation_hint, 0);
	atomic_store(&slot->pages_issued, 0);
	atomic_store(&slot->bytes_issued, 0);
	atomic_store(&slot->started, 0);
	atomic_store(&slot->bytes_on_disk, 0);
	atomic_store(&slot->backend_machine, 0);
	atomic_store(&slot->backend_activity, FUSION_ACTIVITY_WORKING);
	atomic_store(&slot->recording, 0);
	fusion_ring_reset(&slot->to_worker, region->control_ring_bytes, rings);
	fusion_ring_reset(&slot->to_backend, region->control_ring_bytes, rings + region->control_ring_bytes);
	fusion_descriptor_ring_reset(&slot->results, FUSION_RESULT_RING_DESCRIPTORS);
	clear_bit(region->header->page_waiters_control, lease.index);
}

FusionStatus
fusion_control_acquire(const FusionRegion *region, uint32_t pid, uint32_t permits_scan,
					   uint32_t permits_result, FusionLease *lease)
{
	uint64_t	worker = atomic_load(&region->header->worker_word);
	uint32_t	generation = (uint32_t) (worker >> 32);
	FusionStatus status;

	if ((uint32_t) worker != FUSION_WORKER_READY)
		return FUSION_STALE;
	if (!claim(region, FUSION_SLOT_CONTROL, pid % region->control_slot_count, lease))
		return FUSION_FULL;
	reset_control(region, *lease, pid, generation);
	status = fusion_pages_reserve(region, *lease, FUSION_PAGE_SIDE_SCAN, permits_scan);
	if (status == FUSION_OK)
		status = fusion_pages_reserve(region, *lease, FUSION_PAGE_SIDE_RESULT, permits_result);
	if (status == FUSION_OK && !publish(region, FUSION_SLOT_CONTROL, *lease, generation))
		status = FUSION_CORRUPT;
	/* The supervisor bumps this word before it sweeps the slots: it saw ours, or we see its bump. */
	if (status == FUSION_OK && atomic_load(&region->header->worker_word) != worker)
		status = FUSION_STALE;
	if (status != FUSION_OK)
		fusion_slot_detach(region, FUSION_SLOT_CONTROL, *lease, OWNERS_BOTH);
	return status;
}

static void
reset_scan(const FusionRegion *region, FusionLease lease, FusionLease control, uint16_t leaf, uint16_t producer)
{
	FusionScanSlot *slot = &region->scan_slots[lease.index];
	uint64_t	rings = (uint64_t) (slot->ring_bytes - region->base);

	atomic_store(&slot->control_slot, control.index);
	atomic_store(&slot->control_epoch, control.epoch);
	atomic_store(&slot->leaf, leaf);
	atomic_store(&slot->producer, producer);
	atomic_store(&slot->stop_requested, 0);
	atomic_store(&slot->sleeping, 0);
	atomic_store(&slot->opened, 0);
	atomic_store(&slot->rows_produced, 0);
	fusion_ring_reset(&slot->to_producer, FUSION_SCAN_CONTROL_RING_BYTES, rings);
	fusion_ring_reset(&slot->to_worker, FUSION_SCAN_CONTROL_RING_BYTES, rings + FUSION_SCAN_CONTROL_RING_BYTES);
	fusion_descriptor_ring_reset(&slot->pages, FUSION_SCAN_RING_DESCRIPTORS);
	clear_bit(region->header->page_waiters_scan, lease.index);
}

FusionStatus
fusion_scan_acquire(const FusionRegion *region, FusionLease control, uint16_t leaf,
					uint16_t producer, FusionLease *lease)
{
	uint64_t	worker = atomic_load(&region->header->worker_word);
	FusionSlotWord owner;

	if (!fusion_lease_open(region, FUSION_SLOT_CONTROL, control) || (uint32_t) worker != FUSION_WORKER_READY)
		return FUSION_STALE;
	owner = fusion_slot_unpack(atomic_load(&region->control_slots[control.index].word));
	if (owner.generation != (uint16_t) (worker >> 32))
		return FUSION_STALE;
	/* Neighbours of one execution start apart, so that concurrent statements seldom meet on a word. */
	if (!claim(region, FUSION_SLOT_SCAN, (control.index * 2 + producer) % region->scan_slot_count, lease))
		return FUSION_FULL;
	reset_scan(region, *lease, control, leaf, producer);
	if (!publish(region, FUSION_SLOT_SCAN, *lease, owner.generation) ||
		!fusion_lease_open(region, FUSION_SLOT_CONTROL, control) ||
		atomic_load(&region->header->worker_word) != worker)
	{
		fusion_slot_detach(region, FUSION_SLOT_SCAN, *lease, OWNERS_BOTH);
		return FUSION_STALE;
	}
	return FUSION_OK;
}

uint32_t
fusion_scan_slots_free(const FusionRegion *region)
{
	uint32_t	count = 0;

	for (uint32_t i = 0; i < region->scan_slot_count; i++)
		count += fusion_slot_unpack(atomic_load(&region->scan_slots[i].word)).state == FUSION_SLOT_FREE;
	return count;
}

static bool
lease_in(const FusionRegion *region, FusionSlotKind kind, FusionLease lease, bool closing_too)
{
	_Atomic uint64_t *at = fusion_slot_word(region, kind, lease.index);
	FusionSlotWord w;

	if (at == NULL)
		return false;
	w = fusion_slot_unpack(atomic_load(at));
	return w.epoch == lease.epoch && w.owners != 0 &&
		(w.state == FUSION_SLOT_LEASED || (closing_too && w.state == FUSION_SLOT_CLOSING));
}

bool
fusion_lease_current(const FusionRegion *region, FusionSlotKind kind, FusionLease lease)
{
	return lease_in(region, kind, lease, true);
}

bool
fusion_lease_open(const FusionRegion *region, FusionSlotKind kind, FusionLease lease)
{
	return lease_in(region, kind, lease, false);
}

/* Scan slots of a control lease lose the same owner: the worker may never have heard of them. */
static void
detach_scans_of(const FusionRegion *region, FusionLease control, uint32_t owner)
{
	for (uint32_t i = 0; i < region->scan_slot_count; i++)
	{
		FusionScanSlot *slot = &region->scan_slots[i];
		FusionSlotWord w = fusion_slot_unpack(atomic_load(&slot->word));

		if ((w.owners & owner) != 0 && !being_acquired(w) && atomic_load(&slot->control_slot) == control.index &&
			atomic_load(&slot->control_epoch) == control.epoch)
			fusion_slot_detach(region, FUSION_SLOT_SCAN, (FusionLease) {.index = i, .epoch = w.epoch}, owner);
	}
}

/*
 * The slot is CLOSING without owners: returns what the lease holds, then frees the slot (linearization point: the last
 * compare-and-swap). Two processes may do this at once, or one after the other died half-way.
 */
static uint32_t
finish(const FusionRegion *region, FusionSlotKind kind, FusionLease lease)
{
	_Atomic uint64_t *at = fusion_slot_word(region, kind, lease.index);
	uint32_t	swept = 0;
	uint64_t	word;
	FusionSlotWord w;

	if (kind == FUSION_SLOT_SCAN)
		fusion_pages_drain_scan(region, lease);
	else
	{
		/* A scan slot published while its control closed still has an owner here; nobody else will take it off. */
		detach_scans_of(region, lease, OWNERS_BOTH);
		fusion_filters_release(region, lease);
		fusion_pages_drain_results(region, lease);
		swept = fusion_pages_sweep(region, lease);
		if (swept > 0)
			atomic_fetch_add(&region->header->swept_pages, swept);
	}
	word = atomic_load(at);
	w = fusion_slot_unpack(word);
	if (w.epoch == lease.epoch && w.owners == 0 && w.state == FUSION_SLOT_CLOSING)
	{
		w.state = FUSION_SLOT_FREE;
		atomic_compare_exchange_strong(at, &word, fusion_slot_pack(w));
	}
	return swept;
}

uint32_t
fusion_slot_detach(const FusionRegion *region, FusionSlotKind kind, FusionLease lease, uint32_t owner)
{
	_Atomic uint64_t *at = fusion_slot_word(region, kind, lease.index);
	uint64_t	word;
	FusionSlotWord w;
	bool		done = false;

	if (at == NULL)
		return 0;
	word = atomic_load(at);
	w = fusion_slot_unpack(word);
	if (w.epoch != lease.epoch || w.state == FUSION_SLOT_FREE || (w.owners & owner) == 0)
		return 0;
	if (kind == FUSION_SLOT_CONTROL)
	{
		/* Scans first: whoever looks only at a scan slot sees the closing too. */
		detach_scans_of(region, lease, owner);
		/* Only the backend's bit guards this field; cleared first, it never names a later holder's slot. */
		if ((w.owners & owner & FUSION_SLOT_OWNER_BACKEND) != 0)
			atomic_store(&region->control_slots[lease.index].backend_pid, 0);
	}
	for (int attempt = 0; attempt < FUSION_CAS_ATTEMPTS && !done; attempt++)
	{
		w = fusion_slot_unpack(word);
		if (w.epoch != lease.epoch || w.state == FUSION_SLOT_FREE || (w.owners & owner) == 0)
			return 0;
		w.owners &= (uint8_t) ~owner;
		w.state = FUSION_SLOT_CLOSING;
		/* Linearization point: the peer sees the closing, the acquirer of a scan slot backs out. */
		done = atomic_compare_exchange_strong(at, &word, fusion_slot_pack(w));
	}
	if (!done)
		return 0;
	return w.owners == 0 ? finish(region, kind, lease) : 0;
}

/* Makes a producer one more owner of an open slot. */
static bool
join(const FusionRegion *region, FusionSlotKind kind, FusionLease lease)
{
	_Atomic uint64_t *at = fusion_slot_word(region, kind, lease.index);
	uint64_t	word;

	if (at == NULL)
		return false;
	word = atomic_load(at);
	for (int attempt = 0; attempt < FUSION_CAS_ATTEMPTS; attempt++)
	{
		FusionSlotWord w = fusion_slot_unpack(word);
		uint32_t	limit = kind == FUSION_SLOT_CONTROL ? FUSION_PRODUCERS_ATTACHED_MAX : 1;

		if (w.epoch != lease.epoch || w.state != FUSION_SLOT_LEASED || (w.owners & OWNERS_BOTH) != OWNERS_BOTH ||
			w.owners / FUSION_SLOT_OWNER_PRODUCER >= limit)
			return false;
		w.owners += FUSION_SLOT_OWNER_PRODUCER;
		if (atomic_compare_exchange_strong(at, &word, fusion_slot_pack(w)))
			return true;
	}
	return false;
}

/* A slot whose other owners are gone is CLOSING, and the producer that leaves it last finishes it. */
static void
leave(const FusionRegion *region, FusionSlotKind kind, FusionLease lease)
{
	_Atomic uint64_t *at = fusion_slot_word(region, kind, lease.index);
	uint64_t	word;

	if (at == NULL)
		return;
	word = atomic_load(at);
	for (int attempt = 0; attempt < FUSION_CAS_ATTEMPTS; attempt++)
	{
		FusionSlotWord w = fusion_slot_unpack(word);

		if (w.epoch != lease.epoch || w.owners < FUSION_SLOT_OWNER_PRODUCER)
			return;
		w.owners -= FUSION_SLOT_OWNER_PRODUCER;
		if (atomic_compare_exchange_strong(at, &word, fusion_slot_pack(w)))
		{
			if (w.owners == 0)
				finish(region, kind, lease);
			return;
		}
	}
}

/* The control slot first, and last when leaving: who owns a scan slot keeps the pages of its lease from the sweep. */
bool
fusion_producer_attach(const FusionRegion *region, FusionLease control, FusionLease scan)
{
	if (!join(region, FUSION_SLOT_CONTROL, control))
		return false;
	if (join(region, FUSION_SLOT_SCAN, scan))
		return true;
	leave(region, FUSION_SLOT_CONTROL, control);
	return false;
}

void
fusion_producer_detach(const FusionRegion *region, FusionLease control, FusionLease scan)
{
	leave(region, FUSION_SLOT_SCAN, scan);
	leave(region, FUSION_SLOT_CONTROL, control);
}

static uint32_t
detach_worker_from(const FusionRegion *region, FusionSlotKind kind, uint32_t count, uint32_t current,
				   void (*wake) (void *arg, FusionSlotKind kind, uint32_t index), void *arg)
{
	uint32_t	detached = 0;

	for (uint32_t i = 0; i < count; i++)
	{
		FusionSlotWord w = fusion_slot_unpack(atomic_load(fusion_slot_word(region, kind, i)));
		FusionLease lease = {.index = i, .epoch = w.epoch};

		/* The dead worker was the last owner and died while it swept. */
		if (w.state == FUSION_SLOT_CLOSING && w.owners == 0)
			finish(region, kind, lease);
		if ((w.owners & FUSION_SLOT_OWNER_WORKER) == 0 || (current != 0 && w.generation == (uint16_t) current))
			continue;
		fusion_slot_detach(region, kind, lease, FUSION_SLOT_OWNER_WORKER);
		detached++;
		if (wake != NULL)
			wake(arg, kind, i);
	}
	return detached;
}

uint32_t
fusion_slots_detach_worker(const FusionRegion *region, uint32_t current,
						   void (*wake) (void *arg, FusionSlotKind kind, uint32_t index), void *arg)
{
	/* Scan slots first, so that each of their producers is woken, not only those the control slot leads to. */
	return detach_worker_from(region, FUSION_SLOT_SCAN, region->scan_slot_count, current, wake, arg) +
		detach_worker_from(region, FUSION_SLOT_CONTROL, region->control_slot_count, current, wake, arg);
}

uint32_t
fusion_slots_detach_backend(const FusionRegion *region, uint32_t pid)
{
	uint32_t	detached = 0;

	for (uint32_t i = 0; i < region->control_slot_count; i++)
	{
		FusionSlotWord w = fusion_slot_unpack(atomic_load(&region->control_slots[i].word));

		if ((w.owners & FUSION_SLOT_OWNER_BACKEND) == 0 || atomic_load(&region->control_slots[i].backend_pid) != pid)
			continue;
		fusion_slot_detach(region, FUSION_SLOT_CONTROL, (FusionLease) {.index = i, .epoch = w.epoch},
						   FUSION_SLOT_OWNER_BACKEND);
		detached++;
	}
	return detached;
}

void
fusion_audit(const FusionRegion *region, FusionAudit *audit)
{
	memset(audit, 0, sizeof(*audit));
	for (uint32_t i = 0; i < region->control_slot_count; i++)
		if (fusion_slot_unpack(atomic_load(&region->control_slots[i].word)).state != FUSION_SLOT_FREE)
			audit->control_slots_held++;
	for (uint32_t i = 0; i < region->scan_slot_count; i++)
		if (fusion_slot_unpack(atomic_load(&region->scan_slots[i].word)).state != FUSION_SLOT_FREE)
			audit->scan_slots_held++;
	for (uint32_t i = 0; i < region->page_count; i++)
	{
		FusionPageWord w = fusion_page_unpack(atomic_load(&region->owner_words[i]));

		if (w.state == FUSION_PAGE_FREE)
			audit->free_pages++;
		else if (w.state != FUSION_PAGE_RESERVED)
			audit->pages_held++;
		if (w.state == FUSION_PAGE_RESERVED || (w.side & FUSION_PAGE_SIDE_HOME) != 0)
			audit->permits_missing++;
	}
	audit->filters_held = fusion_filters_held(region);
}
