/*
 * port.h
 *    native/shm as the addon's C++ sees it: an opaque port and plain numbers. The layout structs use C11
 *    atomics, which C++ cannot include, so whatever touches them is in port.c and port_pages.c. A port speaks
 *    for one side of the conversation, the worker; the test peer of test/native/addon opens one for the
 *    backend. Statuses are FusionStatus values; slot kinds are 0 control, 1 scan (FusionSlotKind).
 */
#ifndef FUSION_PORT_H
#define FUSION_PORT_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct FusionPort FusionPort;

typedef enum FusionPortSide
{
	FUSION_PORT_WORKER,
	FUSION_PORT_BACKEND
} FusionPortSide;

typedef enum FusionPortStatus
{
	FUSION_PORT_OK,
	FUSION_PORT_FULL,
	FUSION_PORT_EMPTY,
	FUSION_PORT_STALE,
	FUSION_PORT_CORRUPT,
	FUSION_PORT_TOO_LARGE,
	FUSION_PORT_MISMATCH,
	FUSION_PORT_SYSTEM
} FusionPortStatus;

enum
{
	FUSION_PORT_CONTROL,
	FUSION_PORT_SCAN
};

typedef struct FusionPortNumbers
{
	uint32_t	page_bytes;
	uint32_t	page_count;
	uint32_t	control_slot_count;
	uint32_t	scan_slot_count;
	uint32_t	control_ring_bytes;
	uint64_t	incarnation;
	uint64_t	pages_offset;
	int			fd;
} FusionPortNumbers;

/* A fragment's header, as long as the one in the ring; see schemas/control/frame.json. */
typedef struct FusionPortFrame
{
	uint32_t	length;
	uint16_t	type;
	uint16_t	flags;
	uint32_t	epoch;
	uint32_t	sequence;
} FusionPortFrame;

typedef struct FusionPortPage
{
	uint32_t	page;
	uint32_t	generation;
	uint32_t	side;
	uint32_t	control;
	uint32_t	control_epoch;
} FusionPortPage;

typedef struct FusionPortDescriptor
{
	uint32_t	kind;
	uint32_t	rows;
	uint32_t	bytes;
	uint32_t	flags;
	uint32_t	leaf;
	uint32_t	producer;
} FusionPortDescriptor;

typedef struct FusionPortAudit
{
	uint32_t	control_slots_held;
	uint32_t	scan_slots_held;
	uint32_t	pages_held;
	uint32_t	permits_missing;
	uint32_t	free_pages;
	uint32_t	filters_held;
	uint64_t	protocol_violations;
	uint64_t	stale_drops;
	uint64_t	swept_pages;
} FusionPortAudit;

/* Maps a duplicate of the descriptor. On MISMATCH or SYSTEM (errno) *port is NULL. */
extern FusionPortStatus fusion_port_attach(int fd, FusionPortSide side, FusionPort **port);
extern void fusion_port_close(FusionPort *port);
extern void fusion_port_numbers(const FusionPort *port, FusionPortNumbers *numbers);
/*
 * The wake descriptors in the order of FusionWakeFds; `count` must be 1 + control slots + scan slots. They
 * stay the caller's.
 */
extern bool fusion_port_set_wakes(FusionPort *port, const int *fds, uint32_t count);
extern int	fusion_port_worker_fd(const FusionPort *port);

extern uint32_t fusion_port_worker_state(const FusionPort *port, uint32_t *generation);
extern uint32_t fusion_port_executor_count(const FusionPort *port);
extern bool fusion_port_ready(FusionPort *port, uint32_t generation, uint32_t executors);
extern void fusion_port_audit(const FusionPort *port, FusionPortAudit *audit);
extern void fusion_port_count_violation(FusionPort *port);
extern void fusion_port_count_stale(FusionPort *port);
extern void fusion_port_add_metric(FusionPort *port, uint32_t metric, uint64_t amount);
extern void fusion_port_raise_metric(FusionPort *port, uint32_t metric, uint64_t value);

/* The lease this side owns a bit of: 0 none, 1 open, 2 closing. */
extern uint32_t fusion_port_lease(const FusionPort *port, uint32_t kind, uint32_t slot, uint32_t *epoch);
/* Takes this side's bit off, then wakes the peer and page waiters. Returns the pages swept. */
extern uint32_t fusion_port_detach(FusionPort *port, uint32_t kind, uint32_t slot, uint32_t epoch);

/*
 * Rings of a slot, seen from this side: push goes to the peer, peek and pop come from it (pop wakes a waiting
 * writer).
 */
extern uint32_t fusion_port_fragment_bytes(const FusionPort *port, uint32_t kind, uint32_t slot);
extern uint32_t fusion_port_room(const FusionPort *port, uint32_t kind, uint32_t slot);
extern FusionPortStatus fusion_port_push(FusionPort *port, uint32_t kind, uint32_t slot, const FusionPortFrame *frame,
										 const void *payload);
extern FusionPortStatus fusion_port_peek(const FusionPort *port, uint32_t kind, uint32_t slot, FusionPortFrame *frame);
extern FusionPortStatus fusion_port_pop(FusionPort *port, uint32_t kind, uint32_t slot, const FusionPortFrame *frame,
										void *payload);

/* Waking. fusion_port_wake_peer: the other end of a slot's rings, after a push or a pop that made room. */
extern void fusion_port_wake_peer(FusionPort *port, uint32_t kind, uint32_t slot);
extern uint64_t fusion_port_doorbell_take(FusionPort *port, uint32_t word);
extern bool fusion_port_may_sleep(FusionPort *port);
extern void fusion_port_wake_executor(FusionPort *port, uint32_t executor);
extern uint32_t fusion_port_executor_seen(const FusionPort *port, uint32_t executor);
extern uint32_t fusion_port_executor_wait(FusionPort *port, uint32_t executor, uint32_t seen, uint32_t timeout_ms);
/* EXECUTORS_MAX: none. False for a lease that is gone. */
extern bool fusion_port_assign_executor(FusionPort *port, uint32_t slot, uint32_t epoch, uint32_t executor);
/* For views; nothing when the lease is over. */
extern void fusion_port_show_on_disk(FusionPort *port, uint32_t slot, uint32_t epoch, uint64_t bytes);
extern bool fusion_port_cancel_requested(const FusionPort *port, uint32_t slot, uint32_t epoch);
/* RECORDING_* of a lease; 0 when it is gone. */
extern uint32_t fusion_port_recording(const FusionPort *port, uint32_t slot, uint32_t epoch);
extern bool fusion_port_stop_scan(FusionPort *port, uint32_t slot, uint32_t epoch);

/* Pages; all of these wake whoever has to know. */
extern FusionPortStatus fusion_port_import(FusionPort *port, uint32_t kind, uint32_t slot, uint32_t epoch,
										   FusionPortPage *page, FusionPortDescriptor *descriptor);
extern FusionPortStatus fusion_port_acquire(FusionPort *port, uint32_t side, uint32_t slot, uint32_t epoch,
											FusionPortPage *page);
extern FusionPortStatus fusion_port_release(FusionPort *port, const FusionPortPage *page);
extern bool fusion_port_held(const FusionPort *port, const FusionPortPage *page);
extern uint8_t *fusion_port_page_bytes(const FusionPort *port, const FusionPortPage *page);
extern FusionPortStatus fusion_port_issue_result(FusionPort *port, const FusionPortPage *page, uint16_t flags,
												 uint32_t rows, uint32_t bytes);
extern FusionPortStatus fusion_port_end_result(FusionPort *port, uint32_t slot, uint32_t epoch, uint16_t kind);
extern void fusion_port_page_wait(FusionPort *port, uint32_t kind, uint32_t slot, bool begin);

/* Runtime filters; see native/shm/runtime_filter.h for the states, and for what a status says. */
#define FUSION_PORT_FILTER_KEYS_MAX 8

enum
{
	FUSION_PORT_FILTER_WORD,
	FUSION_PORT_FILTER_PAIR,
	FUSION_PORT_FILTER_BYTES
};

typedef struct FusionPortFilterRows
{
	const uint8_t *memory;
	uint64_t	memory_bytes;
	uint32_t	first;
	uint32_t	end;
	uint32_t	row_bytes;
	uint32_t	flags_offset;
	uint32_t	flags_skip;
	uint32_t	key_count;
	uint32_t	key_kinds[FUSION_PORT_FILTER_KEYS_MAX];
	uint32_t	key_offsets[FUSION_PORT_FILTER_KEYS_MAX];
} FusionPortFilterRows;

extern FusionPortStatus fusion_port_filter_begin(FusionPort *port, uint32_t slot, uint32_t epoch);
extern FusionPortStatus fusion_port_filter_measure(FusionPort *port, uint32_t slot, uint32_t epoch,
												   const FusionPortFilterRows *rows);
extern FusionPortStatus fusion_port_filter_size(FusionPort *port, uint32_t slot, uint32_t epoch, uint64_t rows,
												bool one_word);
extern FusionPortStatus fusion_port_filter_enter(FusionPort *port, uint32_t slot, uint32_t epoch,
												 const FusionPortFilterRows *rows);
extern FusionPortStatus fusion_port_filter_publish(FusionPort *port, uint32_t slot, uint32_t epoch);
extern FusionPortStatus fusion_port_filter_decline(FusionPort *port, uint32_t slot, uint32_t epoch);

/* Flight recorder. */
typedef struct FusionPortFlight FusionPortFlight;

typedef struct FusionPortRecord
{
	uint32_t	session;
	uint8_t		machine;
	uint8_t		event;
	uint8_t		from_state;
	uint8_t		to_state;
	uint16_t	slot;
	uint16_t	actor;
	uint32_t	argument;
	uint32_t	cause;
} FusionPortRecord;

extern FusionPortStatus fusion_port_flight_attach(int fd, FusionPortFlight **flight);
extern void fusion_port_flight_close(FusionPortFlight *flight);
/* `kind`: 0 worker, 1 executor, 2 control slot, 3 scan slot; the writer count when the index is out of range. */
extern uint32_t fusion_port_flight_writer(const FusionPortFlight *flight, uint32_t kind, uint32_t index);
extern uint32_t fusion_port_flight_writers(const FusionPortFlight *flight);
extern uint32_t fusion_port_flight_record(const FusionPortFlight *flight, uint32_t writer,
										  const FusionPortRecord *record);

#ifdef __cplusplus
}
#endif

#endif							/* FUSION_PORT_H */
