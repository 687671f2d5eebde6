/*
 * slot_test.c
 *    Leases: acquisition, closing from either side, dead peers, and the races that slot.c argues about.
 */
#include "harness.h"

#include <pthread.h>
#include <sched.h>
#include <time.h>

#include "words.h"

static void
detach_both(const FusionRegion *region, FusionSlotKind kind, FusionLease lease)
{
	CHECK_EQ(fusion_slot_detach(region, kind, lease, FUSION_SLOT_OWNER_BACKEND), 0);
	CHECK_EQ(fusion_slot_detach(region, kind, lease, FUSION_SLOT_OWNER_WORKER), 0);
}

static void
needs_a_ready_worker(void)
{
	FusionRegion region = make_region(&small_options);
	FusionLease lease;
	uint32_t	generation = 99;

	CHECK_EQ(fusion_worker_state(&region, &generation), FUSION_WORKER_OFFLINE);
	CHECK_EQ(generation, 0);
	CHECK_EQ(fusion_control_acquire(&region, 5, 0, 0, &lease), FUSION_STALE);
	CHECK_EQ(fusion_worker_enter(&region, FUSION_WORKER_STARTING, 11), 1);
	CHECK_EQ(fusion_control_acquire(&region, 5, 0, 0, &lease), FUSION_STALE);
	CHECK(!fusion_worker_ready(&region, 2, 1));
	CHECK(!fusion_worker_ready(&region, 1, 0));
	CHECK(!fusion_worker_ready(&region, 1, FUSION_EXECUTORS_MAX + 1));
	CHECK(fusion_worker_ready(&region, 1, 1));
	CHECK(!fusion_worker_ready(&region, 1, 1));
	CHECK_EQ(fusion_control_acquire(&region, 5, 0, 0, &lease), FUSION_OK);
	CHECK_EQ(fusion_worker_enter(&region, FUSION_WORKER_OFFLINE, 0), 1);
	CHECK_EQ(fusion_worker_enter(&region, FUSION_WORKER_STARTING, 12), 2);
	CHECK(!fusion_worker_ready(&region, 1, 1));
	detach_both(&region, FUSION_SLOT_CONTROL, lease);
	check_clean(&region);
	fusion_region_detach(&region);
}

static void
a_lease_goes_through_its_states(void)
{
	FusionRegion region = make_region(&small_options);
	FusionLease lease;
	FusionLease second;

	start_worker(&region);
	CHECK_EQ(fusion_control_acquire(&region, 5, 2, 1, &lease), FUSION_OK);
	CHECK(fusion_lease_open(&region, FUSION_SLOT_CONTROL, lease));
	CHECK_EQ(region.control_slots[lease.index].backend_pid, 5);
	fusion_slot_detach(&region, FUSION_SLOT_CONTROL, lease, FUSION_SLOT_OWNER_WORKER);
	CHECK(!fusion_lease_open(&region, FUSION_SLOT_CONTROL, lease));
	CHECK(fusion_lease_current(&region, FUSION_SLOT_CONTROL, lease));
	/* The worker again: idempotent. */
	fusion_slot_detach(&region, FUSION_SLOT_CONTROL, lease, FUSION_SLOT_OWNER_WORKER);
	CHECK(fusion_lease_current(&region, FUSION_SLOT_CONTROL, lease));
	fusion_slot_detach(&region, FUSION_SLOT_CONTROL, lease, FUSION_SLOT_OWNER_BACKEND);
	CHECK(!fusion_lease_current(&region, FUSION_SLOT_CONTROL, lease));
	check_clean(&region);

	/* The same slot, the next epoch; the old handle does nothing to it. */
	CHECK_EQ(fusion_control_acquire(&region, 5, 0, 0, &second), FUSION_OK);
	CHECK_EQ(second.index, lease.index);
	CHECK_EQ(second.epoch, lease.epoch + 1);
	detach_both(&region, FUSION_SLOT_CONTROL, lease);
	CHECK(fusion_lease_open(&region, FUSION_SLOT_CONTROL, second));
	detach_both(&region, FUSION_SLOT_CONTROL, second);
	CHECK(!fusion_lease_current(&region, FUSION_SLOT_CONTROL, (FusionLease) {.index = 4000, .epoch = 1}));
	CHECK_EQ(fusion_slot_detach(&region, FUSION_SLOT_SCAN, (FusionLease) {.index = 4000, .epoch = 1}, 3), 0);
	check_clean(&region);
	fusion_region_detach(&region);
}

static void
slots_and_reservations_run_out(void)
{
	FusionRegion region = make_region(&small_options);
	FusionLease leases[5];
	FusionAudit audit;

	start_worker(&region);
	for (int i = 0; i < 3; i++)
		CHECK_EQ(fusion_control_acquire(&region, 100, 1, 1, &leases[i]), FUSION_OK);
	/* Two pages are left; three are asked for; nothing is kept of the attempt. */
	CHECK_EQ(fusion_control_acquire(&region, 100, 2, 1, &leases[3]), FUSION_FULL);
	fusion_audit(&region, &audit);
	CHECK_EQ(audit.control_slots_held, 3);
	CHECK_EQ(audit.free_pages, 2);
	CHECK_EQ(audit.permits_missing, 6);
	CHECK_EQ(fusion_control_acquire(&region, 100, 1, 1, &leases[3]), FUSION_OK);
	CHECK_EQ(fusion_control_acquire(&region, 100, 0, 0, &leases[4]), FUSION_FULL);
	CHECK_EQ(fusion_control_acquire(&region, 100, UINT32_MAX, 0, &leases[4]), FUSION_FULL);
	for (int i = 0; i < 4; i++)
		detach_both(&region, FUSION_SLOT_CONTROL, leases[i]);
	check_clean(&region);
	fusion_region_detach(&region);
}

static void
a_spent_epoch_counter_retires_its_slot(void)
{
	FusionRegionOptions options = small_options;
	FusionRegion region;
	FusionLease lease;

	options.control_slot_count = 1;
	region = make_region(&options);
	start_worker(&region);
	region.control_slots[0].word = fusion_slot_pack((FusionSlotWord) {.epoch = UINT32_MAX - 1});
	CHECK_EQ(fusion_control_acquire(&region, 1, 0, 0, &lease), FUSION_OK);
	CHECK_EQ(lease.epoch, UINT32_MAX);
	detach_both(&region, FUSION_SLOT_CONTROL, lease);
	CHECK_EQ(fusion_control_acquire(&region, 1, 0, 0, &lease), FUSION_FULL);
	fusion_region_detach(&region);
}

static void
scan_slots_follow_their_execution(void)
{
	FusionRegion region = make_region(&small_options);
	FusionLease control;
	FusionLease scans[7];

	start_worker(&region);
	CHECK_EQ(fusion_control_acquire(&region, 9, 0, 0, &control), FUSION_OK);
	for (uint16_t i = 0; i < 6; i++)
		CHECK_EQ(fusion_scan_acquire(&region, control, i, 0, &scans[i]), FUSION_OK);
	CHECK_EQ(fusion_scan_acquire(&region, control, 6, 0, &scans[6]), FUSION_FULL);
	CHECK_EQ(region.scan_slots[scans[3].index].leaf, 3);
	detach_both(&region, FUSION_SLOT_SCAN, scans[0]);
	CHECK(!fusion_lease_current(&region, FUSION_SLOT_SCAN, scans[0]));
	/* The worker leaves the execution without ever having heard of the scans. */
	fusion_slot_detach(&region, FUSION_SLOT_CONTROL, control, FUSION_SLOT_OWNER_WORKER);
	CHECK(fusion_lease_current(&region, FUSION_SLOT_SCAN, scans[5]));
	CHECK(!fusion_lease_open(&region, FUSION_SLOT_SCAN, scans[5]));
	CHECK_EQ(fusion_scan_acquire(&region, control, 0, 1, &scans[6]), FUSION_STALE);
	fusion_slot_detach(&region, FUSION_SLOT_CONTROL, control, FUSION_SLOT_OWNER_BACKEND);
	check_clean(&region);
	fusion_region_detach(&region);
}

static uint32_t woken;

static void
count_wake(void *arg, FusionSlotKind kind, uint32_t index)
{
	(void) kind;
	CHECK(arg == &woken);
	CHECK(index < 6);
	woken++;
}

static void
a_dead_worker_is_taken_off_every_slot(void)
{
	FusionRegion region = make_region(&small_options);
	FusionLease one;
	FusionLease two;
	FusionLease scan;
	uint32_t	generation = start_worker(&region);

	CHECK_EQ(fusion_control_acquire(&region, 1, 1, 1, &one), FUSION_OK);
	CHECK_EQ(fusion_control_acquire(&region, 2, 1, 1, &two), FUSION_OK);
	CHECK_EQ(fusion_scan_acquire(&region, two, 0, 0, &scan), FUSION_OK);
	fusion_slot_detach(&region, FUSION_SLOT_CONTROL, one, FUSION_SLOT_OWNER_BACKEND);

	CHECK_EQ(fusion_slots_detach_worker(&region, generation, count_wake, &woken), 0);
	fusion_worker_enter(&region, FUSION_WORKER_OFFLINE, 0);
	woken = 0;
	CHECK_EQ(fusion_slots_detach_worker(&region, 0, count_wake, &woken), 3);
	CHECK_EQ(woken, 3);
	CHECK(!fusion_lease_current(&region, FUSION_SLOT_CONTROL, one));
	CHECK(fusion_lease_current(&region, FUSION_SLOT_CONTROL, two));
	CHECK(!fusion_lease_open(&region, FUSION_SLOT_CONTROL, two));
	CHECK_EQ(fusion_slots_detach_backend(&region, 1), 0);
	CHECK_EQ(fusion_slots_detach_backend(&region, 2), 1);
	check_clean(&region);
	fusion_region_detach(&region);
}

static void
an_unfinished_sweep_is_finished(void)
{
	FusionRegion region = make_region(&small_options);
	FusionLease lease;
	FusionAudit audit;

	start_worker(&region);
	CHECK_EQ(fusion_control_acquire(&region, 1, 2, 1, &lease), FUSION_OK);
	fusion_slot_detach(&region, FUSION_SLOT_CONTROL, lease, FUSION_SLOT_OWNER_BACKEND);
	/* The worker drops its bit and dies before it sweeps. */
	region.control_slots[lease.index].word = fusion_slot_pack((FusionSlotWord) {
		.epoch = lease.epoch, .generation = 1, .state = FUSION_SLOT_CLOSING
	});
	fusion_audit(&region, &audit);
	CHECK_EQ(audit.permits_missing, 3);
	fusion_worker_enter(&region, FUSION_WORKER_OFFLINE, 0);
	CHECK_EQ(fusion_slots_detach_worker(&region, 0, NULL, NULL), 0);
	check_clean(&region);
	fusion_region_detach(&region);
}

static void
a_scan_slot_under_acquisition_belongs_to_nobody_else(void)
{
	FusionRegion region = make_region(&small_options);
	FusionLease control;
	FusionLease scan;
	FusionSlotWord half;

	start_worker(&region);
	CHECK_EQ(fusion_control_acquire(&region, 1, 0, 0, &control), FUSION_OK);
	CHECK_EQ(fusion_scan_acquire(&region, control, 0, 0, &scan), FUSION_OK);
	detach_both(&region, FUSION_SLOT_SCAN, scan);
	/* Another backend has claimed the slot, and its fields still name the execution before. */
	half = (FusionSlotWord) {
		.epoch = scan.epoch + 1, .owners = FUSION_SLOT_OWNER_BACKEND, .state = FUSION_SLOT_LEASED
	};
	region.scan_slots[scan.index].word = fusion_slot_pack(half);
	detach_both(&region, FUSION_SLOT_CONTROL, control);
	CHECK_EQ(region.scan_slots[scan.index].word, fusion_slot_pack(half));
	fusion_region_detach(&region);
}

static void
a_scan_slot_published_too_late_is_freed_with_its_execution(void)
{
	FusionRegion region = make_region(&small_options);
	FusionLease control;
	FusionLease scan;
	FusionPage	page;
	FusionSlotWord w;

	start_worker(&region);
	CHECK_EQ(fusion_control_acquire(&region, 1, 0, 0, &control), FUSION_OK);
	CHECK_EQ(fusion_scan_acquire(&region, control, 0, 0, &scan), FUSION_OK);
	CHECK_EQ(fusion_page_acquire(&region, control, FUSION_PAGE_SIDE_SCAN, &page), FUSION_OK);
	CHECK_EQ(fusion_page_issue_scan(&region, scan, &page, 0, 1, 1), FUSION_OK);
	/* As if the worker had left between the publishing of the scan slot and the look back. */
	w = fusion_slot_unpack(region.control_slots[control.index].word);
	w.owners = FUSION_SLOT_OWNER_BACKEND;
	w.state = FUSION_SLOT_CLOSING;
	region.control_slots[control.index].word = fusion_slot_pack(w);
	CHECK_EQ(fusion_slot_detach(&region, FUSION_SLOT_CONTROL, control, FUSION_SLOT_OWNER_BACKEND), 0);
	check_clean(&region);
	fusion_region_detach(&region);
}

/* ---- acquire against worker death ---- */

typedef struct Race
{
	FusionRegion region;
	_Atomic bool stop;
	_Atomic uint64_t leases;
	uint32_t	pid;
} Race;

static void *
acquire_and_release(void *arg)
{
	Race	   *race = arg;

	while (!race->stop)
	{
		FusionLease control;
		FusionLease scan;

		if (fusion_control_acquire(&race->region, race->pid, 1, 1, &control) != FUSION_OK)
		{
			sched_yield();
			continue;
		}
		race->leases++;
		fusion_scan_acquire(&race->region, control, 0, 0, &scan);
		/* A live worker detaches; a dead one is taken off by the supervisor's sweep alone. */
		if (fusion_worker_state(&race->region, NULL) == FUSION_WORKER_READY)
			fusion_slot_detach(&race->region, FUSION_SLOT_CONTROL, control, FUSION_SLOT_OWNER_WORKER);
		fusion_slot_detach(&race->region, FUSION_SLOT_CONTROL, control, FUSION_SLOT_OWNER_BACKEND);
	}
	return NULL;
}

static void
no_acquisition_slips_past_a_worker_death(void)
{
	Race		race = {.region = make_region(&small_options), .pid = 77};
	Race		rival;
	time_t		end = time(NULL) + (time_t) soak_seconds(3);
	pthread_t	threads[2];

	CHECK_EQ(pthread_create(&threads[0], NULL, acquire_and_release, &race), 0);
	memcpy(&rival.region, &race.region, sizeof(FusionRegion));
	rival.stop = false;
	rival.leases = 0;
	rival.pid = 78;
	CHECK_EQ(pthread_create(&threads[1], NULL, acquire_and_release, &rival), 0);
	for (int round = 0; round < 200 || time(NULL) < end; round++)
	{
		uint64_t	before = race.leases + rival.leases;

		start_worker(&race.region);
		while (race.leases + rival.leases < before + 3)
			sched_yield();
		fusion_worker_enter(&race.region, FUSION_WORKER_OFFLINE, 0);
		fusion_slots_detach_worker(&race.region, 0, NULL, NULL);
		/* Whoever holds a slot now is a backend on its way out: none waits for the dead worker. */
		for (uint32_t i = 0; i < race.region.control_slot_count; i++)
		{
			FusionSlotWord w = fusion_slot_unpack(race.region.control_slots[i].word);

			if ((w.owners & FUSION_SLOT_OWNER_WORKER) != 0)
			{
				/* It published late, and must back out on its own. */
				FusionLease late = {.index = i, .epoch = w.epoch};

				for (int spin = 0; spin < 1000000; spin++)
				{
					if (!fusion_lease_current(&race.region, FUSION_SLOT_CONTROL, late))
						break;
					sched_yield();
				}
				CHECK(!fusion_lease_current(&race.region, FUSION_SLOT_CONTROL, late));
			}
		}
	}
	race.stop = true;
	rival.stop = true;
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	CHECK(race.leases + rival.leases > 0);
	check_clean(&race.region);
	CHECK_EQ(race.region.header->swept_pages, 0);
	fusion_region_detach(&race.region);
}

/* ---- both sides close at once ---- */

static void *
worker_closes(void *arg)
{
	Race	   *race = arg;

	while (!race->stop)
	{
		for (uint32_t i = 0; i < race->region.control_slot_count; i++)
		{
			FusionSlotWord w = fusion_slot_unpack(race->region.control_slots[i].word);

			if ((w.owners & FUSION_SLOT_OWNER_WORKER) != 0)
				fusion_slot_detach(&race->region, FUSION_SLOT_CONTROL, (FusionLease) {.index = i, .epoch = w.epoch},
								   FUSION_SLOT_OWNER_WORKER);
		}
		sched_yield();
	}
	return NULL;
}

static void
both_sides_may_close_at_once(void)
{
	Race		race = {.region = make_region(&small_options)};
	pthread_t	worker;
	FusionAudit audit;
	uint32_t	leases = 0;
	time_t		end = time(NULL) + (time_t) soak_seconds(2);

	start_worker(&race.region);
	CHECK_EQ(pthread_create(&worker, NULL, worker_closes, &race), 0);
	while (leases < 1000 || time(NULL) < end)
	{
		FusionLease control;
		FusionLease scan;
		FusionPage	page;

		if (fusion_control_acquire(&race.region, leases, 1, 1, &control) != FUSION_OK)
		{
			sched_yield();
			continue;
		}
		leases++;
		if (fusion_scan_acquire(&race.region, control, 0, 0, &scan) == FUSION_OK &&
			fusion_page_acquire(&race.region, control, FUSION_PAGE_SIDE_SCAN, &page) == FUSION_OK &&
			fusion_page_issue_scan(&race.region, scan, &page, 0, 1, 1) != FUSION_OK)
			CHECK_EQ(fusion_page_release(&race.region, &page), FUSION_OK);
		fusion_slot_detach(&race.region, FUSION_SLOT_CONTROL, control, FUSION_SLOT_OWNER_BACKEND);
	}
	do
	{
		sched_yield();
		fusion_audit(&race.region, &audit);
	} while (audit.control_slots_held != 0);
	race.stop = true;
	pthread_join(worker, NULL);
	check_clean(&race.region);
	/* Pages left in rings are drained, never "found" by a sweep. */
	CHECK_EQ(race.region.header->swept_pages, 0);
	fusion_region_detach(&race.region);
}

int
main(void)
{
	RUN(needs_a_ready_worker);
	RUN(a_lease_goes_through_its_states);
	RUN(slots_and_reservations_run_out);
	RUN(a_spent_epoch_counter_retires_its_slot);
	RUN(scan_slots_follow_their_execution);
	RUN(a_dead_worker_is_taken_off_every_slot);
	RUN(an_unfinished_sweep_is_finished);
	RUN(a_scan_slot_under_acquisition_belongs_to_nobody_else);
	RUN(a_scan_slot_published_too_late_is_freed_with_its_execution);
	RUN(no_acquisition_slips_past_a_worker_death);
	RUN(both_sides_may_close_at_once);
	return 0;
}
