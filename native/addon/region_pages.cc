/*
 * region_pages.cc
 *    Pages of `Region`: import, release, results, and the window in a WebAssembly memory. A page is named by
 *    the numbers its owner word is checked against, so a stale name is answered with a status, never with
 *    somebody else's bytes.
 */
#include <cstring>

#include "fusion_layout.h"
#include "region_handle.h"

namespace
{

Napi::Value
status_value(const Napi::CallbackInfo &info, FusionPortStatus status)
{
	return Napi::Number::New(info.Env(), status);
}

/* (page, generation, slot, epoch, ...): a result page under the lease of a control slot. */
FusionPortPage
result_page(const Napi::CallbackInfo &info)
{
	FusionPortPage page;

	page.page = integer_argument(info, 0, "page");
	page.generation = integer_argument(info, 1, "generation");
	page.side = FUSION_PAGE_SIDE_RESULT;
	page.control = integer_argument(info, 2, "slot");
	page.control_epoch = integer_argument(info, 3, "epoch");
	return page;
}

}	/* namespace */

/*
 * importScan(slot, epoch, out) -> status; out = page, generation, control, control epoch, kind, rows, bytes,
 * flags, leaf, producer
 */
Napi::Value
RegionHandle::import_scan(const Napi::CallbackInfo &info)
{
	uint32_t	slot = integer_argument(info, 0, "slot");
	uint32_t	epoch = integer_argument(info, 1, "epoch");
	uint32_t   *out = out_argument(info, 2, 10);
	FusionPortPage page{};
	FusionPortDescriptor descriptor;
	FusionPortStatus status;

	status = fusion_port_import(port(info), FUSION_PORT_SCAN, slot, epoch, &page, &descriptor);
	if (status == FUSION_PORT_OK)
	{
		const uint32_t values[] = {
			page.page, page.generation, page.control, page.control_epoch, descriptor.kind, descriptor.rows,
			descriptor.bytes, descriptor.flags, descriptor.leaf, descriptor.producer
		};

		memcpy(out, values, sizeof(values));
	}
	return status_value(info, status);
}

/* acquireResult(slot, epoch, out) -> status; out = page, generation */
Napi::Value
RegionHandle::acquire_result(const Napi::CallbackInfo &info)
{
	uint32_t	slot = integer_argument(info, 0, "slot");
	uint32_t	epoch = integer_argument(info, 1, "epoch");
	uint32_t   *out = out_argument(info, 2, 2);
	FusionPortPage page;
	FusionPortStatus status = fusion_port_acquire(port(info), FUSION_PAGE_SIDE_RESULT, slot, epoch, &page);

	if (status == FUSION_PORT_OK)
	{
		out[0] = page.page;
		out[1] = page.generation;
	}
	return status_value(info, status);
}

/* releasePage(page, generation, slot, epoch, side) -> status */
Napi::Value
RegionHandle::release_page(const Napi::CallbackInfo &info)
{
	FusionPortPage page = result_page(info);

	page.side = integer_argument(info, 4, "side", FUSION_PAGE_SIDE_RESULT);
	return status_value(info, fusion_port_release(port(info), &page));
}

/* writeResult(page, generation, slot, epoch, source, sourceOffset, length) -> status: copies into a leased page */
Napi::Value
RegionHandle::write_result(const Napi::CallbackInfo &info)
{
	FusionPortPage page = result_page(info);
	Bytes		source = bytes_argument(info, 4, "source");
	uint32_t	offset = integer_argument(info, 5, "sourceOffset");
	uint32_t	length = integer_argument(info, 6, "length");
	FusionPortNumbers numbers;
	uint8_t    *target;

	fusion_port_numbers(port(info), &numbers);
	if (offset > source.length || source.length - offset < length)
		throw Napi::RangeError::New(info.Env(), "sourceOffset and length reach beyond the source");
	if (length > numbers.page_bytes)
		return status_value(info, FUSION_PORT_TOO_LARGE);
	target = fusion_port_page_bytes(port_, &page);
	if (target == nullptr || !fusion_port_held(port_, &page))
		return status_value(info, FUSION_PORT_STALE);
	memcpy(target, source.data + offset, length);
	return status_value(info, FUSION_PORT_OK);
}

/* issueResult(page, generation, slot, epoch, flags, rows, bytes) -> status */
Napi::Value
RegionHandle::issue_result(const Napi::CallbackInfo &info)
{
	FusionPortPage page = result_page(info);
	uint32_t	flags = integer_argument(info, 4, "flags", UINT16_MAX);
	uint32_t	rows = integer_argument(info, 5, "rows");
	uint32_t	bytes = integer_argument(info, 6, "bytes");

	return status_value(info, fusion_port_issue_result(port(info), &page, static_cast<uint16_t>(flags), rows, bytes));
}

/* endResult(slot, epoch, kind) -> status; kind is DESCRIPTOR_END or DESCRIPTOR_FAILED */
Napi::Value
RegionHandle::end_result(const Napi::CallbackInfo &info)
{
	uint32_t	slot = integer_argument(info, 0, "slot");
	uint32_t	epoch = integer_argument(info, 1, "epoch");
	uint32_t	kind = integer_argument(info, 2, "kind", FUSION_DESCRIPTOR_FAILED);

	if (kind == FUSION_DESCRIPTOR_PAGE)
		throw Napi::RangeError::New(info.Env(), "kind must be an end of the stream");
	return status_value(info, fusion_port_end_result(port(info), slot, epoch, static_cast<uint16_t>(kind)));
}

/* pageWait(slot, begin): an executor announces (or no longer) that the session of a control slot waits for a page. */
void
RegionHandle::page_wait(const Napi::CallbackInfo &info)
{
	uint32_t	slot = integer_argument(info, 0, "slot");

	if (info.Length() < 2 || !info[1].IsBoolean())
		throw Napi::TypeError::New(info.Env(), "begin must be a boolean");
	fusion_port_page_wait(port(info), FUSION_PORT_CONTROL, slot, info[1].As<Napi::Boolean>());
}

/* mapPoolReadOnly(view, byteOffset): once per process; the mapping serves every thread that shares the memory. */
void
RegionHandle::map_pool(const Napi::CallbackInfo &info)
{
	pool_.map(info, port(info));
}

void
RegionHandle::unmap_pool(const Napi::CallbackInfo &)
{
	pool_.unmap();
}
