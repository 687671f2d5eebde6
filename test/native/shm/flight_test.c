/*
 * flight_test.c
 *    Records survive, wrap, and are never torn for a reader that checks the sequence twice.
 */
#define _GNU_SOURCE
#include "harness.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>

#include "flight.h"

static const char *path = "flight_test.tmp";

static FusionFlight
make_flight(void)
{
	FusionRegion region = make_region(&small_options);
	FusionFlight flight;

	unlink(path);
	CHECK_EQ(fusion_flight_create(&flight, path, &region, 0xabcd), FUSION_OK);
	fusion_region_detach(&region);
	return flight;
}

/* Ring headers and records by writer, found as a reader would: one after another. */
static FusionFlightRingHeader *
ring_of(const FusionFlight *flight, uint32_t writer)
{
	uint8_t    *at = flight->base + sizeof(FusionFlightHeader);

	for (uint32_t i = 0; i < writer; i++)
		at += sizeof(FusionFlightRingHeader) + ((FusionFlightRingHeader *) at)->capacity * sizeof(FusionFlightRecord);
	return (FusionFlightRingHeader *) at;
}

static void
the_file_is_private_and_exclusive(void)
{
	FusionFlight flight = make_flight();
	FusionFlight other;
	FusionRegion region = make_region(&small_options);
	struct stat status;

	CHECK_EQ(stat(path, &status), 0);
	CHECK_EQ(status.st_mode & 0777, 0600);
	CHECK_EQ(fusion_flight_create(&other, path, &region, 0), FUSION_SYSTEM);
	CHECK_EQ(fusion_flight_attach(&other, dup(flight.fd)), FUSION_OK);
	CHECK_EQ(other.writer_count, 1 + 64 + 4 + 6);
	((FusionFlightHeader *) flight.base)->layout_fingerprint++;
	fusion_flight_detach(&other);
	CHECK_EQ(fusion_flight_attach(&other, flight.fd), FUSION_MISMATCH);
	((FusionFlightHeader *) flight.base)->layout_fingerprint--;
	((FusionFlightHeader *) flight.base)->writer_count = 100000;
	CHECK_EQ(fusion_flight_attach(&other, flight.fd), FUSION_MISMATCH);
	fusion_flight_detach(&flight);
	fusion_region_detach(&region);
	unlink(path);
}

static void
every_writer_has_its_own_ring(void)
{
	FusionFlight flight = make_flight();
	uint32_t	writers[] = {
		fusion_flight_writer_worker(),
		fusion_flight_writer_executor(&flight, 0), fusion_flight_writer_executor(&flight, 63),
		fusion_flight_writer_control(&flight, 0), fusion_flight_writer_control(&flight, 3),
		fusion_flight_writer_scan(&flight, 0), fusion_flight_writer_scan(&flight, 5)
	};
	FusionFlightRecord record = {.session = 9, .machine = 1, .event = 2, .from_state = 3, .to_state = 4};

	CHECK_EQ(fusion_flight_record(&flight, fusion_flight_writer_scan(&flight, 6), &record), 0);
	CHECK_EQ(fusion_flight_record(&flight, fusion_flight_writer_control(&flight, 4), &record), 0);
	CHECK_EQ(fusion_flight_record(&flight, fusion_flight_writer_executor(&flight, 64), &record), 0);
	for (uint32_t i = 0; i < 7; i++)
	{
		FusionFlightRingHeader *ring = ring_of(&flight, writers[i]);

		CHECK_EQ(ring->writer, writers[i]);
		record.argument = i;
		for (uint32_t n = 1; n <= 2500; n++)
			CHECK_EQ(fusion_flight_record(&flight, writers[i], &record), n);
		CHECK_EQ(ring->next_sequence, 2500);
		CHECK_EQ(((FusionFlightRecord *) (ring + 1))[(2499) & (ring->capacity - 1)].sequence, 2500);
		CHECK_EQ(((FusionFlightRecord *) (ring + 1))[0].argument, i);
	}
	fusion_flight_detach(&flight);
	CHECK_EQ(fusion_flight_record(&flight, 0, &record), 0);
	unlink(path);
}

typedef struct Writing
{
	FusionFlight flight;
	_Atomic bool stop;
} Writing;

static void *
write_on(void *arg)
{
	Writing    *writing = arg;

	for (uint32_t n = 1; !writing->stop; n++)
		fusion_flight_record(&writing->flight, 1, &(FusionFlightRecord) {.session = n, .argument = n, .cause = ~n});
	return NULL;
}

static void
a_reader_never_takes_a_torn_record(void)
{
	Writing		writing = {.flight = make_flight()};
	FusionFlightRingHeader *ring = ring_of(&writing.flight, 1);
	pthread_t	thread;
	uint32_t	whole = 0;

	CHECK_EQ(pthread_create(&thread, NULL, write_on, &writing), 0);
	for (uint32_t at = 0; whole < 200000; at = (at + 1) & (ring->capacity - 1))
	{
		_Atomic uint64_t *place = (_Atomic uint64_t *) ((FusionFlightRecord *) (ring + 1) + at);
		uint64_t	words[4];
		FusionFlightRecord record;

		for (int i = 0; i < 4; i++)
			words[i == 0 ? 1 : i == 1 ? 0 : i] = atomic_load(&place[i == 0 ? 1 : i == 1 ? 0 : i]);
		if (atomic_load(&place[1]) != words[1])
			continue;
		memcpy(&record, words, sizeof(record));
		if (record.sequence == 0)
			continue;
		CHECK_EQ((record.sequence - 1) & (ring->capacity - 1), at);
		CHECK_EQ(record.session, record.sequence);
		CHECK_EQ(record.argument, record.sequence);
		CHECK_EQ(record.cause, (uint32_t) ~record.sequence);
		whole++;
	}
	writing.stop = true;
	pthread_join(thread, NULL);
	fusion_flight_detach(&writing.flight);
	unlink(path);
}

int
main(void)
{
	RUN(the_file_is_private_and_exclusive);
	RUN(every_writer_has_its_own_ring);
	RUN(a_reader_never_takes_a_torn_record);
	return 0;
}
