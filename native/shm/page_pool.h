/*
 * page_pool.h
 *    Ownership of pages: free -> leased -> issued -> imported -> free, exactly once, by one path.
 *
 * owner word = generation:24 | lease_epoch:16 (low bits) | slot:16 | side:4 | state:4 (high to low), one per
 * page, changed by compare-and-swap only; the generation rises at issue (the producer's handle ends) and with
 * every return home. There is no free list: a claim scans the words from a shared hint, so a process killed
 * between two steps leaves no page in limbo, and an audit is a scan. A page belongs to a control slot's
 * lease; scan pages of all its producers carry the same slot and epoch.
 *
 * Permits are pages: an execution reserves some of each side at acquisition (state RESERVED under its slot
 * and epoch) and may use free ones beyond; a released page goes back where it came from, which a bit of its
 * side field remembers. A reserved page is never lent, so a bounded pool cannot deadlock; and as no counter
 * stands beside the words, a process killed anywhere loses no permit.
 */
#ifndef FUSION_PAGE_POOL_H
#define FUSION_PAGE_POOL_H

#include "slot.h"

/* A page held by this process. */
typedef struct FusionPage
{
	uint32_t	page;
	uint32_t	generation;
	uint32_t	side;
	FusionLease control;
} FusionPage;

/*
 * FREE -> LEASED. FULL when no reserved or free page is left now (register with fusion_page_wait_begin,
 * retry, sleep). STALE when the lease ended.
 */
extern FusionStatus fusion_page_acquire(const FusionRegion *region, FusionLease control, uint32_t side,
										FusionPage *page);

/*
 * The same for whoever can wait: beside the reservation it takes a free page only while more than `left` are free, and
 * otherwise says FULL. Every page that comes back wakes waiters for another look.
 */
extern FusionStatus fusion_page_acquire_leaving(const FusionRegion *region, FusionLease control, uint32_t side,
												uint32_t left, FusionPage *page);

/* True while the page is LEASED or IMPORTED under exactly this handle: before touching its bytes. */
extern bool fusion_page_held(const FusionRegion *region, const FusionPage *page);

/* LEASED -> ISSUED and descriptor into the ring (issue), ring slot first reserved: FULL leaves the page LEASED. */
extern FusionStatus fusion_page_issue_scan(const FusionRegion *region, FusionLease scan, const FusionPage *page,
										   uint16_t flags, uint32_t rows, uint32_t bytes);
extern FusionStatus fusion_page_issue_result(const FusionRegion *region, const FusionPage *page,
											 uint16_t flags, uint32_t rows, uint32_t bytes);

/* Ends a stream: a DESCRIPTOR_END or DESCRIPTOR_FAILED entry. FULL as above (one entry is kept in reserve for it). */
extern FusionStatus fusion_scan_end(const FusionRegion *region, FusionLease scan, uint16_t kind);
extern FusionStatus fusion_result_end(const FusionRegion *region, FusionLease control, uint16_t kind);

/* Pops the next descriptor; a page descriptor is checked (index, generation, epoch, slot) and becomes IMPORTED.
 * EMPTY, STALE, CORRUPT. *wake_writer: the producer waits for ring room. For END/FAILED, page is not touched. */
extern FusionStatus fusion_page_import_scan(const FusionRegion *region, FusionLease scan,
											FusionPageDescriptor *descriptor, FusionPage *page, bool *wake_writer);
extern FusionStatus fusion_page_import_result(const FusionRegion *region, FusionLease control,
											  FusionPageDescriptor *descriptor, FusionPage *page, bool *wake_writer);

/* LEASED or IMPORTED -> FREE, or RESERVED again. A second release of the same page is STALE and changes nothing.
 * The caller then wakes page waiters (wake.h). */
extern FusionStatus fusion_page_release(const FusionRegion *region, const FusionPage *page);

#endif							/* FUSION_PAGE_POOL_H */
