/*
 * port_pages.c
 *    Pages and the flight recorder behind port.h. Every call that changes what another process or thread may wait for
 *    also wakes it, so that no caller can forget. Leases that throw after release are TypeScript's (src/transport).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "flight.h"
#include "port_state.h"

static FusionLease
lease(uint32_t slot, uint32_t epoch)
{
	return (FusionLease) {.index = slot, .epoch = epoch};
}

FusionPortStatus
fusion_port_import(FusionPort *port, uint32_t kind, uint32_t slot, uint32_t epoch,
				   FusionPortPage *page, FusionPortDescriptor *descriptor)
{
	FusionPageDescriptor taken;
	FusionPage	imported = {0};
	bool		wake_writer;
	FusionStatus status;

	if (kind == FUSION_PORT_SCAN)
	{
		status = fusion_page_import_scan(&port->region, lease(slot, epoch), &taken, &imported, &wake_writer);
		if (wake_writer)
			fusion_wake_producer(&port->region, &port->wakes, slot);
	}
	else
	{
		status = fusion_page_import_result(&port->region, lease(slot, epoch), &taken, &imported, &wake_writer);
		if (wake_writer)
			fusion_wake_executor_of(&port->region, slot);
	}
	if (status == FUSION_CORRUPT)
		fusion_port_count_violation(port);
	if (status != FUSION_OK)
		return (FusionPortStatus) status;
	*page = (FusionPortPage) {
		.page = imported.page,
		.generation = imported.generation,
		.side = imported.side,
		.control = imported.control.index,
		.control_epoch = imported.control.epoch
	};
	*descriptor = (FusionPortDescriptor) {
		.kind = taken.kind,
		.rows = taken.rows,
		.bytes = taken.bytes,
		.flags = taken.flags,
		.leaf = taken.leaf,
		.producer = taken.producer
	};
	return FUSION_PORT_OK;
}

FusionPortStatus
fusion_port_acquire(FusionPort *port, uint32_t side, uint32_t slot, uint32_t epoch, FusionPortPage *page)
{
	FusionPage	acquired;
	uint32_t	left = port->region.page_count - port->region.page_count / FUSION_RESULT_POOL_SHARE;
	FusionStatus status = fusion_page_acquire_leaving(&port->region, lease(slot, epoch), side, left, &acquired);

	if (status == FUSION_OK)
		*page = (FusionPortPage) {
			.page = acquired.page,
			.generation = acquired.generation,
			.side = side,
			.control = slot,
			.control_epoch = epoch
		};
	return (FusionPortStatus) status;
}

FusionPortStatus
fusion_port_release(FusionPort *port, const FusionPortPage *page)
{
	FusionPage	held = fusion_port_page(page);
	FusionStatus status = fusion_page_release(&port->region, &held);

	if (status == FUSION_OK)
		fusion_wake_page_waiters(&port->region, &port->wakes);
	return (FusionPortStatus) status;
}

bool
fusion_port_held(const FusionPort *port, const FusionPortPage *page)
{
	FusionPage	held = fusion_port_page(page);

	return fusion_page_held(&port->region, &held);
}

uint8_t *
fusion_port_page_bytes(const FusionPort *port, const FusionPortPage *page)
{
	return fusion_region_page(&port->region, page->page);
}

FusionPortStatus
fusion_port_issue_result(FusionPort *port, const FusionPortPage *page, uint16_t flags, uint32_t rows, uint32_t bytes)
{
	FusionPage	held = fusion_port_page(page);
	FusionStatus status = fusion_page_issue_result(&port->region, &held, flags, rows, bytes);

	if (status == FUSION_OK)
		fusion_wake_backend(&port->region, &port->wakes, page->control);
	return (FusionPortStatus) status;
}

FusionPortStatus
fusion_port_end_result(FusionPort *port, uint32_t slot, uint32_t epoch, uint16_t kind)
{
	FusionStatus status = fusion_result_end(&port->region, lease(slot, epoch), kind);

	if (status == FUSION_OK)
		fusion_wake_backend(&port->region, &port->wakes, slot);
	return (FusionPortStatus) status;
}

void
fusion_port_page_wait(FusionPort *port, uint32_t kind, uint32_t slot, bool begin)
{
	if (begin)
		fusion_page_wait_begin(&port->region, (FusionSlotKind) kind, slot);
	else
		fusion_page_wait_end(&port->region, (FusionSlotKind) kind, slot);
}

/* ---- flight recorder ---- */

struct FusionPortFlight
{
	FusionFlight flight;
};

FusionPortStatus
fusion_port_flight_attach(int fd, FusionPortFlight **flight)
{
	FusionPortFlight *made = calloc(1, sizeof(FusionPortFlight));
	int			own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	FusionStatus status = FUSION_SYSTEM;
	int			saved = ENOMEM;

	*flight = NULL;
	if (made != NULL && own >= 0)
		status = fusion_flight_attach(&made->flight, own);
	if (status == FUSION_OK)
	{
		*flight = made;
		return FUSION_PORT_OK;
	}
	if (made != NULL)
		saved = errno;
	if (own >= 0)
		close(own);
	free(made);
	errno = saved;
	return (FusionPortStatus) status;
}

void
fusion_port_flight_close(FusionPortFlight *flight)
{
	fusion_flight_detach(&flight->flight);
	free(flight);
}

uint32_t
fusion_port_flight_writers(const FusionPortFlight *flight)
{
	return flight->flight.writer_count;
}

uint32_t
fusion_port_flight_writer(const FusionPortFlight *flight, uint32_t kind, uint32_t index)
{
	switch (kind)
	{
		case 0:
			return fusion_flight_writer_worker();
		case 1:
			return fusion_flight_writer_executor(&flight->flight, index);
		case 2:
			return fusion_flight_writer_control(&flight->flight, index);
		case 3:
			return fusion_flight_writer_scan(&flight->flight, index);
		default:
			return flight->flight.writer_count;
	}
}

uint32_t
fusion_port_flight_record(const FusionPortFlight *flight, uint32_t writer, const FusionPortRecord *record)
{
	return fusion_flight_record(&flight->flight, writer,
								&(FusionFlightRecord) {
									.session = record->session,
									.machine = record->machine,
									.event = record->event,
									.from_state = record->from_state,
									.to_state = record->to_state,
									.slot = record->slot,
									.actor = record->actor,
									.argument = record->argument,
									.cause = record->cause
								});
}
