/*
 * flight.c
 *    Writes fixed records into per-writer rings of a file that outlives its writers. Readers, the trace tools, live
 *    elsewhere; so does the meaning of machine, event and state numbers (the generated machine tables).
 */
#define _GNU_SOURCE
#include "flight.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static uint64_t
clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t) now.tv_sec * 1000000000ull + (uint64_t) now.tv_nsec;
}

static uint32_t
writer_records(uint32_t writer)
{
	return writer == 0 ? FUSION_FLIGHT_WORKER_RECORDS : FUSION_FLIGHT_WRITER_RECORDS;
}

static uint64_t
ring_offset(uint32_t writer)
{
	uint64_t	at = sizeof(FusionFlightHeader);

	if (writer == 0)
		return at;
	at += sizeof(FusionFlightRingHeader) + (uint64_t) FUSION_FLIGHT_WORKER_RECORDS * sizeof(FusionFlightRecord);
	return at + (uint64_t) (writer - 1) *
		(sizeof(FusionFlightRingHeader) + (uint64_t) FUSION_FLIGHT_WRITER_RECORDS * sizeof(FusionFlightRecord));
}

static uint32_t
writers_for(uint32_t control_slots, uint32_t scan_slots)
{
	return 1 + FUSION_EXECUTORS_MAX + control_slots + scan_slots;
}

static FusionStatus
failed_system(int fd, const char *path)
{
	int			saved = errno;

	close(fd);
	if (path != NULL)
		unlink(path);
	errno = saved;
	return FUSION_SYSTEM;
}

FusionStatus
fusion_flight_create(FusionFlight *flight, const char *path, const FusionRegion *region, uint64_t machines_fingerprint)
{
	uint32_t	writers = writers_for(region->control_slot_count, region->scan_slot_count);
	uint64_t	bytes = ring_offset(writers);
	FusionFlightHeader *header;
	void	   *base;
	int			fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return FUSION_SYSTEM;
	/* Blocks are taken now: a full disk must fail here, not as a SIGBUS at some later record. */
	errno = posix_fallocate(fd, 0, (off_t) bytes);
	if (errno != 0)
		return failed_system(fd, path);
	base = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (base == MAP_FAILED)
		return failed_system(fd, path);

	header = base;
	header->version = FUSION_FLIGHT_VERSION;
	header->header_bytes = sizeof(FusionFlightHeader);
	header->layout_fingerprint = FUSION_LAYOUT_FINGERPRINT;
	header->machines_fingerprint = machines_fingerprint;
	header->incarnation = region->incarnation;
	header->wall_ns = clock_ns(CLOCK_REALTIME);
	header->monotonic_ns = clock_ns(CLOCK_MONOTONIC);
	header->writer_count = writers;
	header->control_slot_count = region->control_slot_count;
	header->scan_slot_count = region->scan_slot_count;
	header->executor_count = FUSION_EXECUTORS_MAX;
	for (uint32_t writer = 0; writer < writers; writer++)
	{
		FusionFlightRingHeader *ring = (FusionFlightRingHeader *) ((uint8_t *) base + ring_offset(writer));

		ring->capacity = writer_records(writer);
		ring->writer = writer;
	}
	header->magic = FUSION_FLIGHT_MAGIC;
	*flight = (FusionFlight) {
		.base = base,
		.bytes = bytes,
		.fd = fd,
		.writer_count = writers,
		.control_slot_count = region->control_slot_count,
		.scan_slot_count = region->scan_slot_count,
		.executor_count = FUSION_EXECUTORS_MAX
	};
	return FUSION_OK;
}

FusionStatus
fusion_flight_attach(FusionFlight *flight, int fd)
{
	FusionFlightHeader copy;
	struct stat status;
	void	   *base;

	if (fstat(fd, &status) != 0)
		return FUSION_SYSTEM;
	if (pread(fd, &copy, sizeof(copy), 0) != (ssize_t) sizeof(copy))
		return FUSION_MISMATCH;
	if (copy.magic != FUSION_FLIGHT_MAGIC || copy.version != FUSION_FLIGHT_VERSION ||
		copy.header_bytes != sizeof(FusionFlightHeader) || copy.layout_fingerprint != FUSION_LAYOUT_FINGERPRINT ||
		copy.control_slot_count > FUSION_CONTROL_SLOTS_MAX || copy.scan_slot_count > FUSION_SCAN_SLOTS_MAX ||
		copy.executor_count != FUSION_EXECUTORS_MAX ||
		copy.writer_count != writers_for(copy.control_slot_count, copy.scan_slot_count) ||
		(uint64_t) status.st_size < ring_offset(copy.writer_count))
		return FUSION_MISMATCH;
	base = mmap(NULL, ring_offset(copy.writer_count), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (base == MAP_FAILED)
		return FUSION_SYSTEM;
	*flight = (FusionFlight) {
		.base = base,
		.bytes = ring_offset(copy.writer_count),
		.fd = fd,
		.writer_count = copy.writer_count,
		.control_slot_count = copy.control_slot_count,
		.scan_slot_count = copy.scan_slot_count,
		.executor_count = copy.executor_count
	};
	return FUSION_OK;
}

void
fusion_flight_detach(FusionFlight *flight)
{
	if (flight->base != NULL)
	{
		munmap(flight->base, flight->bytes);
		close(flight->fd);
	}
	memset(flight, 0, sizeof(*flight));
	flight->fd = -1;
}

uint32_t
fusion_flight_writer_worker(void)
{
	return 0;
}

uint32_t
fusion_flight_writer_executor(const FusionFlight *flight, uint32_t executor)
{
	return executor < flight->executor_count ? 1 + executor : flight->writer_count;
}

uint32_t
fusion_flight_writer_control(const FusionFlight *flight, uint32_t control_slot)
{
	return control_slot < flight->control_slot_count ? 1 + flight->executor_count + control_slot : flight->writer_count;
}

uint32_t
fusion_flight_writer_scan(const FusionFlight *flight, uint32_t scan_slot)
{
	return scan_slot < flight->scan_slot_count
		? 1 + flight->executor_count + flight->control_slot_count + scan_slot
		: flight->writer_count;
}

uint32_t
fusion_flight_record(const FusionFlight *flight, uint32_t writer, const FusionFlightRecord *record)
{
	FusionFlightRingHeader *ring;
	FusionFlightRecord whole = *record;
	_Atomic uint64_t *place;
	uint64_t	words[sizeof(FusionFlightRecord) / sizeof(uint64_t)];
	uint64_t	sequence;

	/* A recorder that is off, or a writer out of range, records nothing: 0 is no sequence. */
	if (flight->base == NULL || writer >= flight->writer_count)
		return 0;
	ring = (FusionFlightRingHeader *) (flight->base + ring_offset(writer));
	sequence = atomic_load_explicit(&ring->next_sequence, memory_order_relaxed) + 1;
	whole.time_ns = clock_ns(CLOCK_MONOTONIC);
	whole.sequence = (uint32_t) sequence;
	memcpy(words, &whole, sizeof(words));

	/*
	 * The word that holds the sequence (word 1) is emptied first and filled last. Release stores keep that order for
	 * readers: a record with a sequence that fits its place, before and after the copy, is whole.
	 */
	place = (_Atomic uint64_t *) ((uint8_t *) (ring + 1) +
								  ((sequence - 1) & (writer_records(writer) - 1)) * sizeof(FusionFlightRecord));
	atomic_store_explicit(&place[1], 0, memory_order_relaxed);
	atomic_store_explicit(&place[0], words[0], memory_order_release);
	atomic_store_explicit(&place[2], words[2], memory_order_release);
	atomic_store_explicit(&place[3], words[3], memory_order_release);
	atomic_store_explicit(&place[1], words[1], memory_order_release);
	atomic_store_explicit(&ring->next_sequence, sequence, memory_order_release);
	return (uint32_t) sequence;
}
