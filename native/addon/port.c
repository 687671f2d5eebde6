/*
 * port.c
 *    Attachment, leases, frames and waking behind port.h. No policy: which frame to send, or when, is TypeScript's.
 *    Pages and the flight recorder are in port_pages.c.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "port_state.h"
#include "words.h"

FusionPortStatus
fusion_port_attach(int fd, FusionPortSide side, FusionPort **port)
{
	FusionPort *made = calloc(1, sizeof(FusionPort));
	/* Our own descriptor: every thread attaches by the same number and closes on its own. */
	int			own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	FusionStatus status;

	*port = NULL;
	if (made == NULL || own < 0)
	{
		int			saved = made == NULL ? ENOMEM : errno;

		free(made);
		if (own >= 0)
			close(own);
		errno = saved;
		return FUSION_PORT_SYSTEM;
	}
	status = fusion_region_attach(&made->region, own);
	if (status != FUSION_OK)
	{
		int			saved = errno;

		close(own);
		free(made);
		errno = saved;
		return (FusionPortStatus) status;
	}
	made->side = side;
	for (size_t i = 0; i < sizeof(made->wake_fds) / sizeof(int); i++)
		made->wake_fds[i] = -1;
	made->wakes = (FusionWakeFds) {
		.worker = -1,
		.control = made->wake_fds + 1,
		.scan = made->wake_fds + 1 + made->region.control_slot_count
	};
	*port = made;
	return FUSION_PORT_OK;
}

void
fusion_port_close(FusionPort *port)
{
	fusion_region_detach(&port->region);
	free(port);
}

void
fusion_port_numbers(const FusionPort *port, FusionPortNumbers *numbers)
{
	*numbers = (FusionPortNumbers) {
		.page_bytes = port->region.page_bytes,
		.page_count = port->region.page_count,
		.control_slot_count = port->region.control_slot_count,
		.scan_slot_count = port->region.scan_slot_count,
		.control_ring_bytes = port->region.control_ring_bytes,
		.incarnation = port->region.incarnation,
		.pages_offset = port->region.pages_offset,
		.fd = port->region.fd
	};
}

bool
fusion_port_set_wakes(FusionPort *port, const int *fds, uint32_t count)
{
	if (count != 1 + port->region.control_slot_count + port->region.scan_slot_count)
		return false;
	for (uint32_t i = 0; i < count; i++)
		port->wake_fds[i] = fds[i];
	port->wakes.worker = fds[0];
	return true;
}

int
fusion_port_worker_fd(const FusionPort *port)
{
	return port->wakes.worker;
}

uint32_t
fusion_port_worker_state(const FusionPort *port, uint32_t *generation)
{
	return fusion_worker_state(&port->region, generation);
}

uint32_t
fusion_port_executor_count(const FusionPort *port)
{
	return port->region.header->executor_count;
}

bool
fusion_port_ready(FusionPort *port, uint32_t generation, uint32_t executors)
{
	return fusion_worker_ready(&port->region, generation, executors);
}

void
fusion_port_audit(const FusionPort *port, FusionPortAudit *audit)
{
	FusionAudit counted;

	fusion_audit(&port->region, &counted);
	*audit = (FusionPortAudit) {
		.control_slots_held = counted.control_slots_held,
		.scan_slots_held = counted.scan_slots_held,
		.pages_held = counted.pages_held,
		.permits_missing = counted.permits_missing,
		.free_pages = counted.free_pages,
		.filters_held = counted.filters_held,
		.protocol_violations = atomic_load(&port->region.header->protocol_violations),
		.stale_drops = atomic_load(&port->region.header->stale_drops),
		.swept_pages = atomic_load(&port->region.header->swept_pages)
	};
}

void
fusion_port_count_violation(FusionPort *port)
{
	atomic_fetch_add(&port->region.header->protocol_violations, 1);
}

void
fusion_port_count_stale(FusionPort *port)
{
	atomic_fetch_add(&port->region.header->stale_drops, 1);
}

void
fusion_port_add_metric(FusionPort *port, uint32_t metric, uint64_t amount)
{
	fusion_metric_add(&port->region, metric, amount);
}

void
fusion_port_raise_metric(FusionPort *port, uint32_t metric, uint64_t value)
{
	fusion_metric_raise(&port->region, metric, value);
}

static uint8_t
own_bit(const FusionPort *port)
{
	return port->side == FUSION_PORT_WORKER ? FUSION_SLOT_OWNER_WORKER : FUSION_SLOT_OWNER_BACKEND;
}

uint32_t
fusion_port_lease(const FusionPort *port, uint32_t kind, uint32_t slot, uint32_t *epoch)
{
	_Atomic uint64_t *word = fusion_slot_word(&port->region, (FusionSlotKind) kind, slot);
	FusionSlotWord w;

	*epoch = 0;
	if (word == NULL)
		return 0;
	w = fusion_slot_unpack(atomic_load(word));
	if ((w.owners & own_bit(port)) == 0)
		return 0;
	*epoch = w.epoch;
	return w.state == FUSION_SLOT_LEASED ? 1 : 2;
}

uint32_t
fusion_port_detach(FusionPort *port, uint32_t kind, uint32_t slot, uint32_t epoch)
{
	FusionLease lease = {.index = slot, .epoch = epoch};
	uint32_t	swept;

	if (fusion_slot_word(&port->region, (FusionSlotKind) kind, slot) == NULL)
		return 0;
	swept = fusion_slot_detach(&port->region, (FusionSlotKind) kind, lease, own_bit(port));
	fusion_port_wake_peer(port, kind, slot);
	fusion_wake_page_waiters(&port->region, &port->wakes);
	return swept;
}

/* ---- frames ---- */

static FusionByteRing *
ring_of(const FusionPort *port, uint32_t kind, uint32_t slot, bool to_worker)
{
	if (fusion_slot_word(&port->region, (FusionSlotKind) kind, slot) == NULL)
		return NULL;
	if (kind == FUSION_PORT_CONTROL)
		return to_worker ? &port->region.control_slots[slot].to_worker : &port->region.control_slots[slot].to_backend;
	return to_worker ? &port->region.scan_slots[slot].to_worker : &port->region.scan_slots[slot].to_producer;
}

static FusionByteRing *
outward_ring(const FusionPort *port, uint32_t kind, uint32_t slot)
{
	return ring_of(port, kind, slot, port->side == FUSION_PORT_BACKEND);
}

static FusionByteRing *
inward_ring(const FusionPort *port, uint32_t kind, uint32_t slot)
{
	return ring_of(port, kind, slot, port->side == FUSION_PORT_WORKER);
}

uint32_t
fusion_port_fragment_bytes(const FusionPort *port, uint32_t kind, uint32_t slot)
{
	FusionByteRing *ring = outward_ring(port, kind, slot);

	return ring == NULL ? 0 : fusion_ring_fragment_bytes(ring);
}

uint32_t
fusion_port_room(const FusionPort *port, uint32_t kind, uint32_t slot)
{
	FusionByteRing *ring = outward_ring(port, kind, slot);

	return ring == NULL ? 0 : fusion_ring_room(&port->region, ring);
}

static FusionFrameHeader
header_of(const FusionPortFrame *frame)
{
	return (FusionFrameHeader) {
		.length = frame->length,
		.type = frame->type,
		.flags = frame->flags,
		.lease_epoch = frame->epoch,
		.sequence = frame->sequence
	};
}

FusionPortStatus
fusion_port_push(FusionPort *port, uint32_t kind, uint32_t slot, const FusionPortFrame *frame, const void *payload)
{
	FusionByteRing *ring = outward_ring(port, kind, slot);
	FusionFrameHeader header = header_of(frame);

	if (ring == NULL)
		return FUSION_PORT_STALE;
	return (FusionPortStatus) fusion_ring_push(&port->region, ring, &header, payload);
}

FusionPortStatus
fusion_port_peek(const FusionPort *port, uint32_t kind, uint32_t slot, FusionPortFrame *frame)
{
	FusionByteRing *ring = inward_ring(port, kind, slot);
	FusionFrameHeader header;
	FusionStatus status;

	if (ring == NULL)
		return FUSION_PORT_STALE;
	status = fusion_ring_peek(&port->region, ring, &header);
	if (status == FUSION_OK)
		*frame = (FusionPortFrame) {
			.length = header.length,
			.type = header.type,
			.flags = header.flags,
			.epoch = header.lease_epoch,
			.sequence = header.sequence
		};
	return (FusionPortStatus) status;
}

FusionPortStatus
fusion_port_pop(FusionPort *port, uint32_t kind, uint32_t slot, const FusionPortFrame *frame, void *payload)
{
	FusionByteRing *ring = inward_ring(port, kind, slot);
	FusionFrameHeader header = header_of(frame);
	FusionStatus status;
	bool		wake_writer;

	if (ring == NULL)
		return FUSION_PORT_STALE;
	status = fusion_ring_pop(&port->region, ring, &header, payload, &wake_writer);
	if (wake_writer)
		fusion_port_wake_peer(port, kind, slot);
	return (FusionPortStatus) status;
}

/* ---- waking ---- */

void
fusion_port_wake_peer(FusionPort *port, uint32_t kind, uint32_t slot)
{
	if (fusion_slot_word(&port->region, (FusionSlotKind) kind, slot) == NULL)
		return;
	if (port->side == FUSION_PORT_WORKER)
	{
		if (kind == FUSION_PORT_CONTROL)
			fusion_wake_backend(&port->region, &port->wakes, slot);
		else
			fusion_wake_producer(&port->region, &port->wakes, slot);
		return;
	}
	/* The worker may look at a session from its main loop or from an executor. */
	if (kind == FUSION_PORT_SCAN)
		slot = atomic_load(&port->region.scan_slots[slot].control_slot);
	fusion_wake_worker(&port->region, &port->wakes, slot);
	fusion_wake_executor_of(&port->region, slot);
}

uint64_t
fusion_port_doorbell_take(FusionPort *port, uint32_t word)
{
	return fusion_doorbell_take(&port->region, word);
}

bool
fusion_port_may_sleep(FusionPort *port)
{
	return fusion_worker_may_sleep(&port->region);
}

void
fusion_port_wake_executor(FusionPort *port, uint32_t executor)
{
	fusion_wake_executor(&port->region, executor);
}

uint32_t
fusion_port_executor_seen(const FusionPort *port, uint32_t executor)
{
	return fusion_executor_seen(&port->region, executor);
}

uint32_t
fusion_port_executor_wait(FusionPort *port, uint32_t executor, uint32_t seen, uint32_t timeout_ms)
{
	return fusion_executor_wait(&port->region, executor, seen, timeout_ms);
}

bool
fusion_port_assign_executor(FusionPort *port, uint32_t slot, uint32_t epoch, uint32_t executor)
{
	if (!fusion_lease_current(&port->region, FUSION_SLOT_CONTROL, (FusionLease) {.index = slot, .epoch = epoch}))
		return false;
	atomic_store(&port->region.control_slots[slot].executor, executor);
	return true;
}

void
fusion_port_show_on_disk(FusionPort *port, uint32_t slot, uint32_t epoch, uint64_t bytes)
{
	if (fusion_lease_current(&port->region, FUSION_SLOT_CONTROL, (FusionLease) {.index = slot, .epoch = epoch}))
		atomic_store_explicit(&port->region.control_slots[slot].bytes_on_disk, bytes, memory_order_relaxed);
}

bool
fusion_port_cancel_requested(const FusionPort *port, uint32_t slot, uint32_t epoch)
{
	return !fusion_lease_open(&port->region, FUSION_SLOT_CONTROL, (FusionLease) {.index = slot, .epoch = epoch}) ||
		atomic_load(&port->region.control_slots[slot].cancel_requested) != 0;
}

uint32_t
fusion_port_recording(const FusionPort *port, uint32_t slot, uint32_t epoch)
{
	if (!fusion_lease_current(&port->region, FUSION_SLOT_CONTROL, (FusionLease) {.index = slot, .epoch = epoch}))
		return 0;
	return atomic_load(&port->region.control_slots[slot].recording);
}

bool
fusion_port_stop_scan(FusionPort *port, uint32_t slot, uint32_t epoch)
{
	if (!fusion_lease_current(&port->region, FUSION_SLOT_SCAN, (FusionLease) {.index = slot, .epoch = epoch}))
		return false;
	atomic_store(&port->region.scan_slots[slot].stop_requested, 1);
	fusion_wake_producer(&port->region, &port->wakes, slot);
	return true;
}
