/*
 * region.c
 *    Makes, checks and maps the shared region. The place of every section follows from the options alone, so an
 *    attacher computes it again instead of trusting the offsets in the header. Not here: anything that changes after
 *    creation (slot.c, byte_ring.c, page_pool.c, wake.c).
 */
#define _GNU_SOURCE
#include "region.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "byte_ring.h"
#include "words.h"

/* Sections start here; the pool starts on 64 KiB, the largest page size of the systems we may map it on. */
#define SECTION_ALIGN 4096u
#define POOL_ALIGN 65536u
/* One page of counters; the table of metrics has a few dozen rows. */
#define METRIC_CAPACITY 512u
/* A pool and the engine's state share one 32-bit WebAssembly memory. */
#define POOL_BYTES_MAX (2ull * 1024 * 1024 * 1024)
#define CONTROL_RING_BYTES_MIN 4096u
#define CONTROL_RING_BYTES_MAX (1024u * 1024)

typedef struct SectionPlan
{
	uint64_t	control_slots;
	uint64_t	control_rings;
	uint64_t	scan_slots;
	uint64_t	owner_words;
	uint64_t	metrics;
	uint64_t	filter_slots;
	uint64_t	filter_data;
	uint64_t	pages;
	uint64_t	bytes;
} SectionPlan;

static uint64_t
align_up(uint64_t value, uint64_t align)
{
	return (value + align - 1) & ~(align - 1);
}

static bool
power_of_two(uint32_t value)
{
	return value != 0 && (value & (value - 1)) == 0;
}

static const char *
options_fault(const FusionRegionOptions *options)
{
	if (!power_of_two(options->page_bytes) || options->page_bytes < FUSION_PAGE_BYTES_MIN ||
		options->page_bytes > FUSION_PAGE_BYTES_MAX)
		return "page size must be a power of two from 64 kB to 1 MB";
	if (options->page_count == 0 || (uint64_t) options->page_count * options->page_bytes > POOL_BYTES_MAX)
		return "the page pool must hold at least one page and at most 2 GB";
	if (options->control_slot_count == 0 || options->control_slot_count > FUSION_CONTROL_SLOTS_MAX)
		return "control slots must number 1 to 1024";
	if (options->scan_slot_count == 0 || options->scan_slot_count > FUSION_SCAN_SLOTS_MAX)
		return "scan slots must number 1 to 1024";
	if (!power_of_two(options->control_ring_bytes) || options->control_ring_bytes < CONTROL_RING_BYTES_MIN ||
		options->control_ring_bytes > CONTROL_RING_BYTES_MAX)
		return "control ring size must be a power of two from 4 kB to 1 MB";
	if (options->filter_slot_count > FUSION_FILTER_SLOTS_MAX)
		return "runtime filters must number at most 1024";
	if (options->filter_slot_count == 0 ? options->filter_bits != 0
		: !power_of_two(options->filter_bits) || options->filter_bits < FUSION_FILTER_BITS_MIN ||
		options->filter_bits > FUSION_FILTER_BITS_MAX)
		return "the size of a runtime filter must be a power of two from 8 kB to 32 MB";
	if (options->metric_count > METRIC_CAPACITY)
		return "more metrics than the region has counters for";
	return NULL;
}

static SectionPlan
plan_sections(const FusionRegionOptions *options)
{
	SectionPlan plan;
	uint64_t	at = sizeof(FusionRegionHeader);

	plan.control_slots = at;
	at = align_up(at + (uint64_t) options->control_slot_count * sizeof(FusionControlSlot), SECTION_ALIGN);
	plan.control_rings = at;
	at = align_up(at + 2ull * options->control_slot_count * options->control_ring_bytes, SECTION_ALIGN);
	plan.scan_slots = at;
	at = align_up(at + (uint64_t) options->scan_slot_count * sizeof(FusionScanSlot), SECTION_ALIGN);
	plan.owner_words = at;
	at = align_up(at + (uint64_t) options->page_count * sizeof(uint64_t), SECTION_ALIGN);
	plan.metrics = at;
	at = align_up(at + METRIC_CAPACITY * sizeof(uint64_t), SECTION_ALIGN);
	plan.filter_slots = at;
	at = align_up(at + (uint64_t) options->filter_slot_count * sizeof(FusionFilterSlot), SECTION_ALIGN);
	plan.filter_data = at;
	at = align_up(at + (uint64_t) options->filter_slot_count * (options->filter_bits / 8), POOL_ALIGN);
	plan.pages = at;
	plan.bytes = at + (uint64_t) options->page_count * options->page_bytes;
	return plan;
}

uint64_t
fusion_region_bytes(const FusionRegionOptions *options, const char **why)
{
	const char *fault = options_fault(options);

	if (why != NULL)
		*why = fault;
	return fault == NULL ? plan_sections(options).bytes : 0;
}

/* Fills the private view from checked numbers and a mapping. */
static void
adopt(FusionRegion *region, uint8_t *base, int fd, const FusionRegionOptions *options, const SectionPlan *plan)
{
	memset(region, 0, sizeof(*region));
	region->base = base;
	region->bytes = plan->bytes;
	region->fd = fd;
	region->header = (FusionRegionHeader *) base;
	region->page_bytes = options->page_bytes;
	region->page_count = options->page_count;
	region->control_slot_count = options->control_slot_count;
	region->scan_slot_count = options->scan_slot_count;
	region->control_ring_bytes = options->control_ring_bytes;
	region->filter_slot_count = options->filter_slot_count;
	region->filter_bits = options->filter_bits;
	region->incarnation = options->incarnation;
	region->pages_offset = plan->pages;
	region->control_slots = (FusionControlSlot *) (base + plan->control_slots);
	region->scan_slots = (FusionScanSlot *) (base + plan->scan_slots);
	region->owner_words = (_Atomic uint64_t *) (base + plan->owner_words);
	region->metrics = (_Atomic uint64_t *) (base + plan->metrics);
	region->filter_slots = (FusionFilterSlot *) (base + plan->filter_slots);
	region->filter_data = base + plan->filter_data;
}

uint64_t
fusion_control_rings_offset(const FusionRegion *region, uint32_t index)
{
	uint64_t	slots = (uint64_t) region->control_slot_count * sizeof(FusionControlSlot);

	return align_up(sizeof(FusionRegionHeader) + slots, SECTION_ALIGN) + 2ull * index * region->control_ring_bytes;
}

/* A fresh memfd is all zeros, which already means: every slot and page free, worker offline. */
static void
initialise(const FusionRegion *region, const FusionRegionOptions *options, const SectionPlan *plan)
{
	FusionRegionHeader *header = region->header;

	header->version = FUSION_REGION_VERSION;
	header->header_bytes = sizeof(FusionRegionHeader);
	header->layout_fingerprint = FUSION_LAYOUT_FINGERPRINT;
	header->incarnation = options->incarnation;
	header->region_bytes = plan->bytes;
	header->page_bytes = options->page_bytes;
	header->page_count = options->page_count;
	header->control_slot_count = options->control_slot_count;
	header->scan_slot_count = options->scan_slot_count;
	header->control_ring_bytes = options->control_ring_bytes;
	header->control_slots_offset = plan->control_slots;
	header->control_rings_offset = plan->control_rings;
	header->scan_slots_offset = plan->scan_slots;
	header->owner_words_offset = plan->owner_words;
	header->pages_offset = plan->pages;
	header->metrics_offset = plan->metrics;
	header->filter_slot_count = options->filter_slot_count;
	header->filter_bits = options->filter_bits;
	header->filter_slots_offset = plan->filter_slots;
	header->filter_data_offset = plan->filter_data;
	atomic_store(&header->free_pages, options->page_count);

	for (uint32_t i = 0; i < options->control_slot_count; i++)
	{
		FusionControlSlot *slot = &region->control_slots[i];
		uint64_t	rings = fusion_control_rings_offset(region, i);

		atomic_store(&slot->executor, FUSION_EXECUTORS_MAX);
		fusion_ring_reset(&slot->to_worker, options->control_ring_bytes, rings);
		fusion_ring_reset(&slot->to_backend, options->control_ring_bytes, rings + options->control_ring_bytes);
		fusion_descriptor_ring_reset(&slot->results, FUSION_RESULT_RING_DESCRIPTORS);
	}
	for (uint32_t i = 0; i < options->scan_slot_count; i++)
	{
		FusionScanSlot *slot = &region->scan_slots[i];
		uint64_t	rings = (uint64_t) (slot->ring_bytes - region->base);

		fusion_ring_reset(&slot->to_producer, FUSION_SCAN_CONTROL_RING_BYTES, rings);
		fusion_ring_reset(&slot->to_worker, FUSION_SCAN_CONTROL_RING_BYTES, rings + FUSION_SCAN_CONTROL_RING_BYTES);
		fusion_descriptor_ring_reset(&slot->pages, FUSION_SCAN_RING_DESCRIPTORS);
	}
	/* The magic comes last: a half-made region is never attached. */
	header->magic = FUSION_REGION_MAGIC;
}

FusionStatus
fusion_region_create(FusionRegion *region, const FusionRegionOptions *options)
{
	SectionPlan plan;
	int			fd;
	void	   *base;

	if (options_fault(options) != NULL)
		return FUSION_MISMATCH;
	plan = plan_sections(options);

	fd = memfd_create("pg_fusion", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return FUSION_SYSTEM;
	/* Without the seals another holder of the descriptor could truncate the pool: SIGBUS in every process. */
	if (ftruncate(fd, (off_t) plan.bytes) != 0 ||
		fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
		goto failed;
	base = mmap(NULL, plan.bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (base == MAP_FAILED)
		goto failed;
	adopt(region, base, fd, options, &plan);
	initialise(region, options, &plan);
	return FUSION_OK;

failed:
	{
		int			saved = errno;

		close(fd);
		errno = saved;
		return FUSION_SYSTEM;
	}
}

/* Compares a private copy of the header with what its own numbers imply. */
static bool
header_agrees(const FusionRegionHeader *header, uint64_t file_bytes, FusionRegionOptions *options, SectionPlan *plan)
{
	if (header->magic != FUSION_REGION_MAGIC || header->version != FUSION_REGION_VERSION ||
		header->header_bytes != sizeof(FusionRegionHeader) || header->layout_fingerprint != FUSION_LAYOUT_FINGERPRINT)
		return false;
	*options = (FusionRegionOptions) {
		.page_bytes = header->page_bytes,
		.page_count = header->page_count,
		.control_slot_count = header->control_slot_count,
		.scan_slot_count = header->scan_slot_count,
		.control_ring_bytes = header->control_ring_bytes,
		.filter_slot_count = header->filter_slot_count,
		.filter_bits = header->filter_bits,
		.incarnation = header->incarnation
	};
	if (options_fault(options) != NULL)
		return false;
	*plan = plan_sections(options);
	return header->region_bytes == plan->bytes && file_bytes == plan->bytes &&
		header->control_slots_offset == plan->control_slots && header->control_rings_offset == plan->control_rings &&
		header->scan_slots_offset == plan->scan_slots && header->owner_words_offset == plan->owner_words &&
		header->metrics_offset == plan->metrics && header->filter_slots_offset == plan->filter_slots &&
		header->filter_data_offset == plan->filter_data && header->pages_offset == plan->pages;
}

FusionStatus
fusion_region_attach(FusionRegion *region, int fd)
{
	struct stat status;
	FusionRegionHeader copy;
	FusionRegionOptions options;
	SectionPlan plan;
	int			seals;
	void	   *base;

	if (fstat(fd, &status) != 0)
		return FUSION_SYSTEM;
	seals = fcntl(fd, F_GET_SEALS);
	if (seals < 0)
		return errno == EINVAL ? FUSION_MISMATCH : FUSION_SYSTEM;
	if ((seals & (F_SEAL_SHRINK | F_SEAL_GROW)) != (F_SEAL_SHRINK | F_SEAL_GROW) ||
		(uint64_t) status.st_size < sizeof(FusionRegionHeader))
		return FUSION_MISMATCH;
	base = mmap(NULL, (size_t) status.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (base == MAP_FAILED)
		return FUSION_SYSTEM;
	/* Checked on a copy: the peer may change the original between the check and the use. */
	memcpy(&copy, base, sizeof(copy));
	if (!header_agrees(&copy, (uint64_t) status.st_size, &options, &plan))
	{
		munmap(base, (size_t) status.st_size);
		return FUSION_MISMATCH;
	}
	adopt(region, base, fd, &options, &plan);
	return FUSION_OK;
}

void
fusion_region_detach(FusionRegion *region)
{
	if (region->base != NULL)
	{
		munmap(region->base, region->bytes);
		close(region->fd);
	}
	memset(region, 0, sizeof(*region));
	region->fd = -1;
}

uint8_t *
fusion_region_page(const FusionRegion *region, uint32_t page)
{
	if (page >= region->page_count)
		return NULL;
	return region->base + region->pages_offset + (uint64_t) page * region->page_bytes;
}

void
fusion_metric_add(const FusionRegion *region, uint32_t metric, uint64_t amount)
{
	uint64_t	before;

	if (metric >= METRIC_CAPACITY)
		return;
	before = atomic_fetch_add_explicit(&region->metrics[metric], amount, memory_order_relaxed);
	if (before + amount < before)
		atomic_store_explicit(&region->metrics[metric], UINT64_MAX, memory_order_relaxed);
}

void
fusion_metric_raise(const FusionRegion *region, uint32_t metric, uint64_t value)
{
	uint64_t	seen;

	if (metric >= METRIC_CAPACITY)
		return;
	seen = atomic_load_explicit(&region->metrics[metric], memory_order_relaxed);
	for (int attempt = 0; attempt < FUSION_CAS_ATTEMPTS && seen < value; attempt++)
		if (atomic_compare_exchange_weak_explicit(&region->metrics[metric], &seen, value, memory_order_relaxed,
												  memory_order_relaxed))
			return;
}

uint64_t
fusion_metrics_reset(const FusionRegion *region)
{
	for (uint32_t metric = 0; metric < METRIC_CAPACITY; metric++)
		atomic_store_explicit(&region->metrics[metric], 0, memory_order_relaxed);
	return atomic_fetch_add(&region->header->metrics_epoch, 1) + 1;
}
