/*
 * harness.h
 *    The few lines every native test shares: a check that names its place, a small region, a seeded generator and
 *    a sum over bytes. Not a test framework: a test program runs its functions in main() and returns.
 */
#ifndef FUSION_TEST_HARNESS_H
#define FUSION_TEST_HARNESS_H

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "byte_ring.h"
#include "page_pool.h"
#include "wake.h"

#define CHECK(condition) \
	do { \
		if (!(condition)) \
		{ \
			fprintf(stderr, "%s:%d: %s: not so: %s\n", __FILE__, __LINE__, __func__, #condition); \
			abort(); \
		} \
	} while (0)

#define CHECK_EQ(a, b) \
	do { \
		uint64_t	left_ = (uint64_t) (a); \
		uint64_t	right_ = (uint64_t) (b); \
		if (left_ != right_) \
		{ \
			fprintf(stderr, "%s:%d: %s: %s is %" PRIu64 ", %s is %" PRIu64 "\n", __FILE__, __LINE__, __func__, \
					#a, left_, #b, right_); \
			abort(); \
		} \
	} while (0)

#define RUN(test) \
	do { \
		test(); \
		fprintf(stderr, "  %s\n", #test); \
	} while (0)

static const FusionRegionOptions small_options = {
	.page_bytes = 65536,
	.page_count = 8,
	.control_slot_count = 4,
	.scan_slot_count = 6,
	.control_ring_bytes = 4096,
	.metric_count = 16,
	.incarnation = 7
};

static inline FusionRegion
make_region(const FusionRegionOptions *options)
{
	FusionRegion region;

	CHECK_EQ(fusion_region_create(&region, options), FUSION_OK);
	return region;
}

/* Brings the worker link to READY; returns its generation. */
static inline uint32_t
start_worker(const FusionRegion *region)
{
	uint32_t	generation = fusion_worker_enter(region, FUSION_WORKER_STARTING, (uint32_t) getpid());

	CHECK(fusion_worker_ready(region, generation, 2));
	return generation;
}

static inline void
check_clean(const FusionRegion *region)
{
	FusionAudit audit;

	fusion_audit(region, &audit);
	CHECK_EQ(audit.control_slots_held, 0);
	CHECK_EQ(audit.scan_slots_held, 0);
	CHECK_EQ(audit.pages_held, 0);
	CHECK_EQ(audit.permits_missing, 0);
	CHECK_EQ(audit.free_pages, region->page_count);
}

/* splitmix64: small, seeded, good enough to choose lengths and moments. */
static inline uint64_t
next_random(uint64_t *state)
{
	uint64_t	z = (*state += 0x9e3779b97f4a7c15ull);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

/* FNV-1a over a buffer. */
static inline uint64_t
sum_bytes(const uint8_t *bytes, size_t length)
{
	uint64_t	sum = 0xcbf29ce484222325ull;

	for (size_t i = 0; i < length; i++)
		sum = (sum ^ bytes[i]) * 0x100000001b3ull;
	return sum;
}

/* Seconds to spend in a stress test: the default keeps a whole run under a minute. */
static inline double
soak_seconds(double usual)
{
	const char *text = getenv("PG_FUSION_SOAK");

	return text != NULL && atof(text) > 0 ? atof(text) : usual;
}

#endif							/* FUSION_TEST_HARNESS_H */
