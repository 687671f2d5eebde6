/*
 * peer_port.c
 *    See peer_port.h. Calls the same native/shm functions as the extension, in the same order.
 */
#define _GNU_SOURCE
#include "peer_port.h"

#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "flight.h"
#include "port_state.h"

FusionPortStatus
fusion_peer_create(const FusionPeerOptions *options, FusionPort **port, int *fd, int *fds)
{
	FusionRegionOptions region_options = {
		.page_bytes = options->page_bytes,
		.page_count = options->page_count,
		.control_slot_count = options->control_slot_count,
		.scan_slot_count = options->scan_slot_count,
		.control_ring_bytes = options->control_ring_bytes,
		.incarnation = 42
	};
	uint32_t	count = 1 + options->control_slot_count + options->scan_slot_count;
	FusionRegion region;
	FusionPortStatus status = (FusionPortStatus) fusion_region_create(&region, &region_options);

	*port = NULL;
	if (status != FUSION_PORT_OK)
		return status;
	*fd = dup(region.fd);
	status = fusion_port_attach(region.fd, FUSION_PORT_BACKEND, port);
	fusion_region_detach(&region);
	if (status == FUSION_PORT_OK)
		status = (FusionPortStatus) fusion_wake_create(fds, count);
	if (status == FUSION_PORT_OK)
		fusion_port_set_wakes(*port, fds, count);
	return status;
}

void
fusion_peer_destroy(FusionPort *port, int fd, const int *fds, uint32_t fd_count)
{
	fusion_port_close(port);
	close(fd);
	for (uint32_t i = 0; i < fd_count; i++)
		close(fds[i]);
}

uint32_t
fusion_peer_enter_worker(FusionPort *port, uint32_t state)
{
	return fusion_worker_enter(&port->region, state, (uint32_t) getpid());
}

uint32_t
fusion_peer_bury_worker(FusionPort *port)
{
	uint32_t	detached;

	fusion_worker_enter(&port->region, FUSION_WORKER_OFFLINE, 0);
	detached = fusion_slots_detach_worker(&port->region, 0, fusion_wake_regardless, &port->wakes);
	fusion_wake_page_waiters(&port->region, &port->wakes);
	return detached;
}

FusionPortStatus
fusion_peer_control_acquire(FusionPort *port, uint32_t pid, uint32_t permits_scan, uint32_t permits_result,
							uint32_t *slot, uint32_t *epoch)
{
	FusionLease lease = {0};
	FusionStatus status = fusion_control_acquire(&port->region, pid, permits_scan, permits_result, &lease);

	*slot = lease.index;
	*epoch = lease.epoch;
	return (FusionPortStatus) status;
}

FusionPortStatus
fusion_peer_scan_acquire(FusionPort *port, uint32_t control, uint32_t control_epoch, uint16_t leaf, uint16_t producer,
						 uint32_t *slot, uint32_t *epoch)
{
	FusionLease lease = {0};
	FusionStatus status = fusion_scan_acquire(&port->region, (FusionLease) {.index = control, .epoch = control_epoch},
											  leaf, producer, &lease);

	*slot = lease.index;
	*epoch = lease.epoch;
	return (FusionPortStatus) status;
}

FusionPortStatus
fusion_peer_issue_scan(FusionPort *port, uint32_t slot, uint32_t epoch, const FusionPortPage *page, uint32_t rows,
					   uint32_t bytes)
{
	FusionPage	held = fusion_port_page(page);
	FusionStatus status = fusion_page_issue_scan(&port->region, (FusionLease) {.index = slot, .epoch = epoch}, &held, 0,
												 rows, bytes);

	if (status == FUSION_OK)
		fusion_wake_executor_of(&port->region, page->control);
	return (FusionPortStatus) status;
}

FusionPortStatus
fusion_peer_end_scan(FusionPort *port, uint32_t slot, uint32_t epoch, uint16_t kind)
{
	FusionStatus status = fusion_scan_end(&port->region, (FusionLease) {.index = slot, .epoch = epoch}, kind);

	if (status == FUSION_OK)
		fusion_wake_executor_of(&port->region, atomic_load(&port->region.scan_slots[slot].control_slot));
	return (FusionPortStatus) status;
}

void
fusion_peer_cancel(FusionPort *port, uint32_t slot)
{
	if (slot >= port->region.control_slot_count)
		return;
	atomic_store(&port->region.control_slots[slot].cancel_requested, 1);
	fusion_wake_executor_of(&port->region, slot);
	fusion_wake_worker(&port->region, &port->wakes, slot);
}

bool
fusion_peer_scribble(FusionPort *port, uint64_t offset, const uint8_t *bytes, uint32_t length)
{
	if (offset > port->region.bytes || port->region.bytes - offset < length)
		return false;
	memcpy(port->region.base + offset, bytes, length);
	return true;
}

uint64_t
fusion_peer_ring_offset(FusionPort *port, uint32_t kind, uint32_t slot)
{
	if (kind == FUSION_PORT_SCAN)
		return slot < port->region.scan_slot_count ? port->region.scan_slots[slot].to_worker.data_offset : 0;
	return slot < port->region.control_slot_count ? port->region.control_slots[slot].to_worker.data_offset : 0;
}

bool
fusion_peer_stopped(FusionPort *port, uint32_t scan_slot)
{
	return scan_slot < port->region.scan_slot_count &&
		atomic_load(&port->region.scan_slots[scan_slot].stop_requested) != 0;
}

int
fusion_peer_create_flight(FusionPort *port, const char *path)
{
	FusionFlight flight;
	int			fd;

	if (fusion_flight_create(&flight, path, &port->region, 0) != FUSION_OK)
		return -1;
	fd = dup(flight.fd);
	fusion_flight_detach(&flight);
	return fd;
}

bool
fusion_peer_sleep(FusionPort *port, uint32_t kind, uint32_t slot, uint32_t timeout_ms)
{
	bool		control = kind == FUSION_PORT_CONTROL;
	struct pollfd pollfd = {.fd = control ? port->wakes.control[slot] : port->wakes.scan[slot], .events = POLLIN};
	uint64_t	drained;
	bool		signalled;

	if (control)
		fusion_backend_sleeping(&port->region, slot, true);
	else
		fusion_producer_sleeping(&port->region, slot, true);
	signalled = poll(&pollfd, 1, (int) timeout_ms) == 1 &&
		read(pollfd.fd, &drained, sizeof(drained)) == sizeof(drained);
	if (control)
		fusion_backend_sleeping(&port->region, slot, false);
	else
		fusion_producer_sleeping(&port->region, slot, false);
	return signalled;
}
