/*
 * region_test.c
 *    Creation, sealing and the checks at attach. Random damage to the whole region is hostile_test.c's.
 */
#define _GNU_SOURCE
#include "harness.h"

#include <fcntl.h>
#include <sys/mman.h>

static void
refuses_options_out_of_range(void)
{
	const char *why = NULL;
	FusionRegionOptions options = small_options;

	CHECK(fusion_region_bytes(&options, &why) > 8 * 65536);
	CHECK(why == NULL);

#define REFUSED(field, value) \
	options = small_options; \
	options.field = (value); \
	CHECK_EQ(fusion_region_bytes(&options, &why), 0); \
	CHECK(why != NULL)

	REFUSED(page_bytes, 65536 + 64);
	REFUSED(page_bytes, 32768);
	REFUSED(page_bytes, 2 * 1024 * 1024);
	REFUSED(page_count, 0);
	REFUSED(page_count, 32769);
	REFUSED(control_slot_count, 0);
	REFUSED(control_slot_count, 1025);
	REFUSED(scan_slot_count, 0);
	REFUSED(scan_slot_count, 1025);
	REFUSED(control_ring_bytes, 2048);
	REFUSED(control_ring_bytes, 5000);
	REFUSED(control_ring_bytes, 2 * 1024 * 1024);
	REFUSED(metric_count, 513);
}

static void
two_mappings_see_the_same_bytes(void)
{
	FusionRegion one = make_region(&small_options);
	FusionRegion two;

	CHECK_EQ(fusion_region_attach(&two, dup(one.fd)), FUSION_OK);
	CHECK_EQ(two.page_count, 8);
	CHECK_EQ(two.incarnation, 7);
	CHECK(fusion_region_page(&one, 8) == NULL);
	CHECK(fusion_region_page(&one, UINT32_MAX) == NULL);
	CHECK_EQ((fusion_region_page(&two, 7) - two.base) + 65536, two.bytes);
	memset(fusion_region_page(&one, 7), 0x5a, 65536);
	CHECK_EQ(fusion_region_page(&two, 7)[65535], 0x5a);
	check_clean(&two);
	fusion_region_detach(&two);
	CHECK(two.base == NULL);
	fusion_region_detach(&one);
}

static void
cannot_be_resized(void)
{
	FusionRegion region = make_region(&small_options);

	CHECK(ftruncate(region.fd, 4096) != 0);
	CHECK(ftruncate(region.fd, (off_t) region.bytes * 2) != 0);
	CHECK((fcntl(region.fd, F_GETFD) & FD_CLOEXEC) != 0);
	fusion_region_detach(&region);
}

static void
attach_refuses_what_is_not_a_region(void)
{
	FusionRegion region = make_region(&small_options);
	FusionRegion other;
	FusionRegionHeader whole = *region.header;
	int			unsealed = memfd_create("unsealed", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int			null = open("/dev/null", O_RDWR | O_CLOEXEC);

#define MISMATCH(field, value) \
	*region.header = whole; \
	region.header->field = (value); \
	CHECK_EQ(fusion_region_attach(&other, region.fd), FUSION_MISMATCH)

	MISMATCH(magic, 1);
	MISMATCH(version, 2);
	MISMATCH(layout_fingerprint, 0);
	MISMATCH(header_bytes, 8192);
	MISMATCH(page_count, 9);
	MISMATCH(page_bytes, 131072);
	MISMATCH(control_slot_count, 5);
	MISMATCH(scan_slot_count, 1000);
	MISMATCH(control_ring_bytes, 8192);
	MISMATCH(region_bytes, 4096);
	MISMATCH(owner_words_offset, 4096);
	MISMATCH(pages_offset, 0);
	MISMATCH(metrics_offset, UINT64_MAX);
	*region.header = whole;

	CHECK(write(unsealed, region.base, region.bytes) == (ssize_t) region.bytes);
	CHECK_EQ(fusion_region_attach(&other, unsealed), FUSION_MISMATCH);
	CHECK_EQ(fusion_region_attach(&other, null), FUSION_MISMATCH);
	CHECK_EQ(fusion_region_attach(&other, -1), FUSION_SYSTEM);
	close(unsealed);
	close(null);
	fusion_region_detach(&region);
}

static void
counters_saturate(void)
{
	FusionRegion region = make_region(&small_options);

	fusion_metric_add(&region, 3, 40);
	fusion_metric_add(&region, 3, 2);
	CHECK_EQ(region.metrics[3], 42);
	fusion_metric_add(&region, 3, UINT64_MAX);
	CHECK_EQ(region.metrics[3], UINT64_MAX);
	fusion_metric_add(&region, 512, 1);
	fusion_metric_add(&region, UINT32_MAX, 1);
	fusion_region_detach(&region);
}

static void
gauges_keep_the_highest(void)
{
	FusionRegion region = make_region(&small_options);

	fusion_metric_raise(&region, 5, 40);
	fusion_metric_raise(&region, 5, 2);
	CHECK_EQ(region.metrics[5], 40);
	fusion_metric_raise(&region, 512, 1);
	CHECK_EQ(fusion_metrics_reset(&region), 1);
	CHECK_EQ(region.metrics[5], 0);
	CHECK_EQ(fusion_metrics_reset(&region), 2);
	fusion_region_detach(&region);
}

int
main(void)
{
	RUN(refuses_options_out_of_range);
	RUN(two_mappings_see_the_same_bytes);
	RUN(cannot_be_resized);
	RUN(attach_refuses_what_is_not_a_region);
	RUN(counters_saturate);
	RUN(gauges_keep_the_highest);
	return 0;
}
