/*
 * byte_ring_test.c
 *    Frames through one ring: room, wrap-around, refusal of lies, and two threads that exchange a checksummed stream.
 */
#include "harness.h"

#include <pthread.h>
#include <sched.h>

static FusionFrameHeader
frame(uint32_t length, uint32_t sequence)
{
	return (FusionFrameHeader) {.length = length, .type = 1, .lease_epoch = 3, .sequence = sequence};
}

static void
frames_come_out_as_they_went_in(void)
{
	FusionRegion region = make_region(&small_options);
	FusionByteRing *ring = &region.control_slots[1].to_worker;
	uint8_t		in[2032];
	uint8_t		out[2032];
	uint64_t	random = 1;
	bool		wake;

	CHECK_EQ(fusion_ring_fragment_bytes(ring), 2032);
	/* Lengths that drift against the capacity, so that headers and payloads wrap everywhere. */
	for (uint32_t i = 0; i < 20000; i++)
	{
		FusionFrameHeader header = frame((uint32_t) (next_random(&random) % 2033), i);
		FusionFrameHeader seen;

		for (uint32_t b = 0; b < header.length; b++)
			in[b] = (uint8_t) next_random(&random);
		CHECK_EQ(fusion_ring_push(&region, ring, &header, in), FUSION_OK);
		CHECK_EQ(fusion_ring_peek(&region, ring, &seen), FUSION_OK);
		CHECK_EQ(memcmp(&header, &seen, sizeof(header)), 0);
		CHECK_EQ(fusion_ring_pop(&region, ring, &seen, out, &wake), FUSION_OK);
		CHECK_EQ(memcmp(in, out, header.length), 0);
		CHECK(!wake);
		CHECK_EQ(fusion_ring_peek(&region, ring, &seen), FUSION_EMPTY);
	}
	fusion_region_detach(&region);
}

static void
a_full_ring_asks_for_a_wake(void)
{
	FusionRegion region = make_region(&small_options);
	FusionByteRing *ring = &region.control_slots[0].to_backend;
	uint8_t		bytes[2033] = {0};
	FusionFrameHeader header = frame(2033, 1);
	bool		wake;

	CHECK_EQ(fusion_ring_push(&region, ring, &header, bytes), FUSION_TOO_LARGE);
	header.length = UINT32_MAX;
	CHECK_EQ(fusion_ring_push(&region, ring, &header, bytes), FUSION_TOO_LARGE);
	header.length = 2032;
	CHECK_EQ(fusion_ring_push(&region, ring, &header, bytes), FUSION_OK);
	CHECK_EQ(fusion_ring_push(&region, ring, &header, bytes), FUSION_OK);
	CHECK_EQ(ring->writer_waiting, 0);
	header.length = 0;
	CHECK_EQ(fusion_ring_push(&region, ring, &header, bytes), FUSION_FULL);
	CHECK_EQ(ring->writer_waiting, 1);
	CHECK_EQ(fusion_ring_peek(&region, ring, &header), FUSION_OK);
	CHECK_EQ(fusion_ring_pop(&region, ring, &header, bytes, &wake), FUSION_OK);
	CHECK(wake);
	CHECK_EQ(ring->writer_waiting, 0);
	CHECK_EQ(fusion_ring_push(&region, ring, &header, bytes), FUSION_OK);
	fusion_region_detach(&region);
}

static void
lies_in_the_ring_are_corrupt(void)
{
	FusionRegion region = make_region(&small_options);
	FusionByteRing *ring = &region.control_slots[2].to_worker;
	FusionByteRing whole;
	uint8_t		bytes[4096] = {0};
	FusionFrameHeader header = frame(100, 1);
	uint8_t    *data = region.base + ring->data_offset;
	bool		wake;

	CHECK_EQ(fusion_ring_push(&region, ring, &header, bytes), FUSION_OK);
	memcpy(&whole, ring, sizeof(whole));

#define LIE(statement) \
	memcpy(ring, &whole, sizeof(whole)); \
	statement; \
	CHECK_EQ(fusion_ring_peek(&region, ring, &header), FUSION_CORRUPT)

	LIE(ring->head = 8000);
	LIE(ring->tail = 117);
	LIE(ring->head = 15);
	LIE(ring->head = 60);
	LIE(ring->capacity = 0);
	LIE(ring->capacity = 4097);
	LIE(ring->capacity = 1u << 31);
	LIE(ring->data_offset = 0);
	LIE(ring->data_offset = region.bytes);
	LIE(ring->data_offset = UINT64_MAX - 64);
	LIE(memset(data, 0xff, 4));
	memcpy(ring, &whole, sizeof(whole));

	/* A length that grew after it was peeked is the peeked one still. */
	header = frame(100, 1);
	memcpy(data, &header, sizeof(header));
	CHECK_EQ(fusion_ring_peek(&region, ring, &header), FUSION_OK);
	ring->head = 50;
	CHECK_EQ(fusion_ring_pop(&region, ring, &header, bytes, &wake), FUSION_CORRUPT);
	ring->head = UINT64_MAX;
	CHECK_EQ(fusion_ring_push(&region, ring, &header, bytes), FUSION_CORRUPT);
	fusion_region_detach(&region);
}

/* ---- one stream, two threads ---- */

#define STREAM_FRAMES 200000

typedef struct Stream
{
	FusionRegion region;
	FusionByteRing *ring;
} Stream;

static void *
write_stream(void *arg)
{
	Stream	   *stream = arg;
	uint64_t	random = 99;
	uint8_t		bytes[300];

	for (uint32_t i = 0; i < STREAM_FRAMES; i++)
	{
		FusionFrameHeader header = frame((uint32_t) (next_random(&random) % sizeof(bytes)), i);

		memset(bytes, (int) (i & 255), header.length);
		while (fusion_ring_push(&stream->region, stream->ring, &header, bytes) == FUSION_FULL)
			sched_yield();
	}
	return NULL;
}

static void
two_threads_keep_the_order(void)
{
	Stream		stream = {.region = make_region(&small_options)};
	pthread_t	writer;
	uint64_t	random = 99;
	uint8_t		bytes[300];
	bool		wake;

	stream.ring = &stream.region.scan_slots[0].to_producer;
	CHECK_EQ(pthread_create(&writer, NULL, write_stream, &stream), 0);
	for (uint32_t i = 0; i < STREAM_FRAMES; i++)
	{
		FusionFrameHeader header;
		FusionStatus status;

		while ((status = fusion_ring_peek(&stream.region, stream.ring, &header)) == FUSION_EMPTY)
			sched_yield();
		CHECK_EQ(status, FUSION_OK);
		CHECK_EQ(header.sequence, i);
		CHECK_EQ(header.length, next_random(&random) % sizeof(bytes));
		CHECK_EQ(fusion_ring_pop(&stream.region, stream.ring, &header, bytes, &wake), FUSION_OK);
		for (uint32_t b = 0; b < header.length; b++)
			CHECK_EQ(bytes[b], i & 255);
	}
	pthread_join(writer, NULL);
	fusion_region_detach(&stream.region);
}

int
main(void)
{
	RUN(frames_come_out_as_they_went_in);
	RUN(a_full_ring_asks_for_a_wake);
	RUN(lies_in_the_ring_are_corrupt);
	RUN(two_threads_keep_the_order);
	return 0;
}
