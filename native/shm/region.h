/*
 * region.h
 *    The shared region: creation in the postmaster, attachment elsewhere, and address arithmetic.
 *
 * One sealed memfd per postmaster incarnation (see schemas/layout/region.json). This folder is plain C11:
 * no postgres.h, no node. Nothing here allocates, logs, blocks or longjmps; errors are return values.
 * Read next: slot.h (leases), byte_ring.h (frames), page_pool.h (pages), runtime_filter.h, wake.h (sleeping).
 */
#ifndef FUSION_REGION_H
#define FUSION_REGION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fusion_layout.h"

typedef struct FusionRegionOptions
{
	uint32_t	page_bytes;			/* power of two, PAGE_BYTES_MIN..PAGE_BYTES_MAX */
	uint32_t	page_count;
	uint32_t	control_slot_count;
	uint32_t	scan_slot_count;
	uint32_t	control_ring_bytes;	/* power of two */
	uint32_t	metric_count;
	uint32_t	filter_slot_count;	/* 0: no runtime filters */
	uint32_t	filter_bits;		/* of each, at most; a power of two; 0 without slots */
	uint64_t	incarnation;
} FusionRegionOptions;

/* A process's own view of the region. Plain pointers: copy freely. */
typedef struct FusionRegion
{
	uint8_t    *base;
	uint64_t	bytes;
	int			fd;
	FusionRegionHeader *header;
	/* Copies of the header's numbers, taken and checked once at attach: never re-read from shared memory. */
	uint32_t	page_bytes;
	uint32_t	page_count;
	uint32_t	control_slot_count;
	uint32_t	scan_slot_count;
	uint32_t	control_ring_bytes;
	uint32_t	filter_slot_count;
	uint32_t	filter_bits;
	uint64_t	incarnation;
	uint64_t	pages_offset;
	FusionControlSlot *control_slots;
	FusionScanSlot *scan_slots;
	_Atomic uint64_t *owner_words;
	_Atomic uint64_t *metrics;
	FusionFilterSlot *filter_slots;
	uint8_t    *filter_data;
} FusionRegion;

typedef enum FusionStatus
{
	FUSION_OK = 0,
	FUSION_FULL,				/* no room now: wait and retry */
	FUSION_EMPTY,				/* nothing to read now */
	FUSION_STALE,				/* handle of an earlier lease: drop */
	FUSION_CORRUPT,				/* protocol violation by the peer: quarantine the session */
	FUSION_TOO_LARGE,
	FUSION_MISMATCH,			/* other magic, version or layout */
	FUSION_SYSTEM				/* errno holds the reason */
} FusionStatus;

/* Bytes needed; 0 when the options are out of range (reason in *why, a static string). */
extern uint64_t fusion_region_bytes(const FusionRegionOptions *options, const char **why);

/* Makes the memfd (close-on-exec, sealed against shrink, grow and further seals), maps and initialises it. */
extern FusionStatus fusion_region_create(FusionRegion *region, const FusionRegionOptions *options);

/* Maps an inherited descriptor and checks magic, version, fingerprint, sizes and section bounds. */
extern FusionStatus fusion_region_attach(FusionRegion *region, int fd);

/* Unmaps and closes. */
extern void fusion_region_detach(FusionRegion *region);

/* The first byte of a page's writable bytes in this process's mapping; NULL when out of range. */
extern uint8_t *fusion_region_page(const FusionRegion *region, uint32_t page);

/* Relaxed saturating counters; see schemas/tables/metrics.json. */
extern void fusion_metric_add(const FusionRegion *region, uint32_t metric, uint64_t amount);
/* A gauge: keeps the higher value. */
extern void fusion_metric_raise(const FusionRegion *region, uint32_t metric, uint64_t value);
/* Zero for all; what is added meanwhile counts before or after. Returns the new epoch of the counters. */
extern uint64_t fusion_metrics_reset(const FusionRegion *region);

#endif							/* FUSION_REGION_H */
