/*
 * page_ring.c
 *    The descriptor rings that pages travel in: issue, end of stream, import, and the drain of an abandoned
 *    ring. A ring carries names of pages, never ownership: a descriptor is believed only as far as the page's
 *    owner word agrees. Claim and release are page_pool.c's.
 */
#include "page_pool.h"

#include "words.h"

void
fusion_descriptor_ring_reset(FusionDescriptorRing *ring, uint32_t capacity)
{
	atomic_store_explicit(&ring->head, 0, memory_order_relaxed);
	atomic_store_explicit(&ring->tail, 0, memory_order_relaxed);
	atomic_store_explicit(&ring->writer_waiting, 0, memory_order_relaxed);
	ring->capacity = capacity;
}

/* Room for one more entry while `spare` stay free; announces a waiting writer as fusion_ring_push does. */
static FusionStatus
reserve_entry(FusionDescriptorRing *ring, uint32_t capacity, uint32_t spare, uint32_t *head)
{
	uint32_t	tail = atomic_load_explicit(&ring->tail, memory_order_acquire);

	*head = atomic_load_explicit(&ring->head, memory_order_relaxed);
	if (*head - tail > capacity)
		return FUSION_CORRUPT;
	if (*head - tail + spare < capacity)
		return FUSION_OK;
	atomic_exchange(&ring->writer_waiting, 1);
	tail = atomic_load(&ring->tail);
	if (*head - tail > capacity)
		return FUSION_CORRUPT;
	if (*head - tail + spare >= capacity)
		return FUSION_FULL;
	atomic_exchange(&ring->writer_waiting, 0);
	return FUSION_OK;
}

/* LEASED -> ISSUED; the generation rises, so the producer's handle is dead from here on. */
static FusionStatus
mark_issued(const FusionRegion *region, const FusionPage *page, uint32_t side, uint32_t *generation)
{
	uint64_t	seen;
	FusionPageWord w;

	if (page->page >= region->page_count || page->side != side)
		return FUSION_STALE;
	seen = atomic_load(&region->owner_words[page->page]);
	w = fusion_page_unpack(seen);
	if (w.state != FUSION_PAGE_LEASED || w.generation != page->generation || (w.side & 1) != side ||
		!fusion_page_owned_by(w, page->control))
		return FUSION_STALE;
	w.state = FUSION_PAGE_ISSUED;
	w.generation = (w.generation + 1) & FUSION_PAGE_GENERATION_MASK;
	*generation = w.generation;
	return fusion_page_swap(region, page->page, &seen, w) ? FUSION_OK : FUSION_STALE;
}

static FusionStatus
issue(const FusionRegion *region, FusionDescriptorRing *ring, FusionPageDescriptor *entries, uint32_t capacity,
	  const FusionPage *page, uint32_t side, FusionPageDescriptor descriptor)
{
	uint32_t	head;
	FusionStatus status;

	if (descriptor.bytes > region->page_bytes)
		return FUSION_TOO_LARGE;
	/* One entry stays back for the end of the stream. */
	status = reserve_entry(ring, capacity, 1, &head);
	if (status == FUSION_OK)
		status = mark_issued(region, page, side, &descriptor.page_generation);
	if (status != FUSION_OK)
		return status;
	descriptor.page = page->page;
	descriptor.kind = FUSION_DESCRIPTOR_PAGE;
	descriptor.sequence = head + 1;
	memcpy(&entries[head & (capacity - 1)], &descriptor, sizeof(descriptor));
	/* Linearization point of the descriptor; a page issued but never published is found by the sweep. */
	atomic_store(&ring->head, head + 1);
	return FUSION_OK;
}

static void
count_issued(const FusionRegion *region, FusionLease control, uint32_t bytes)
{
	atomic_fetch_add_explicit(&region->control_slots[control.index].pages_issued, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&region->control_slots[control.index].bytes_issued, bytes, memory_order_relaxed);
}

FusionStatus
fusion_page_issue_scan(const FusionRegion *region, FusionLease scan, const FusionPage *page,
					   uint16_t flags, uint32_t rows, uint32_t bytes)
{
	FusionScanSlot *slot;
	FusionStatus status;

	if (!fusion_lease_open(region, FUSION_SLOT_SCAN, scan) ||
		!fusion_lease_open(region, FUSION_SLOT_CONTROL, page->control))
		return FUSION_STALE;
	slot = &region->scan_slots[scan.index];
	if (atomic_load(&slot->control_slot) != page->control.index ||
		atomic_load(&slot->control_epoch) != page->control.epoch)
		return FUSION_STALE;
	status = issue(region, &slot->pages, slot->page_entries, FUSION_SCAN_RING_DESCRIPTORS, page, FUSION_PAGE_SIDE_SCAN,
				   (FusionPageDescriptor) {
					   .lease_epoch = scan.epoch,
					   .producer = (uint16_t) atomic_load(&slot->producer),
					   .leaf = (uint16_t) atomic_load(&slot->leaf),
					   .flags = flags,
					   .rows = rows,
					   .bytes = bytes
				   });
	if (status == FUSION_OK)
	{
		count_issued(region, page->control, bytes);
		atomic_fetch_add_explicit(&slot->rows_produced, rows, memory_order_relaxed);
	}
	return status;
}

FusionStatus
fusion_page_issue_result(const FusionRegion *region, const FusionPage *page,
						 uint16_t flags, uint32_t rows, uint32_t bytes)
{
	FusionControlSlot *slot;
	FusionStatus status;

	if (!fusion_lease_open(region, FUSION_SLOT_CONTROL, page->control))
		return FUSION_STALE;
	slot = &region->control_slots[page->control.index];
	status = issue(region, &slot->results, slot->result_entries, FUSION_RESULT_RING_DESCRIPTORS, page,
				   FUSION_PAGE_SIDE_RESULT,
				   (FusionPageDescriptor) {
					   .lease_epoch = page->control.epoch,
					   .flags = flags,
					   .rows = rows,
					   .bytes = bytes
				   });
	if (status == FUSION_OK)
		count_issued(region, page->control, bytes);
	return status;
}

static FusionStatus
end_stream(FusionDescriptorRing *ring, FusionPageDescriptor *entries, uint32_t capacity,
		   FusionPageDescriptor descriptor)
{
	uint32_t	head;
	FusionStatus status = reserve_entry(ring, capacity, 0, &head);

	if (status != FUSION_OK)
		return status;
	descriptor.sequence = head + 1;
	memcpy(&entries[head & (capacity - 1)], &descriptor, sizeof(descriptor));
	atomic_store(&ring->head, head + 1);
	return FUSION_OK;
}

FusionStatus
fusion_scan_end(const FusionRegion *region, FusionLease scan, uint16_t kind)
{
	FusionScanSlot *slot;

	if (!fusion_lease_open(region, FUSION_SLOT_SCAN, scan))
		return FUSION_STALE;
	slot = &region->scan_slots[scan.index];
	return end_stream(&slot->pages, slot->page_entries, FUSION_SCAN_RING_DESCRIPTORS,
					  (FusionPageDescriptor) {
						  .lease_epoch = scan.epoch,
						  .kind = kind,
						  .producer = (uint16_t) atomic_load(&slot->producer),
						  .leaf = (uint16_t) atomic_load(&slot->leaf)
					  });
}

FusionStatus
fusion_result_end(const FusionRegion *region, FusionLease control, uint16_t kind)
{
	FusionControlSlot *slot;

	if (!fusion_lease_open(region, FUSION_SLOT_CONTROL, control))
		return FUSION_STALE;
	slot = &region->control_slots[control.index];
	return end_stream(&slot->results, slot->result_entries, FUSION_RESULT_RING_DESCRIPTORS,
					  (FusionPageDescriptor) {.lease_epoch = control.epoch, .kind = kind});
}

/* Takes a private copy of the next descriptor and checks all that does not need the owner word. */
static FusionStatus
peek_descriptor(const FusionRegion *region, FusionDescriptorRing *ring, const FusionPageDescriptor *entries,
				uint32_t capacity, uint32_t epoch, FusionPageDescriptor *descriptor)
{
	uint32_t	tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
	uint32_t	head = atomic_load(&ring->head);

	if (head == tail)
		return FUSION_EMPTY;
	if (head - tail > capacity)
		return FUSION_CORRUPT;
	memcpy(descriptor, &entries[tail & (capacity - 1)], sizeof(*descriptor));
	if (descriptor->lease_epoch != epoch || descriptor->sequence != tail + 1 ||
		descriptor->kind > FUSION_DESCRIPTOR_FAILED)
		return FUSION_CORRUPT;
	if (descriptor->kind == FUSION_DESCRIPTOR_PAGE &&
		(descriptor->page >= region->page_count || descriptor->bytes > region->page_bytes))
		return FUSION_CORRUPT;
	return FUSION_OK;
}

static FusionStatus
import(const FusionRegion *region, FusionDescriptorRing *ring, const FusionPageDescriptor *entries, uint32_t capacity,
	   uint32_t epoch, FusionLease control, uint32_t side, FusionPageDescriptor *descriptor, FusionPage *page,
	   bool *wake_writer)
{
	FusionStatus status = peek_descriptor(region, ring, entries, capacity, epoch, descriptor);

	*wake_writer = false;
	if (status != FUSION_OK)
		return status;
	if (descriptor->kind == FUSION_DESCRIPTOR_PAGE)
	{
		uint64_t	seen = atomic_load(&region->owner_words[descriptor->page]);
		FusionPageWord w = fusion_page_unpack(seen);
		FusionPageWord next = w;

		next.state = FUSION_PAGE_IMPORTED;
		if (w.state != FUSION_PAGE_ISSUED || w.generation != descriptor->page_generation || (w.side & 1) != side ||
			!fusion_page_owned_by(w, control) || !fusion_page_swap(region, descriptor->page, &seen, next))
			return fusion_lease_current(region, FUSION_SLOT_CONTROL, control) ? FUSION_CORRUPT : FUSION_STALE;
		*page = (FusionPage) {
			.page = descriptor->page,
			.generation = w.generation,
			.side = side,
			.control = control
		};
	}
	/* The entry belongs to the producer again. */
	atomic_store(&ring->tail, descriptor->sequence);
	*wake_writer = atomic_exchange(&ring->writer_waiting, 0) != 0;
	return FUSION_OK;
}

FusionStatus
fusion_page_import_scan(const FusionRegion *region, FusionLease scan, FusionPageDescriptor *descriptor,
						FusionPage *page, bool *wake_writer)
{
	FusionScanSlot *slot;
	FusionLease control;

	*wake_writer = false;
	if (!fusion_lease_current(region, FUSION_SLOT_SCAN, scan))
		return FUSION_STALE;
	slot = &region->scan_slots[scan.index];
	control = (FusionLease) {.index = atomic_load(&slot->control_slot), .epoch = atomic_load(&slot->control_epoch)};
	return import(region, &slot->pages, slot->page_entries, FUSION_SCAN_RING_DESCRIPTORS, scan.epoch, control,
				  FUSION_PAGE_SIDE_SCAN, descriptor, page, wake_writer);
}

FusionStatus
fusion_page_import_result(const FusionRegion *region, FusionLease control, FusionPageDescriptor *descriptor,
						  FusionPage *page, bool *wake_writer)
{
	FusionControlSlot *slot;

	*wake_writer = false;
	if (!fusion_lease_current(region, FUSION_SLOT_CONTROL, control))
		return FUSION_STALE;
	slot = &region->control_slots[control.index];
	return import(region, &slot->results, slot->result_entries, FUSION_RESULT_RING_DESCRIPTORS, control.epoch, control,
				  FUSION_PAGE_SIDE_RESULT, descriptor, page, wake_writer);
}

/*
 * Sends home what a ring still names. Read only: a second drain, even beside a new lease, finds nothing that
 * matches.
 */
static void
drain(const FusionRegion *region, FusionDescriptorRing *ring, const FusionPageDescriptor *entries, uint32_t capacity,
	  uint32_t epoch, FusionLease control)
{
	uint32_t	tail = atomic_load(&ring->tail);
	uint32_t	count = atomic_load(&ring->head) - tail;

	for (uint32_t i = 0; i < count && i < capacity; i++)
	{
		FusionPageDescriptor descriptor;
		uint64_t	seen;
		FusionPageWord w;

		memcpy(&descriptor, &entries[(tail + i) & (capacity - 1)], sizeof(descriptor));
		if (descriptor.lease_epoch != epoch || descriptor.kind != FUSION_DESCRIPTOR_PAGE ||
			descriptor.page >= region->page_count)
			continue;
		seen = atomic_load(&region->owner_words[descriptor.page]);
		w = fusion_page_unpack(seen);
		if (w.state == FUSION_PAGE_ISSUED && w.generation == descriptor.page_generation &&
			fusion_page_owned_by(w, control) &&
			fusion_page_swap(region, descriptor.page, &seen, fusion_page_at_home(w)))
			fusion_page_hint_returned(region, w);
	}
}

void
fusion_pages_drain_scan(const FusionRegion *region, FusionLease scan)
{
	FusionScanSlot *slot = &region->scan_slots[scan.index];
	FusionLease control = {.index = atomic_load(&slot->control_slot), .epoch = atomic_load(&slot->control_epoch)};

	drain(region, &slot->pages, slot->page_entries, FUSION_SCAN_RING_DESCRIPTORS, scan.epoch, control);
}

void
fusion_pages_drain_results(const FusionRegion *region, FusionLease control)
{
	FusionControlSlot *slot = &region->control_slots[control.index];

	drain(region, &slot->results, slot->result_entries, FUSION_RESULT_RING_DESCRIPTORS, control.epoch, control);
}
