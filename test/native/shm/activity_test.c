/*
 * activity_test.c
 *    Views of slots and pages: what is held is told under its owner, and a damaged region yields numbers in range.
 */
#include "harness.h"

#include "activity.h"

static void
an_idle_region_shows_nothing(void)
{
	FusionRegion region = make_region(&small_options);
	FusionSessionActivity sessions[4];
	FusionPoolActivity pool;

	CHECK_EQ(fusion_activity_read(&region, sessions, &pool), 0);
	CHECK_EQ(pool.free_pages, 8);
	CHECK_EQ(pool.orphans, 0);
	fusion_region_detach(&region);
}

static void
sessions_show_what_they_hold(void)
{
	FusionRegion region = make_region(&small_options);
	FusionSessionActivity sessions[4];
	FusionPoolActivity pool;
	FusionLease lease;
	FusionLease other;
	FusionLease scan;
	FusionPage	page;

	start_worker(&region);
	CHECK_EQ(fusion_control_acquire(&region, 5, 2, 1, &lease), FUSION_OK);
	CHECK_EQ(fusion_control_acquire(&region, 6, 0, 0, &other), FUSION_OK);
	CHECK_EQ(fusion_scan_acquire(&region, lease, 0, 0, &scan), FUSION_OK);
	CHECK_EQ(fusion_page_acquire(&region, lease, FUSION_PAGE_SIDE_SCAN, &page), FUSION_OK);
	CHECK_EQ(fusion_page_issue_scan(&region, scan, &page, 0, 10, 100), FUSION_OK);
	CHECK_EQ(fusion_page_acquire(&region, lease, FUSION_PAGE_SIDE_RESULT, &page), FUSION_OK);
	fusion_page_wait_begin(&region, FUSION_SLOT_SCAN, scan.index);
	region.control_slots[lease.index].backend_machine = (3 << 8) | 2;
	region.control_slots[lease.index].backend_activity = FUSION_ACTIVITY_READ;
	region.control_slots[lease.index].started = 77;
	region.control_slots[lease.index].bytes_on_disk = 4096;

	CHECK_EQ(fusion_activity_read(&region, sessions, &pool), 2);
	CHECK_EQ(pool.free_pages, 5);
	CHECK_EQ(pool.orphans, 0);
	CHECK_EQ(sessions[0].lease.index, lease.index);
	CHECK_EQ(sessions[0].lease.epoch, lease.epoch);
	CHECK_EQ(sessions[0].backend_pid, 5);
	CHECK_EQ(sessions[0].executor, FUSION_EXECUTORS_MAX);
	CHECK_EQ(sessions[0].machine, 3);
	CHECK_EQ(sessions[0].state, 2);
	CHECK_EQ(sessions[0].activity, FUSION_ACTIVITY_READ);
	CHECK_EQ(sessions[0].started, 77);
	CHECK_EQ(sessions[0].bytes_on_disk, 4096);
	CHECK_EQ(sessions[0].permits_scan, 2);
	CHECK_EQ(sessions[0].permits_result, 1);
	CHECK_EQ(sessions[0].producers, 1);
	CHECK(sessions[0].waits_for_page);
	CHECK(!sessions[0].waits_for_ring);
	CHECK(!sessions[0].closing);
	CHECK_EQ(sessions[0].pages[FUSION_PAGE_SIDE_SCAN][FUSION_PAGE_ISSUED], 1);
	CHECK_EQ(sessions[0].pages[FUSION_PAGE_SIDE_SCAN][FUSION_PAGE_RESERVED], 1);
	CHECK_EQ(sessions[0].pages[FUSION_PAGE_SIDE_RESULT][FUSION_PAGE_LEASED], 1);
	CHECK_EQ(sessions[1].backend_pid, 6);
	CHECK_EQ(sessions[1].producers, 0);

	/* The next holder of the slot inherits nothing of it. */
	fusion_slot_detach(&region, FUSION_SLOT_CONTROL, lease, FUSION_SLOT_OWNER_BACKEND);
	CHECK_EQ(fusion_activity_read(&region, sessions, &pool), 2);
	CHECK(sessions[0].closing);
	fusion_slot_detach(&region, FUSION_SLOT_CONTROL, lease, FUSION_SLOT_OWNER_WORKER);
	CHECK_EQ(fusion_control_acquire(&region, 5, 0, 0, &lease), FUSION_OK);
	CHECK_EQ(fusion_activity_read(&region, sessions, &pool), 2);
	CHECK_EQ(sessions[0].machine, 0);
	CHECK_EQ(sessions[0].activity, FUSION_ACTIVITY_WORKING);
	CHECK_EQ(sessions[0].started, 0);
	CHECK_EQ(sessions[0].bytes_on_disk, 0);
	fusion_region_detach(&region);
}

static void
random_damage_stays_in_range(void)
{
	uint64_t	random = 11;

	for (int round = 0; round < 200; round++)
	{
		FusionRegion region = make_region(&small_options);
		FusionSessionActivity sessions[4];
		FusionPoolActivity pool;
		uint32_t	count;
		uint8_t    *from = (uint8_t *) region.control_slots;

		for (uint8_t *at = from; at < (uint8_t *) region.metrics; at += 8)
		{
			uint64_t	noise = next_random(&random);

			memcpy(at, &noise, sizeof(noise));
		}
		count = fusion_activity_read(&region, sessions, &pool);
		CHECK(count <= region.control_slot_count);
		CHECK(pool.free_pages + pool.orphans <= region.page_count);
		for (uint32_t i = 0; i < count; i++)
		{
			CHECK(sessions[i].lease.index < region.control_slot_count);
			CHECK(sessions[i].executor <= FUSION_EXECUTORS_MAX);
			CHECK(sessions[i].activity <= FUSION_ACTIVITY_READ);
			CHECK(sessions[i].machine <= 255 && sessions[i].state <= 255);
			CHECK(sessions[i].permits_scan <= region.page_count);
			CHECK(sessions[i].producers <= region.scan_slot_count);
		}
		fusion_region_detach(&region);
	}
}

int
main(void)
{
	RUN(an_idle_region_shows_nothing);
	RUN(sessions_show_what_they_hold);
	RUN(random_damage_stays_in_range);
	return 0;
}
