/*
 * region_filters.cc
 *    Runtime filters of `Region`: rows of a finished join table, described by the numbers of their layout, go from the
 *    WebAssembly memory into a filter slot. What a filter is made of is native/shm/runtime_filter.c's.
 */
#include "region_handle.h"

namespace
{

Napi::Value
status_value(const Napi::CallbackInfo &info, FusionPortStatus status)
{
	return Napi::Number::New(info.Env(), status);
}

/* first, end, row bytes, flags' offset, flags that skip a row; then kind and offset of each key */
constexpr size_t numbers_before_keys = 5;

/* (slot, epoch, memory, layout): the rows that argument 3, a Uint32Array, describes. */
FusionPortFilterRows
rows_argument(const Napi::CallbackInfo &info)
{
	FusionPortFilterRows rows{};
	Bytes		memory = bytes_argument(info, 2, "memory");
	size_t		length;
	void	   *data;

	if (!typed_array(info, 3, napi_uint32_array, &length, &data))
		throw Napi::TypeError::New(info.Env(), "layout must be a Uint32Array");
	if (length < numbers_before_keys + 2 || length > numbers_before_keys + 2 * FUSION_PORT_FILTER_KEYS_MAX ||
		(length - numbers_before_keys) % 2 != 0)
		throw Napi::RangeError::New(info.Env(), "layout must have five numbers and two for each key");
	const uint32_t *numbers = static_cast<const uint32_t *>(data);

	rows.memory = memory.data;
	rows.memory_bytes = memory.length;
	rows.first = numbers[0];
	rows.end = numbers[1];
	rows.row_bytes = numbers[2];
	rows.flags_offset = numbers[3];
	rows.flags_skip = numbers[4];
	rows.key_count = static_cast<uint32_t>((length - numbers_before_keys) / 2);
	for (uint32_t i = 0; i < rows.key_count; i++)
	{
		rows.key_kinds[i] = numbers[numbers_before_keys + 2 * i];
		rows.key_offsets[i] = numbers[numbers_before_keys + 2 * i + 1];
		if (rows.key_kinds[i] > FUSION_PORT_FILTER_BYTES)
			throw Napi::RangeError::New(info.Env(), "a key of an unknown kind");
	}
	return rows;
}

}	/* namespace */

/* filterBegin(slot, epoch) -> status */
Napi::Value
RegionHandle::filter_begin(const Napi::CallbackInfo &info)
{
	uint32_t	slot = integer_argument(info, 0, "slot");
	uint32_t	epoch = integer_argument(info, 1, "epoch");

	return status_value(info, fusion_port_filter_begin(port(info), slot, epoch));
}

/* filterMeasure(slot, epoch, memory, layout) -> status */
Napi::Value
RegionHandle::filter_measure(const Napi::CallbackInfo &info)
{
	uint32_t	slot = integer_argument(info, 0, "slot");
	uint32_t	epoch = integer_argument(info, 1, "epoch");
	FusionPortFilterRows rows = rows_argument(info);

	return status_value(info, fusion_port_filter_measure(port(info), slot, epoch, &rows));
}

/* filterSize(slot, epoch, rows, oneWord) -> status */
Napi::Value
RegionHandle::filter_size(const Napi::CallbackInfo &info)
{
	uint32_t	slot = integer_argument(info, 0, "slot");
	uint32_t	epoch = integer_argument(info, 1, "epoch");
	uint32_t	rows = integer_argument(info, 2, "rows");
	uint32_t	one_word = integer_argument(info, 3, "oneWord", 1);

	return status_value(info, fusion_port_filter_size(port(info), slot, epoch, rows, one_word != 0));
}

/* filterEnter(slot, epoch, memory, layout) -> status */
Napi::Value
RegionHandle::filter_enter(const Napi::CallbackInfo &info)
{
	uint32_t	slot = integer_argument(info, 0, "slot");
	uint32_t	epoch = integer_argument(info, 1, "epoch");
	FusionPortFilterRows rows = rows_argument(info);

	return status_value(info, fusion_port_filter_enter(port(info), slot, epoch, &rows));
}

/* filterPublish(slot, epoch) -> status */
Napi::Value
RegionHandle::filter_publish(const Napi::CallbackInfo &info)
{
	uint32_t	slot = integer_argument(info, 0, "slot");
	uint32_t	epoch = integer_argument(info, 1, "epoch");

	return status_value(info, fusion_port_filter_publish(port(info), slot, epoch));
}

/* filterDecline(slot, epoch) -> status */
Napi::Value
RegionHandle::filter_decline(const Napi::CallbackInfo &info)
{
	uint32_t	slot = integer_argument(info, 0, "slot");
	uint32_t	epoch = integer_argument(info, 1, "epoch");

	return status_value(info, fusion_port_filter_decline(port(info), slot, epoch));
}
