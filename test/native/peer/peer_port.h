/*
 * peer_port.h
 *    What a backend does and the addon does not: creating the region, leasing slots, producing pages. Only
 *    tests link this.
 */
#ifndef FUSION_PEER_PORT_H
#define FUSION_PEER_PORT_H

#include "port.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct FusionPeerOptions
{
	uint32_t	page_bytes;
	uint32_t	page_count;
	uint32_t	control_slot_count;
	uint32_t	scan_slot_count;
	uint32_t	control_ring_bytes;
} FusionPeerOptions;

/* Makes a region with its eventfds; *fd is the region's descriptor, fds has room for 1 + control + scan slots. */
extern FusionPortStatus fusion_peer_create(const FusionPeerOptions *options, FusionPort **port, int *fd, int *fds);
/* Closes what fusion_peer_create made. */
extern void fusion_peer_destroy(FusionPort *port, int fd, const int *fds, uint32_t fd_count);

/* The supervisor's part. */
extern uint32_t fusion_peer_enter_worker(FusionPort *port, uint32_t state);
extern uint32_t fusion_peer_bury_worker(FusionPort *port);

extern FusionPortStatus fusion_peer_control_acquire(FusionPort *port, uint32_t pid, uint32_t permits_scan,
													uint32_t permits_result, uint32_t *slot, uint32_t *epoch);
extern FusionPortStatus fusion_peer_scan_acquire(FusionPort *port, uint32_t control, uint32_t control_epoch,
												 uint16_t leaf, uint16_t producer, uint32_t *slot, uint32_t *epoch);
extern FusionPortStatus fusion_peer_issue_scan(FusionPort *port, uint32_t slot, uint32_t epoch,
											   const FusionPortPage *page, uint32_t rows, uint32_t bytes);
extern FusionPortStatus fusion_peer_end_scan(FusionPort *port, uint32_t slot, uint32_t epoch, uint16_t kind);
extern void fusion_peer_cancel(FusionPort *port, uint32_t slot);
/* Writes raw bytes over the region, to play a hostile peer. False when out of range. */
extern bool fusion_peer_scribble(FusionPort *port, uint64_t offset, const uint8_t *bytes, uint32_t length);
/* Where the ring of a slot to the worker keeps its bytes. */
extern uint64_t fusion_peer_ring_offset(FusionPort *port, uint32_t kind, uint32_t slot);
extern bool fusion_peer_stopped(FusionPort *port, uint32_t scan_slot);
/* Makes a flight recorder file for the region; returns its descriptor, or -1. */
extern int	fusion_peer_create_flight(FusionPort *port, const char *path);
/* Sleeps as a backend or producer does, at most timeout_ms; true when signalled. */
extern bool fusion_peer_sleep(FusionPort *port, uint32_t kind, uint32_t slot, uint32_t timeout_ms);

#ifdef __cplusplus
}
#endif

#endif							/* FUSION_PEER_PORT_H */
