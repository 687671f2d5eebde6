/*
 * flight.h
 *    Flight recorder: fixed 32-byte records in a file-backed ring per writer (schemas/layout/flight.json).
 *
 * A writer is one thread. The record's body is stored first and its sequence last with release order, so a reader
 * (live, or after kill -9) tells a torn record from a whole one. Writing never fails and never blocks.
 */
#ifndef FUSION_FLIGHT_H
#define FUSION_FLIGHT_H

#include "region.h"

typedef struct FusionFlight
{
	uint8_t    *base;
	uint64_t	bytes;
	int			fd;
	uint32_t	writer_count;
	uint32_t	control_slot_count;
	uint32_t	scan_slot_count;
	uint32_t	executor_count;
} FusionFlight;

/* Makes the file (0600, exclusive) sized for all writers and maps it. FUSION_SYSTEM: errno. */
extern FusionStatus fusion_flight_create(FusionFlight *flight, const char *path, const FusionRegion *region,
										 uint64_t machines_fingerprint);
extern FusionStatus fusion_flight_attach(FusionFlight *flight, int fd);
extern void fusion_flight_detach(FusionFlight *flight);

extern uint32_t fusion_flight_writer_worker(void);
extern uint32_t fusion_flight_writer_executor(const FusionFlight *flight, uint32_t executor);
extern uint32_t fusion_flight_writer_control(const FusionFlight *flight, uint32_t control_slot);
extern uint32_t fusion_flight_writer_scan(const FusionFlight *flight, uint32_t scan_slot);

/* Fills time and sequence, stores, returns the sequence (low 32 bits) for use as a cause. */
extern uint32_t fusion_flight_record(const FusionFlight *flight, uint32_t writer, const FusionFlightRecord *record);

#endif							/* FUSION_FLIGHT_H */
