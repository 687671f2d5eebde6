/*
 * hostile_test.c
 *    The whole region as hostile input: random damage, then every function that reads it. Passing means no access
 *    outside the mapping, no undefined behaviour and no endless loop; what the calls answer does not matter.
 *    Built with FUSION_LIBFUZZER it is the body of a libFuzzer target instead of a program with its own dice.
 */
#define _GNU_SOURCE
#include "harness.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <time.h>

#include "words.h"

static FusionWakeFds fds;
static int	closed[1024];

/* A region in which things happen: leases, frames under way, pages in every state. */
static FusionRegion
lively_region(uint64_t *random)
{
	FusionRegion region = make_region(&small_options);
	FusionLease control;
	FusionLease scan;
	FusionPage	page;
	uint8_t		bytes[600] = {1};

	start_worker(&region);
	for (uint32_t i = 0; i < 3; i++)
	{
		FusionFrameHeader header = {.length = (uint32_t) (next_random(random) % 600), .type = 1};

		CHECK_EQ(fusion_control_acquire(&region, i, 1, 1, &control), FUSION_OK);
		CHECK_EQ(fusion_scan_acquire(&region, control, 0, 0, &scan), FUSION_OK);
		fusion_ring_push(&region, &region.control_slots[control.index].to_worker, &header, bytes);
		fusion_ring_push(&region, &region.control_slots[control.index].to_backend, &header, bytes);
		fusion_ring_push(&region, &region.scan_slots[scan.index].to_worker, &header, bytes);
		if (fusion_page_acquire(&region, control, FUSION_PAGE_SIDE_SCAN, &page) == FUSION_OK)
			fusion_page_issue_scan(&region, scan, &page, 0, 1, 1);
		if (fusion_page_acquire(&region, control, FUSION_PAGE_SIDE_RESULT, &page) == FUSION_OK && i != 1)
			fusion_page_issue_result(&region, &page, 0, 1, 1);
	}
	return region;
}

static void
read_ring(const FusionRegion *region, FusionByteRing *ring)
{
	static uint8_t out[1024 * 1024];
	FusionFrameHeader header;
	bool		wake;

	for (int i = 0; i < 100 && fusion_ring_peek(region, ring, &header) == FUSION_OK; i++)
	{
		CHECK(header.length <= sizeof(out));
		if (fusion_ring_pop(region, ring, &header, out, &wake) != FUSION_OK)
			break;
	}
	header = (FusionFrameHeader) {.length = 100};
	fusion_ring_push(region, ring, &header, out);
	fusion_ring_fragment_bytes(ring);
}

static void
read_control(FusionRegion *region, uint32_t index)
{
	FusionControlSlot *slot = &region->control_slots[index];
	FusionLease lease = {.index = index, .epoch = fusion_slot_unpack(slot->word).epoch};
	FusionPageDescriptor descriptor;
	FusionPage	page;
	FusionLease scan;
	bool		wake;

	read_ring(region, &slot->to_worker);
	read_ring(region, &slot->to_backend);
	for (int i = 0; i < 40 && fusion_page_import_result(region, lease, &descriptor, &page, &wake) == FUSION_OK; i++)
		if (descriptor.kind == FUSION_DESCRIPTOR_PAGE)
		{
			CHECK(fusion_region_page(region, page.page) != NULL);
			fusion_page_release(region, &page);
		}
	fusion_scan_acquire(region, lease, 1, 1, &scan);
	if (fusion_page_acquire(region, lease, FUSION_PAGE_SIDE_RESULT, &page) == FUSION_OK)
		fusion_page_issue_result(region, &page, 0, 1, 1);
	fusion_result_end(region, lease, FUSION_DESCRIPTOR_END);
	fusion_wake_executor_of(region, index);
	fusion_wake_backend(region, &fds, index);
}

static void
read_scan(FusionRegion *region, uint32_t index)
{
	FusionScanSlot *slot = &region->scan_slots[index];
	FusionLease lease = {.index = index, .epoch = fusion_slot_unpack(slot->word).epoch};
	FusionLease control = {.index = slot->control_slot, .epoch = slot->control_epoch};
	FusionPageDescriptor descriptor;
	FusionPage	page;
	bool		wake;

	read_ring(region, &slot->to_worker);
	read_ring(region, &slot->to_producer);
	for (int i = 0; i < 40 && fusion_page_import_scan(region, lease, &descriptor, &page, &wake) == FUSION_OK; i++)
		if (descriptor.kind == FUSION_DESCRIPTOR_PAGE)
			fusion_page_release(region, &page);
	if (fusion_page_acquire(region, control, FUSION_PAGE_SIDE_SCAN, &page) == FUSION_OK)
		fusion_page_issue_scan(region, lease, &page, 0, 1, 1);
	fusion_scan_end(region, lease, FUSION_DESCRIPTOR_END);
	fusion_wake_producer(region, &fds, index);
	fusion_slot_detach(region, FUSION_SLOT_SCAN, lease, FUSION_SLOT_OWNER_WORKER);
}

static void
use_everything(FusionRegion *region, uint64_t *random)
{
	FusionLease lease;
	FusionAudit audit;

	for (uint32_t i = 0; i < region->control_slot_count; i++)
		read_control(region, i);
	for (uint32_t i = 0; i < region->scan_slot_count; i++)
		read_scan(region, i);
	fusion_worker_may_sleep(region);
	for (uint32_t i = 0; i < 17; i++)
		fusion_doorbell_take(region, i);
	fusion_wake_page_waiters(region, &fds);
	fusion_control_acquire(region, (uint32_t) next_random(random), 2, 2, &lease);
	fusion_slots_detach_backend(region, (uint32_t) (next_random(random) % 3));
	fusion_worker_enter(region, FUSION_WORKER_OFFLINE, 0);
	fusion_slots_detach_worker(region, 0, NULL, NULL);
	fusion_audit(region, &audit);
	fusion_metric_add(region, (uint32_t) next_random(random), 1);
}

/* Writes `length` bytes of `source` over the region up to its pages, at places the source itself chooses. */
static void
damage(FusionRegion *region, const uint8_t *source, size_t length, bool header_too)
{
	size_t		floor = header_too ? 0 : offsetof(FusionRegionHeader, worker_word);

	for (size_t i = 0; i + 12 <= length; i += 12)
	{
		uint32_t	place;
		uint64_t	value;
		size_t		at;

		memcpy(&place, source + i, 4);
		memcpy(&value, source + i + 4, 8);
		/* Most of the damage goes where the control words are. */
		switch (place >> 30)
		{
			case 0:
				at = (size_t) ((uint8_t *) region->control_slots - region->base) +
					place % (4 * sizeof(FusionControlSlot));
				break;
			case 1:
				at = (size_t) ((uint8_t *) region->scan_slots - region->base) + place % (6 * sizeof(FusionScanSlot));
				break;
			case 2:
				at = (size_t) ((uint8_t *) region->owner_words - region->base) + place % 64;
				break;
			default:
				at = floor + place % (region->pages_offset - floor - 8);
				break;
		}
		memcpy(region->base + at, &value, (place >> 27 & 1) != 0 ? 8 : 1 + (place >> 24 & 3));
	}
}

static void
try_one(const uint8_t *source, size_t length)
{
	uint64_t	random = sum_bytes(source, length);
	bool		header_too = length > 0 && (source[0] & 7) == 0;
	FusionRegion region = lively_region(&random);
	FusionRegion attached;
	int			fd;

	damage(&region, source, length, header_too);
	fd = dup(region.fd);
	if (fusion_region_attach(&attached, fd) == FUSION_OK)
	{
		use_everything(&attached, &random);
		fusion_region_detach(&attached);
	}
	else
	{
		CHECK(header_too);
		close(fd);
	}
	fusion_region_detach(&region);
}

static void
prepare(void)
{
	memset(closed, 0xff, sizeof(closed));
	fds = (FusionWakeFds) {.worker = -1, .control = closed, .scan = closed};
}

#ifdef FUSION_LIBFUZZER
int			LLVMFuzzerTestOneInput(const uint8_t *source, size_t length);

int
LLVMFuzzerTestOneInput(const uint8_t *source, size_t length)
{
	prepare();
	try_one(source, length);
	return 0;
}
#else
int
main(void)
{
	const char *seed = getenv("PG_FUSION_SEED");
	uint64_t	random = seed != NULL ? strtoull(seed, NULL, 10) : (uint64_t) time(NULL);
	time_t		end = time(NULL) + (time_t) soak_seconds(3);
	uint64_t	runs = 0;

	/* A crash repeats with PG_FUSION_SEED set to this; a hang ends in SIGALRM. */
	fprintf(stderr, "  PG_FUSION_SEED=%" PRIu64 "\n", random);
	prepare();
	for (; runs < 500 || time(NULL) < end; runs++)
	{
		uint8_t		source[12 * 64];
		size_t		length = 12 * (1 + next_random(&random) % 64);

		for (size_t i = 0; i < length; i++)
			source[i] = (uint8_t) next_random(&random);
		/* Small values in half of the writes: counts, indexes and states that are nearly right. */
		for (size_t i = 0; i < length; i += 12)
			if ((source[i] & 1) != 0)
				memset(source + i + 5, 0, 7);
		alarm(20);
		try_one(source, length);
		alarm(0);
	}
	fprintf(stderr, "  survives %" PRIu64 " damaged regions\n", runs);
	return 0;
}
#endif
