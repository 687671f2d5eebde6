/*
 * producer_test.c
 *    Producers in processes of their own: they keep their slots and pages from being swept under them, whoever else
 *    leaves first, and the last one out finishes what the others closed.
 */
#include "harness.h"

#include <pthread.h>
#include <sched.h>
#include <time.h>

#include "words.h"

static void
close_both(const FusionRegion *region, FusionLease control)
{
	fusion_slot_detach(region, FUSION_SLOT_CONTROL, control, FUSION_SLOT_OWNER_BACKEND);
	fusion_slot_detach(region, FUSION_SLOT_CONTROL, control, FUSION_SLOT_OWNER_WORKER);
}

static void
a_producer_outlives_everybody_else(void)
{
	FusionRegion region = make_region(&small_options);
	FusionLease control;
	FusionLease scan;
	FusionPage	issued;
	FusionPage	leased;
	FusionAudit audit;

	start_worker(&region);
	CHECK_EQ(fusion_control_acquire(&region, 1, 2, 1, &control), FUSION_OK);
	CHECK_EQ(fusion_scan_acquire(&region, control, 0, 1, &scan), FUSION_OK);
	CHECK(fusion_producer_attach(&region, control, scan));
	CHECK_EQ(fusion_page_acquire(&region, control, FUSION_PAGE_SIDE_SCAN, &issued), FUSION_OK);
	CHECK_EQ(fusion_page_issue_scan(&region, scan, &issued, 0, 1, 1), FUSION_OK);
	CHECK_EQ(fusion_page_acquire(&region, control, FUSION_PAGE_SIDE_SCAN, &leased), FUSION_OK);

	close_both(&region, control);
	CHECK(fusion_page_held(&region, &leased));
	CHECK(fusion_lease_current(&region, FUSION_SLOT_SCAN, scan));
	CHECK(!fusion_lease_open(&region, FUSION_SLOT_SCAN, scan));
	CHECK_EQ(fusion_page_issue_scan(&region, scan, &leased, 0, 1, 1), FUSION_STALE);
	fusion_audit(&region, &audit);
	CHECK_EQ(audit.control_slots_held, 1);
	CHECK_EQ(audit.scan_slots_held, 1);

	CHECK_EQ(fusion_page_release(&region, &leased), FUSION_OK);
	fusion_producer_detach(&region, control, scan);
	CHECK(!fusion_lease_current(&region, FUSION_SLOT_CONTROL, control));
	check_clean(&region);
	CHECK_EQ(region.header->swept_pages, 0);
	fusion_region_detach(&region);
}

/* The others go on as before once it has left; the worker still reads what stands in the ring. */
static void
a_producer_leaves_first(void)
{
	FusionRegion region = make_region(&small_options);
	FusionLease control;
	FusionLease scan;
	FusionPage	page;
	FusionPageDescriptor descriptor;
	bool		wake_writer;

	start_worker(&region);
	CHECK_EQ(fusion_control_acquire(&region, 1, 2, 1, &control), FUSION_OK);
	CHECK_EQ(fusion_scan_acquire(&region, control, 0, 1, &scan), FUSION_OK);
	CHECK(fusion_producer_attach(&region, control, scan));
	CHECK(!fusion_producer_attach(&region, control, scan));
	CHECK_EQ(fusion_page_acquire(&region, control, FUSION_PAGE_SIDE_SCAN, &page), FUSION_OK);
	CHECK_EQ(fusion_page_issue_scan(&region, scan, &page, 0, 1, 1), FUSION_OK);
	fusion_producer_detach(&region, control, scan);
	CHECK(fusion_lease_open(&region, FUSION_SLOT_SCAN, scan));
	CHECK_EQ(fusion_page_import_scan(&region, scan, &descriptor, &page, &wake_writer), FUSION_OK);
	CHECK_EQ(fusion_page_release(&region, &page), FUSION_OK);
	close_both(&region, control);
	check_clean(&region);
	CHECK_EQ(region.header->swept_pages, 0);
	fusion_region_detach(&region);
}

static void
nobody_joins_what_is_closing_or_gone(void)
{
	FusionRegion region = make_region(&small_options);
	FusionLease control;
	FusionLease scan;
	FusionLease late;

	start_worker(&region);
	CHECK_EQ(fusion_control_acquire(&region, 1, 1, 1, &control), FUSION_OK);
	CHECK_EQ(fusion_scan_acquire(&region, control, 0, 1, &scan), FUSION_OK);
	CHECK_EQ(fusion_scan_acquire(&region, control, 0, 2, &late), FUSION_OK);
	CHECK_EQ(fusion_scan_slots_free(&region), small_options.scan_slot_count - 2);
	/* The scan slot went alone: the control slot keeps no trace of the attempt. */
	fusion_slot_detach(&region, FUSION_SLOT_SCAN, late, FUSION_SLOT_OWNER_BACKEND | FUSION_SLOT_OWNER_WORKER);
	CHECK(!fusion_producer_attach(&region, control, late));
	CHECK(!fusion_producer_attach(&region, (FusionLease) {.index = 4000, .epoch = 1}, scan));
	fusion_slot_detach(&region, FUSION_SLOT_CONTROL, control, FUSION_SLOT_OWNER_BACKEND);
	CHECK(!fusion_producer_attach(&region, control, scan));
	fusion_slot_detach(&region, FUSION_SLOT_CONTROL, control, FUSION_SLOT_OWNER_WORKER);
	CHECK(!fusion_producer_attach(&region, control, scan));
	check_clean(&region);
	fusion_region_detach(&region);
}

static void
a_dead_worker_leaves_the_producer_its_pages(void)
{
	FusionRegion region = make_region(&small_options);
	FusionLease control;
	FusionLease scan;
	FusionPage	page;

	start_worker(&region);
	CHECK_EQ(fusion_control_acquire(&region, 1, 1, 1, &control), FUSION_OK);
	CHECK_EQ(fusion_scan_acquire(&region, control, 0, 1, &scan), FUSION_OK);
	CHECK(fusion_producer_attach(&region, control, scan));
	CHECK_EQ(fusion_page_acquire(&region, control, FUSION_PAGE_SIDE_SCAN, &page), FUSION_OK);
	fusion_worker_enter(&region, FUSION_WORKER_OFFLINE, 0);
	fusion_slots_detach_worker(&region, 0, NULL, NULL);
	fusion_slots_detach_backend(&region, 1);
	/* Again: nothing is left for the supervisor to finish. */
	fusion_slots_detach_worker(&region, 0, NULL, NULL);
	CHECK(fusion_page_held(&region, &page));
	CHECK_EQ(fusion_page_release(&region, &page), FUSION_OK);
	fusion_producer_detach(&region, control, scan);
	check_clean(&region);
	fusion_region_detach(&region);
}

static void
the_count_has_a_limit(void)
{
	FusionRegionOptions options = small_options;
	FusionRegion region;
	FusionLease control;
	FusionLease scans[FUSION_PRODUCERS_ATTACHED_MAX + 1];

	options.scan_slot_count = FUSION_PRODUCERS_ATTACHED_MAX + 1;
	region = make_region(&options);
	start_worker(&region);
	CHECK_EQ(fusion_control_acquire(&region, 1, 1, 1, &control), FUSION_OK);
	for (uint16_t i = 0; i <= FUSION_PRODUCERS_ATTACHED_MAX; i++)
	{
		CHECK_EQ(fusion_scan_acquire(&region, control, 0, i, &scans[i]), FUSION_OK);
		CHECK_EQ(fusion_producer_attach(&region, control, scans[i]), i < FUSION_PRODUCERS_ATTACHED_MAX);
	}
	close_both(&region, control);
	for (uint16_t i = 0; i < FUSION_PRODUCERS_ATTACHED_MAX; i++)
	{
		CHECK(fusion_lease_current(&region, FUSION_SLOT_CONTROL, control));
		fusion_producer_detach(&region, control, scans[i]);
	}
	check_clean(&region);
	fusion_region_detach(&region);
}

/* Of 8 pages: the 2 that are reserved, then free ones while more than 4 are left. */
static void
a_modest_producer_leaves_half_of_the_pool(void)
{
	FusionRegion region = make_region(&small_options);
	FusionLease control;
	FusionPage	pages[5];

	start_worker(&region);
	CHECK_EQ(fusion_control_acquire(&region, 1, 2, 0, &control), FUSION_OK);
	for (int i = 0; i < 4; i++)
		CHECK_EQ(fusion_page_acquire_leaving(&region, control, FUSION_PAGE_SIDE_SCAN, 4, &pages[i]), FUSION_OK);
	CHECK_EQ(fusion_page_acquire_leaving(&region, control, FUSION_PAGE_SIDE_SCAN, 4, &pages[4]), FUSION_FULL);
	CHECK_EQ(fusion_page_acquire(&region, control, FUSION_PAGE_SIDE_SCAN, &pages[4]), FUSION_OK);
	CHECK_EQ(fusion_page_release(&region, &pages[0]), FUSION_OK);
	CHECK_EQ(fusion_page_acquire_leaving(&region, control, FUSION_PAGE_SIDE_SCAN, 4, &pages[0]), FUSION_OK);
	for (int i = 0; i < 5; i++)
		CHECK_EQ(fusion_page_release(&region, &pages[i]), FUSION_OK);
	close_both(&region, control);
	check_clean(&region);
	fusion_region_detach(&region);
}

/* ---- everybody leaves at once ---- */

typedef struct Race
{
	FusionRegion region;
	pthread_barrier_t start;
	pthread_barrier_t end;
	FusionLease control;
	FusionLease scans[2];
	_Atomic bool stop;
	_Atomic uint64_t issued;
} Race;

typedef struct Runner
{
	Race	   *race;
	int			number;
} Runner;

/* One producer process: pages until the lease is gone; each must be its own for as long as it holds it. */
static void
produce(Race *race, int number)
{
	FusionLease scan = race->scans[number];

	if (!fusion_producer_attach(&race->region, race->control, scan))
		return;
	for (int pages = 0; pages < 50; pages++)
	{
		FusionPage	page;
		FusionStatus status = fusion_page_acquire(&race->region, race->control, FUSION_PAGE_SIDE_SCAN, &page);

		if (status == FUSION_FULL)
		{
			sched_yield();
			continue;
		}
		if (status != FUSION_OK)
			break;
		*(volatile uint64_t *) fusion_region_page(&race->region, page.page) = (uint64_t) number;
		CHECK(fusion_page_held(&race->region, &page));
		CHECK_EQ(*(volatile uint64_t *) fusion_region_page(&race->region, page.page), number);
		if (fusion_page_issue_scan(&race->region, scan, &page, 0, 1, 1) == FUSION_OK)
			race->issued++;
		else
			CHECK_EQ(fusion_page_release(&race->region, &page), FUSION_OK);
	}
	fusion_producer_detach(&race->region, race->control, scan);
}

static void *
run_producer(void *arg)
{
	Runner	   *runner = arg;

	for (;;)
	{
		pthread_barrier_wait(&runner->race->start);
		if (runner->race->stop)
			return NULL;
		produce(runner->race, runner->number);
		pthread_barrier_wait(&runner->race->end);
	}
}

/* The worker: imports a little, then leaves. */
static void *
run_worker(void *arg)
{
	Race	   *race = arg;

	for (unsigned round = 0;; round++)
	{
		pthread_barrier_wait(&race->start);
		if (race->stop)
			return NULL;
		for (unsigned i = 0; i < round % 40; i++)
		{
			FusionPageDescriptor descriptor;
			FusionPage	page;
			bool		wake_writer;

			if (fusion_page_import_scan(&race->region, race->scans[i % 2], &descriptor, &page,
										&wake_writer) == FUSION_OK)
				CHECK_EQ(fusion_page_release(&race->region, &page), FUSION_OK);
			else
				sched_yield();
		}
		fusion_slot_detach(&race->region, FUSION_SLOT_CONTROL, race->control, FUSION_SLOT_OWNER_WORKER);
		pthread_barrier_wait(&race->end);
	}
}

static void
all_leave_in_any_order(void)
{
	Race		race = {.region = make_region(&small_options)};
	Runner		runners[2] = {{&race, 0}, {&race, 1}};
	pthread_t	threads[3];
	time_t		end = time(NULL) + (time_t) soak_seconds(2);

	start_worker(&race.region);
	CHECK_EQ(pthread_barrier_init(&race.start, NULL, 4), 0);
	CHECK_EQ(pthread_barrier_init(&race.end, NULL, 4), 0);
	CHECK_EQ(pthread_create(&threads[0], NULL, run_producer, &runners[0]), 0);
	CHECK_EQ(pthread_create(&threads[1], NULL, run_producer, &runners[1]), 0);
	CHECK_EQ(pthread_create(&threads[2], NULL, run_worker, &race), 0);
	for (unsigned round = 0; round < 300 || time(NULL) < end; round++)
	{
		CHECK_EQ(fusion_control_acquire(&race.region, 1, 2, 1, &race.control), FUSION_OK);
		for (uint16_t i = 0; i < 2; i++)
			CHECK_EQ(fusion_scan_acquire(&race.region, race.control, 0, i, &race.scans[i]), FUSION_OK);
		pthread_barrier_wait(&race.start);
		for (unsigned i = 0; i < round % 23; i++)
			sched_yield();
		fusion_slot_detach(&race.region, FUSION_SLOT_CONTROL, race.control, FUSION_SLOT_OWNER_BACKEND);
		pthread_barrier_wait(&race.end);
		check_clean(&race.region);
	}
	race.stop = true;
	pthread_barrier_wait(&race.start);
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	CHECK(race.issued > 0);
	CHECK_EQ(race.region.header->swept_pages, 0);
	fusion_region_detach(&race.region);
}

int
main(void)
{
	RUN(a_producer_outlives_everybody_else);
	RUN(a_producer_leaves_first);
	RUN(nobody_joins_what_is_closing_or_gone);
	RUN(a_dead_worker_leaves_the_producer_its_pages);
	RUN(the_count_has_a_limit);
	RUN(a_modest_producer_leaves_half_of_the_pool);
	RUN(all_leave_in_any_order);
	return 0;
}
