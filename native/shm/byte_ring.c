/*
 * byte_ring.c
 *    Frames through a single-producer single-consumer ring of bytes. The control words may be written by a
 *    hostile peer, so every call takes them once into a private view, checks the view, and touches memory
 *    only through it. Joining fragments is the caller's work; sleeping is wake.c's.
 */
#include "byte_ring.h"

#include <string.h>

/* Smallest ring worth having: two of the smallest frames. */
#define RING_BYTES_MIN 64u
#define RING_BYTES_MAX (1024u * 1024)

typedef struct RingView
{
	uint8_t    *data;
	uint32_t	capacity;
	uint64_t	head;
	uint64_t	tail;
} RingView;

static uint32_t
capacity_once(const FusionByteRing *ring)
{
	uint32_t	capacity = *(const volatile uint32_t *) &ring->capacity;

	if (capacity < RING_BYTES_MIN || capacity > RING_BYTES_MAX || (capacity & (capacity - 1)) != 0)
		return 0;
	return capacity;
}

/* False when the control words contradict themselves or point outside the region. */
static bool
view_ring(const FusionRegion *region, const FusionByteRing *ring, RingView *view)
{
	uint64_t	offset = *(const volatile uint64_t *) &ring->data_offset;

	view->capacity = capacity_once(ring);
	if (view->capacity == 0 || offset < sizeof(FusionRegionHeader) || offset > region->pages_offset ||
		region->pages_offset - offset < view->capacity)
		return false;
	view->data = region->base + offset;
	/* Acquire pairs with the peer's release: bytes before head are written, bytes before tail are copied out. */
	view->tail = atomic_load_explicit(&ring->tail, memory_order_acquire);
	view->head = atomic_load_explicit(&ring->head, memory_order_acquire);
	return view->head - view->tail <= view->capacity;
}

static void
copy_in(const RingView *view, uint64_t at, const void *source, uint32_t length)
{
	uint32_t	start = (uint32_t) (at & (view->capacity - 1));
	uint32_t	first = view->capacity - start;

	if (first > length)
		first = length;
	if (first > 0)
		memcpy(view->data + start, source, first);
	if (length > first)
		memcpy(view->data, (const uint8_t *) source + first, length - first);
}

static void
copy_out(const RingView *view, uint64_t at, void *target, uint32_t length)
{
	uint32_t	start = (uint32_t) (at & (view->capacity - 1));
	uint32_t	first = view->capacity - start;

	if (first > length)
		first = length;
	if (first > 0)
		memcpy(target, view->data + start, first);
	if (length > first)
		memcpy((uint8_t *) target + first, view->data, length - first);
}

void
fusion_ring_reset(FusionByteRing *ring, uint32_t capacity, uint64_t data_offset)
{
	atomic_store_explicit(&ring->head, 0, memory_order_relaxed);
	atomic_store_explicit(&ring->tail, 0, memory_order_relaxed);
	atomic_store_explicit(&ring->sleeping, 0, memory_order_relaxed);
	atomic_store_explicit(&ring->writer_waiting, 0, memory_order_relaxed);
	ring->capacity = capacity;
	ring->data_offset = data_offset;
}

uint32_t
fusion_ring_fragment_bytes(const FusionByteRing *ring)
{
	uint32_t	capacity = capacity_once(ring);

	return capacity == 0 ? 0 : capacity / 2 - (uint32_t) sizeof(FusionFrameHeader);
}

uint32_t
fusion_ring_room(const FusionRegion *region, const FusionByteRing *ring)
{
	RingView	view;

	if (!view_ring(region, ring, &view))
		return 0;
	return view.capacity - (uint32_t) (view.head - view.tail);
}

FusionStatus
fusion_ring_push(const FusionRegion *region, FusionByteRing *ring, const FusionFrameHeader *header,
				 const void *payload)
{
	RingView	view;
	uint64_t	needed;

	if (!view_ring(region, ring, &view))
		return FUSION_CORRUPT;
	if (header->length > view.capacity / 2 - sizeof(FusionFrameHeader))
		return FUSION_TOO_LARGE;
	needed = sizeof(FusionFrameHeader) + (uint64_t) header->length;

	if (view.capacity - (view.head - view.tail) < needed)
	{
		/*
		 * Announce, then look again. The reader publishes tail and then exchanges the same flag: whichever
		 * exchange comes second sees the other's side, so either we find the room or the reader finds the flag.
		 */
		atomic_exchange(&ring->writer_waiting, 1);
		view.tail = atomic_load(&ring->tail);
		if (view.head - view.tail > view.capacity)
			return FUSION_CORRUPT;
		if (view.capacity - (view.head - view.tail) < needed)
			return FUSION_FULL;
		atomic_exchange(&ring->writer_waiting, 0);
	}
	copy_in(&view, view.head, header, sizeof(FusionFrameHeader));
	copy_in(&view, view.head + sizeof(FusionFrameHeader), payload, header->length);
	/* Linearization point: the frame exists for the reader from here on. */
	atomic_store(&ring->head, view.head + needed);
	return FUSION_OK;
}

FusionStatus
fusion_ring_peek(const FusionRegion *region, const FusionByteRing *ring, FusionFrameHeader *header)
{
	RingView	view;
	uint64_t	used;

	if (!view_ring(region, ring, &view))
		return FUSION_CORRUPT;
	used = view.head - view.tail;
	if (used == 0)
		return FUSION_EMPTY;
	if (used < sizeof(FusionFrameHeader))
		return FUSION_CORRUPT;
	copy_out(&view, view.tail, header, sizeof(FusionFrameHeader));
	if (header->length > view.capacity / 2 - sizeof(FusionFrameHeader) ||
		header->length > used - sizeof(FusionFrameHeader))
		return FUSION_CORRUPT;
	return FUSION_OK;
}

FusionStatus
fusion_ring_pop(const FusionRegion *region, FusionByteRing *ring, const FusionFrameHeader *header,
				void *payload, bool *wake_writer)
{
	RingView	view;
	uint64_t	needed = sizeof(FusionFrameHeader) + (uint64_t) header->length;

	*wake_writer = false;
	if (!view_ring(region, ring, &view))
		return FUSION_CORRUPT;
	/* The peeked length is ours; what the ring says now may differ. */
	if (view.head - view.tail < needed)
		return view.head == view.tail ? FUSION_EMPTY : FUSION_CORRUPT;
	copy_out(&view, view.tail + sizeof(FusionFrameHeader), payload, header->length);
	/* Linearization point: the bytes belong to the writer from here on. */
	atomic_store(&ring->tail, view.tail + needed);
	*wake_writer = atomic_exchange(&ring->writer_waiting, 0) != 0;
	return FUSION_OK;
}
