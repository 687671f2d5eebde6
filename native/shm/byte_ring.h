/*
 * byte_ring.h
 *    Single-producer single-consumer ring of frames: FrameHeader and payload, contiguous modulo the capacity.
 *
 * Indexes count bytes since the lease began and never wrap (64 bits). Push writes the bytes, then publishes head;
 * pop copies out, then publishes tail. Every length read from the ring is checked against what is there.
 * Pushing and popping never block; wake.h tells whether the peer needs a signal.
 */
#ifndef FUSION_BYTE_RING_H
#define FUSION_BYTE_RING_H

#include "region.h"

extern void fusion_ring_reset(FusionByteRing *ring, uint32_t capacity, uint64_t data_offset);

/* Appends one fragment. FULL: set writer_waiting and retry after a wake. TOO_LARGE: longer than half the ring. */
extern FusionStatus fusion_ring_push(const FusionRegion *region, FusionByteRing *ring, const FusionFrameHeader *header,
									 const void *payload);

/* Longest payload one fragment may carry. */
extern uint32_t fusion_ring_fragment_bytes(const FusionByteRing *ring);

/* Bytes free for the writer, headers included; 0 when the control words contradict themselves. */
extern uint32_t fusion_ring_room(const FusionRegion *region, const FusionByteRing *ring);

/* Copies the next fragment's header out without consuming it. EMPTY, CORRUPT. */
extern FusionStatus fusion_ring_peek(const FusionRegion *region, const FusionByteRing *ring, FusionFrameHeader *header);

/* Copies the next fragment's payload (header->length bytes, as peeked) out and consumes it.
 * *wake_writer is set when the producer waits for room (its flag was exchanged to 0). */
extern FusionStatus fusion_ring_pop(const FusionRegion *region, FusionByteRing *ring, const FusionFrameHeader *header,
									void *payload, bool *wake_writer);

#endif							/* FUSION_BYTE_RING_H */
