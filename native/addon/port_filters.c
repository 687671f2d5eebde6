/*
 * port_filters.c
 *    Runtime filters behind port.h: the worker's side of native/shm/runtime_filter.h. Nobody sleeps for a filter, so
 *    nothing here wakes anybody: producers look at the slot at each block.
 */
#include "port_state.h"
#include "runtime_filter.h"

#define STATIC_SAME(a, b) static_assert((int) (a) == (int) (b), #a)

STATIC_SAME(FUSION_PORT_FILTER_WORD, FUSION_FILTER_KEY_WORD);
STATIC_SAME(FUSION_PORT_FILTER_PAIR, FUSION_FILTER_KEY_PAIR);
STATIC_SAME(FUSION_PORT_FILTER_BYTES, FUSION_FILTER_KEY_BYTES);
STATIC_SAME(FUSION_PORT_FILTER_KEYS_MAX, FUSION_FILTER_KEYS_MAX);

static FusionLease
lease(uint32_t slot, uint32_t epoch)
{
	return (FusionLease) {.index = slot, .epoch = epoch};
}

static FusionFilterRows
shm_rows(const FusionPortFilterRows *rows)
{
	FusionFilterRows result = {
		.memory = rows->memory,
		.memory_bytes = rows->memory_bytes,
		.first = rows->first,
		.end = rows->end,
		.row_bytes = rows->row_bytes,
		.flags_offset = rows->flags_offset,
		.flags_skip = rows->flags_skip,
		.key_count = rows->key_count
	};

	for (uint32_t i = 0; i < rows->key_count && i < FUSION_FILTER_KEYS_MAX; i++)
		result.keys[i] = (FusionFilterKey) {
			.kind = (FusionFilterKeyKind) rows->key_kinds[i],
			.offset = rows->key_offsets[i]
		};
	return result;
}

FusionPortStatus
fusion_port_filter_begin(FusionPort *port, uint32_t slot, uint32_t epoch)
{
	return (FusionPortStatus) fusion_filter_begin(&port->region, lease(slot, epoch));
}

FusionPortStatus
fusion_port_filter_measure(FusionPort *port, uint32_t slot, uint32_t epoch, const FusionPortFilterRows *rows)
{
	FusionFilterRows given = shm_rows(rows);

	return (FusionPortStatus) fusion_filter_measure(&port->region, lease(slot, epoch), &given);
}

FusionPortStatus
fusion_port_filter_size(FusionPort *port, uint32_t slot, uint32_t epoch, uint64_t rows, bool one_word)
{
	return (FusionPortStatus) fusion_filter_size(&port->region, lease(slot, epoch), rows, one_word);
}

FusionPortStatus
fusion_port_filter_enter(FusionPort *port, uint32_t slot, uint32_t epoch, const FusionPortFilterRows *rows)
{
	FusionFilterRows given = shm_rows(rows);

	return (FusionPortStatus) fusion_filter_enter(&port->region, lease(slot, epoch), &given);
}

FusionPortStatus
fusion_port_filter_publish(FusionPort *port, uint32_t slot, uint32_t epoch)
{
	return (FusionPortStatus) fusion_filter_publish(&port->region, lease(slot, epoch));
}

FusionPortStatus
fusion_port_filter_decline(FusionPort *port, uint32_t slot, uint32_t epoch)
{
	return (FusionPortStatus) fusion_filter_decline(&port->region, lease(slot, epoch));
}
