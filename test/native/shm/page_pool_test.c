/*
 * page_pool_test.c
 *    Pages: one owner at every moment, reservations that are never lent, rings that refuse lies, sweeps that find all.
 */
#include "harness.h"

#include <pthread.h>
#include <sched.h>
#include <time.h>

#include "words.h"

typedef struct Bench
{
	FusionRegion region;
	FusionLease control;
	FusionLease scan;
} Bench;

static Bench
lay_out(uint32_t permits_scan, uint32_t permits_result)
{
	Bench		bench = {.region = make_region(&small_options)};

	start_worker(&bench.region);
	CHECK_EQ(fusion_control_acquire(&bench.region, 42, permits_scan, permits_result, &bench.control), FUSION_OK);
	CHECK_EQ(fusion_scan_acquire(&bench.region, bench.control, 5, 2, &bench.scan), FUSION_OK);
	return bench;
}

static uint32_t
clear_away(Bench *bench)
{
	uint32_t	swept = 0;

	swept += fusion_slot_detach(&bench->region, FUSION_SLOT_CONTROL, bench->control, FUSION_SLOT_OWNER_WORKER);
	swept += fusion_slot_detach(&bench->region, FUSION_SLOT_CONTROL, bench->control, FUSION_SLOT_OWNER_BACKEND);
	check_clean(&bench->region);
	fusion_region_detach(&bench->region);
	return swept;
}

static void
a_page_makes_the_round(void)
{
	Bench		bench = lay_out(2, 1);
	FusionRegion *region = &bench.region;
	FusionPageDescriptor descriptor;
	FusionPage	mine;
	FusionPage	theirs;
	bool		wake;

	for (int round = 0; round < 100; round++)
	{
		CHECK_EQ(fusion_page_acquire(region, bench.control, FUSION_PAGE_SIDE_SCAN, &mine), FUSION_OK);
		CHECK_EQ(fusion_page_import_scan(region, bench.scan, &descriptor, &theirs, &wake), FUSION_EMPTY);
		CHECK_EQ(fusion_page_issue_scan(region, bench.scan, &mine, 3, 1000, 65537), FUSION_TOO_LARGE);
		CHECK_EQ(fusion_page_issue_scan(region, bench.scan, &mine, 3, 1000, 65536), FUSION_OK);
		/* The producer's handle ended with the issue. */
		CHECK_EQ(fusion_page_release(region, &mine), FUSION_STALE);
		CHECK_EQ(fusion_page_issue_scan(region, bench.scan, &mine, 3, 1, 1), FUSION_STALE);
		CHECK_EQ(fusion_page_import_scan(region, bench.scan, &descriptor, &theirs, &wake), FUSION_OK);
		CHECK_EQ(descriptor.page, mine.page);
		CHECK_EQ(descriptor.rows, 1000);
		CHECK_EQ(descriptor.leaf, 5);
		CHECK_EQ(descriptor.producer, 2);
		CHECK_EQ(descriptor.flags, 3);
		CHECK_EQ(descriptor.sequence, round + 1);
		CHECK_EQ(fusion_page_release(region, &mine), FUSION_STALE);
		CHECK_EQ(fusion_page_release(region, &theirs), FUSION_OK);
		CHECK_EQ(fusion_page_release(region, &theirs), FUSION_STALE);
		CHECK_EQ(region->control_slots[bench.control.index].used_scan, 0);
	}
	CHECK_EQ(region->control_slots[bench.control.index].pages_issued, 100);
	CHECK_EQ(region->scan_slots[bench.scan.index].rows_produced, 100000);
	CHECK_EQ(clear_away(&bench), 0);
}

static void
results_travel_the_other_way(void)
{
	Bench		bench = lay_out(0, 2);
	FusionRegion *region = &bench.region;
	FusionPageDescriptor descriptor;
	FusionPage	mine;
	FusionPage	theirs;
	bool		wake;

	CHECK_EQ(fusion_page_acquire(region, bench.control, FUSION_PAGE_SIDE_RESULT, &mine), FUSION_OK);
	CHECK_EQ(fusion_page_issue_scan(region, bench.scan, &mine, 0, 1, 1), FUSION_STALE);
	CHECK_EQ(fusion_page_issue_result(region, &mine, 0, 10, 100), FUSION_OK);
	CHECK_EQ(fusion_result_end(region, bench.control, FUSION_DESCRIPTOR_FAILED), FUSION_OK);
	/* The worker is gone; what it issued is still good. */
	fusion_slot_detach(region, FUSION_SLOT_CONTROL, bench.control, FUSION_SLOT_OWNER_WORKER);
	CHECK_EQ(fusion_page_import_result(region, bench.control, &descriptor, &theirs, &wake), FUSION_OK);
	CHECK_EQ(descriptor.kind, FUSION_DESCRIPTOR_PAGE);
	CHECK_EQ(fusion_page_release(region, &theirs), FUSION_OK);
	CHECK_EQ(fusion_page_import_result(region, bench.control, &descriptor, &theirs, &wake), FUSION_OK);
	CHECK_EQ(descriptor.kind, FUSION_DESCRIPTOR_FAILED);
	CHECK_EQ(fusion_page_import_result(region, bench.control, &descriptor, &theirs, &wake), FUSION_EMPTY);
	CHECK_EQ(fusion_page_acquire(region, bench.control, FUSION_PAGE_SIDE_RESULT, &mine), FUSION_STALE);
	CHECK_EQ(clear_away(&bench), 0);
}

static void
a_reservation_is_never_lent(void)
{
	Bench		bench = lay_out(2, 1);
	FusionRegion *region = &bench.region;
	FusionLease greedy;
	FusionPage	taken[6];
	FusionPage	mine[3];

	CHECK_EQ(fusion_control_acquire(region, 43, 0, 0, &greedy), FUSION_OK);
	/* 8 pages, 3 kept for the other: five are to be had, in whatever side. */
	for (int i = 0; i < 5; i++)
		CHECK_EQ(fusion_page_acquire(region, greedy, (uint32_t) i & 1, &taken[i]), FUSION_OK);
	CHECK_EQ(fusion_page_acquire(region, greedy, FUSION_PAGE_SIDE_SCAN, &taken[5]), FUSION_FULL);

	CHECK_EQ(fusion_page_acquire(region, bench.control, FUSION_PAGE_SIDE_SCAN, &mine[0]), FUSION_OK);
	CHECK_EQ(fusion_page_acquire(region, bench.control, FUSION_PAGE_SIDE_SCAN, &mine[1]), FUSION_OK);
	CHECK_EQ(fusion_page_acquire(region, bench.control, FUSION_PAGE_SIDE_SCAN, &mine[2]), FUSION_FULL);
	CHECK_EQ(fusion_page_acquire(region, bench.control, FUSION_PAGE_SIDE_RESULT, &mine[2]), FUSION_OK);

	/* A reserved page returns to its reservation, a free one to the pool. */
	CHECK_EQ(fusion_page_release(region, &mine[0]), FUSION_OK);
	CHECK_EQ(fusion_page_acquire(region, greedy, FUSION_PAGE_SIDE_SCAN, &taken[5]), FUSION_FULL);
	CHECK_EQ(fusion_page_release(region, &taken[0]), FUSION_OK);
	CHECK_EQ(fusion_page_acquire(region, bench.control, FUSION_PAGE_SIDE_SCAN, &mine[0]), FUSION_OK);
	CHECK_EQ(fusion_page_acquire(region, bench.control, FUSION_PAGE_SIDE_SCAN, &taken[0]), FUSION_OK);
	CHECK_EQ(fusion_page_acquire(region, greedy, FUSION_PAGE_SIDE_SCAN, &taken[5]), FUSION_FULL);

	/* Wrong hints cost time only: with the counters off, the reserved page is still found. */
	CHECK_EQ(fusion_page_release(region, &mine[0]), FUSION_OK);
	region->control_slots[bench.control.index].used_scan = 1000;
	region->control_slots[bench.control.index].reservation_hint = 4000000;
	CHECK_EQ(fusion_page_acquire(region, bench.control, FUSION_PAGE_SIDE_SCAN, &mine[0]), FUSION_OK);

	CHECK_EQ(fusion_slot_detach(region, FUSION_SLOT_CONTROL, greedy, FUSION_SLOT_OWNER_WORKER), 0);
	CHECK_EQ(fusion_slot_detach(region, FUSION_SLOT_CONTROL, greedy, FUSION_SLOT_OWNER_BACKEND), 4);
	CHECK_EQ(clear_away(&bench), 4);
}

static void
a_ring_keeps_room_for_its_end(void)
{
	FusionRegionOptions options = small_options;
	Bench		bench;
	FusionPage	page;
	FusionPage	theirs;
	FusionPageDescriptor descriptor;
	bool		wake;

	options.page_count = 40;
	bench.region = make_region(&options);
	start_worker(&bench.region);
	CHECK_EQ(fusion_control_acquire(&bench.region, 42, 0, 0, &bench.control), FUSION_OK);
	CHECK_EQ(fusion_scan_acquire(&bench.region, bench.control, 0, 0, &bench.scan), FUSION_OK);
	for (uint32_t i = 0; i < FUSION_SCAN_RING_DESCRIPTORS - 1; i++)
	{
		CHECK_EQ(fusion_page_acquire(&bench.region, bench.control, FUSION_PAGE_SIDE_SCAN, &page), FUSION_OK);
		CHECK_EQ(fusion_page_issue_scan(&bench.region, bench.scan, &page, 0, i, 1), FUSION_OK);
	}
	CHECK_EQ(fusion_page_acquire(&bench.region, bench.control, FUSION_PAGE_SIDE_SCAN, &page), FUSION_OK);
	CHECK_EQ(fusion_page_issue_scan(&bench.region, bench.scan, &page, 0, 0, 1), FUSION_FULL);
	/* FULL left the page leased; the reader is told that a writer waits. */
	CHECK_EQ(fusion_page_import_scan(&bench.region, bench.scan, &descriptor, &theirs, &wake), FUSION_OK);
	CHECK(wake);
	CHECK_EQ(fusion_page_issue_scan(&bench.region, bench.scan, &page, 0, 31, 1), FUSION_OK);
	CHECK_EQ(fusion_scan_end(&bench.region, bench.scan, FUSION_DESCRIPTOR_END), FUSION_OK);
	CHECK_EQ(fusion_scan_end(&bench.region, bench.scan, FUSION_DESCRIPTOR_END), FUSION_FULL);

	/* The scan is abandoned with 31 pages in its ring: they are home at once, not only when the execution ends. */
	CHECK_EQ(fusion_page_release(&bench.region, &theirs), FUSION_OK);
	fusion_slot_detach(&bench.region, FUSION_SLOT_SCAN, bench.scan, FUSION_SLOT_OWNER_BACKEND);
	fusion_slot_detach(&bench.region, FUSION_SLOT_SCAN, bench.scan, FUSION_SLOT_OWNER_WORKER);
	{
		FusionAudit audit;

		fusion_audit(&bench.region, &audit);
		CHECK_EQ(audit.pages_held, 0);
	}
	CHECK_EQ(clear_away(&bench), 0);
}

static void
a_lying_descriptor_is_corrupt(void)
{
	Bench		bench = lay_out(2, 0);
	FusionRegion *region = &bench.region;
	FusionScanSlot *slot = &region->scan_slots[bench.scan.index];
	FusionPageDescriptor descriptor;
	FusionPageDescriptor honest;
	FusionPage	page;
	FusionPage	other;
	bool		wake;

	CHECK_EQ(fusion_page_acquire(region, bench.control, FUSION_PAGE_SIDE_SCAN, &other), FUSION_OK);
	CHECK_EQ(fusion_page_acquire(region, bench.control, FUSION_PAGE_SIDE_SCAN, &page), FUSION_OK);
	CHECK_EQ(fusion_page_issue_scan(region, bench.scan, &page, 0, 1, 1), FUSION_OK);
	honest = slot->page_entries[0];

#define LIE(statement) \
	slot->page_entries[0] = honest; \
	statement; \
	CHECK_EQ(fusion_page_import_scan(region, bench.scan, &descriptor, &page, &wake), FUSION_CORRUPT)

	LIE(slot->page_entries[0].page = 8);
	LIE(slot->page_entries[0].page = UINT32_MAX);
	LIE(slot->page_entries[0].page = other.page);
	LIE(slot->page_entries[0].page_generation++);
	LIE(slot->page_entries[0].lease_epoch++);
	LIE(slot->page_entries[0].sequence = 0);
	LIE(slot->page_entries[0].kind = 3);
	LIE(slot->page_entries[0].bytes = 65537);
	LIE(slot->pages.head = 40);
	slot->pages.head = 1;
	slot->page_entries[0] = honest;
	/* A scan slot that names another execution has no current owner: its pages are nobody's. */
	slot->control_slot = 4000;
	CHECK_EQ(fusion_page_import_scan(region, bench.scan, &descriptor, &page, &wake), FUSION_STALE);
	slot->control_slot = bench.control.index ^ 1;
	CHECK_EQ(fusion_page_import_scan(region, bench.scan, &descriptor, &page, &wake), FUSION_STALE);
	slot->control_slot = bench.control.index;
	slot->page_entries[0] = honest;
	CHECK_EQ(fusion_page_import_scan(region, bench.scan, &descriptor, &page, &wake), FUSION_OK);
	CHECK_EQ(fusion_page_release(region, &page), FUSION_OK);
	CHECK_EQ(fusion_page_release(region, &other), FUSION_OK);
	CHECK_EQ(clear_away(&bench), 0);
}

static void
stale_handles_change_nothing(void)
{
	Bench		bench = lay_out(1, 0);
	FusionRegion *region = &bench.region;
	FusionLease old = bench.control;
	FusionLease old_scan = bench.scan;
	FusionPage	page;
	FusionPageDescriptor descriptor;
	FusionAudit audit;
	bool		wake;

	CHECK_EQ(fusion_page_acquire(region, old, FUSION_PAGE_SIDE_SCAN, &page), FUSION_OK);
	CHECK_EQ(fusion_slot_detach(region, FUSION_SLOT_CONTROL, old, FUSION_SLOT_OWNER_WORKER), 0);
	CHECK_EQ(fusion_slot_detach(region, FUSION_SLOT_CONTROL, old, FUSION_SLOT_OWNER_BACKEND), 1);
	CHECK_EQ(region->header->swept_pages, 1);
	CHECK_EQ(fusion_control_acquire(region, 42, 8, 0, &bench.control), FUSION_OK);
	CHECK_EQ(bench.control.index, old.index);

	CHECK_EQ(fusion_page_release(region, &page), FUSION_STALE);
	CHECK_EQ(fusion_page_acquire(region, old, FUSION_PAGE_SIDE_SCAN, &page), FUSION_STALE);
	CHECK_EQ(fusion_page_acquire(region, bench.control, 2, &page), FUSION_STALE);
	CHECK_EQ(fusion_page_issue_scan(region, old_scan, &page, 0, 0, 0), FUSION_STALE);
	CHECK_EQ(fusion_page_issue_result(region, &page, 0, 0, 0), FUSION_STALE);
	CHECK_EQ(fusion_scan_end(region, old_scan, FUSION_DESCRIPTOR_END), FUSION_STALE);
	CHECK_EQ(fusion_result_end(region, old, FUSION_DESCRIPTOR_END), FUSION_STALE);
	CHECK_EQ(fusion_page_import_scan(region, old_scan, &descriptor, &page, &wake), FUSION_STALE);
	CHECK_EQ(fusion_page_import_result(region, old, &descriptor, &page, &wake), FUSION_STALE);
	page.page = UINT32_MAX;
	CHECK_EQ(fusion_page_release(region, &page), FUSION_STALE);
	fusion_audit(region, &audit);
	CHECK_EQ(audit.permits_missing, 8);
	CHECK_EQ(clear_away(&bench), 0);
}

/* ---- two threads, many executions, a pool that is too small ---- */

#define PAGES_EACH 60000

static void *
produce(void *arg)
{
	Bench	   *bench = arg;
	FusionRegion *region = &bench->region;

	for (uint32_t i = 0; i < PAGES_EACH; i++)
	{
		FusionPage	page;
		FusionStatus status;

		while ((status = fusion_page_acquire(region, bench->control, FUSION_PAGE_SIDE_SCAN, &page)) == FUSION_FULL)
			sched_yield();
		CHECK_EQ(status, FUSION_OK);
		memset(fusion_region_page(region, page.page), (int) (i & 255), 64);
		while ((status = fusion_page_issue_scan(region, bench->scan, &page, 0, i, 64)) == FUSION_FULL)
			sched_yield();
		CHECK_EQ(status, FUSION_OK);
	}
	CHECK_EQ(fusion_scan_end(region, bench->scan, FUSION_DESCRIPTOR_END), FUSION_OK);
	return NULL;
}

static void
consume(Bench *bench)
{
	FusionPageDescriptor descriptor;
	FusionPage	page;
	bool		wake;

	for (uint32_t next = 0;; next++)
	{
		FusionStatus status;
		uint8_t    *bytes;

		do
			status = fusion_page_import_scan(&bench->region, bench->scan, &descriptor, &page, &wake);
		while (status == FUSION_EMPTY && sched_yield() == 0);
		CHECK_EQ(status, FUSION_OK);
		if (descriptor.kind == FUSION_DESCRIPTOR_END)
		{
			CHECK_EQ(next, PAGES_EACH);
			break;
		}
		CHECK_EQ(descriptor.rows, next);
		bytes = fusion_region_page(&bench->region, page.page);
		for (int i = 0; i < 64; i++)
			CHECK_EQ(bytes[i], next & 255);
		CHECK_EQ(fusion_page_release(&bench->region, &page), FUSION_OK);
	}
}

static void *
consume_thread(void *arg)
{
	consume(arg);
	return NULL;
}

static void
two_executions_share_a_small_pool(void)
{
	Bench		one = lay_out(1, 1);
	Bench		two = {.region = one.region};
	pthread_t	threads[3];

	CHECK_EQ(fusion_control_acquire(&two.region, 43, 1, 1, &two.control), FUSION_OK);
	CHECK_EQ(fusion_scan_acquire(&two.region, two.control, 0, 0, &two.scan), FUSION_OK);
	CHECK_EQ(pthread_create(&threads[0], NULL, produce, &one), 0);
	CHECK_EQ(pthread_create(&threads[1], NULL, produce, &two), 0);
	CHECK_EQ(pthread_create(&threads[2], NULL, consume_thread, &two), 0);
	consume(&one);
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	CHECK_EQ(fusion_slot_detach(&two.region, FUSION_SLOT_CONTROL, two.control, FUSION_SLOT_OWNER_WORKER), 0);
	CHECK_EQ(fusion_slot_detach(&two.region, FUSION_SLOT_CONTROL, two.control, FUSION_SLOT_OWNER_BACKEND), 0);
	CHECK_EQ(clear_away(&one), 0);
}

/* ---- a claim against the end of its lease ---- */

typedef struct Ending
{
	FusionRegion region;
	_Atomic uint64_t lease;		/* epoch:32 | index:32; 0: stop */
	_Atomic uint64_t done;
} Ending;

/* Takes and returns pages of the present lease until it is told that the lease ended. */
static void *
claim_until_stale(void *arg)
{
	Ending	   *ending = arg;

	for (uint64_t now = ending->lease; now != 0; now = ending->lease)
	{
		FusionLease lease = {.index = (uint32_t) now, .epoch = (uint32_t) (now >> 32)};
		FusionPage	page;
		FusionStatus status = fusion_page_acquire(&ending->region, lease, FUSION_PAGE_SIDE_SCAN, &page);

		/* A page held when the lease ends is left to the sweep, which must know of it. */
		if (status == FUSION_OK && fusion_lease_open(&ending->region, FUSION_SLOT_CONTROL, lease))
			fusion_page_release(&ending->region, &page);
		else if (status != FUSION_OK)
			ending->done = now;
	}
	return NULL;
}

/* All but page 0 are somebody else's, so a claim looks at thousands of words before it takes the one swept first. */
static void
no_page_outlives_its_lease(void)
{
	FusionRegionOptions options = small_options;
	Ending		ending = {.lease = 0};
	FusionLease others;
	FusionLease lease;
	pthread_t	thread;
	time_t		end = time(NULL) + (time_t) soak_seconds(2);

	options.page_count = 4096;
	ending.region = make_region(&options);
	start_worker(&ending.region);
	ending.region.header->claim_cursor = 1;
	CHECK_EQ(fusion_control_acquire(&ending.region, 1, 4095, 0, &others), FUSION_OK);
	CHECK_EQ(fusion_control_acquire(&ending.region, 1, 0, 0, &lease), FUSION_OK);
	ending.lease = ((uint64_t) lease.epoch << 32) | lease.index;
	CHECK_EQ(pthread_create(&thread, NULL, claim_until_stale, &ending), 0);
	for (int round = 0; round < 100 || time(NULL) < end; round++)
	{
		for (int i = 0; i < round % 5000; i++)
			__asm__ volatile("" ::: "memory");
		fusion_slot_detach(&ending.region, FUSION_SLOT_CONTROL, lease,
						   FUSION_SLOT_OWNER_WORKER | FUSION_SLOT_OWNER_BACKEND);
		while (ending.done != ending.lease)
			sched_yield();
		CHECK_EQ(fusion_page_unpack(ending.region.owner_words[0]).state, FUSION_PAGE_FREE);
		CHECK_EQ(fusion_control_acquire(&ending.region, 1, 0, 0, &lease), FUSION_OK);
		ending.lease = ((uint64_t) lease.epoch << 32) | lease.index;
	}
	ending.lease = 0;
	pthread_join(thread, NULL);
	fusion_region_detach(&ending.region);
}

int
main(void)
{
	RUN(a_page_makes_the_round);
	RUN(results_travel_the_other_way);
	RUN(a_reservation_is_never_lent);
	RUN(a_ring_keeps_room_for_its_end);
	RUN(a_lying_descriptor_is_corrupt);
	RUN(stale_handles_change_nothing);
	RUN(no_page_outlives_its_lease);
	RUN(two_executions_share_a_small_pool);
	return 0;
}
