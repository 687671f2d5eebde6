/*
 * messages_to_js.cc
 *    See messages_to_js.h. Payloads are copied once more into memory V8 owns, so that a message outlives the ring.
 */
#include "messages_to_js.h"

#include <cstring>

#include "fusion_layout.h"

Napi::Value
fusion_receive_to_js(Napi::Env env, FrameChannel &channel, uint32_t slot)
{
	FusionMessage message;
	std::string complaint;

	switch (channel.receive(slot, &message, &complaint))
	{
		case FrameChannel::Received::Nothing:
			return env.Undefined();
		case FrameChannel::Received::Violation:
			throw coded_error(env, "PROTOCOL_VIOLATION", complaint);
		case FrameChannel::Received::Message:
			break;
	}

	Napi::Uint8Array payload = Napi::Uint8Array::New(env, message.payload.size());
	Napi::Object result = Napi::Object::New(env);

	if (!message.payload.empty())
		memcpy(payload.Data(), message.payload.data(), message.payload.size());
	result.Set("type", Napi::Number::New(env, message.type));
	result.Set("epoch", Napi::Number::New(env, message.epoch));
	result.Set("sequence", Napi::Number::New(env, message.sequence));
	result.Set("payload", payload);
	return result;
}

Napi::Value
fusion_send_from_js(const Napi::CallbackInfo &info, FrameChannel &channel)
{
	uint32_t	slot = integer_argument(info, 1, "slot");
	uint32_t	epoch = integer_argument(info, 2, "epoch");
	uint32_t	type = integer_argument(info, 3, "type", UINT16_MAX);
	uint32_t	sequence = integer_argument(info, 4, "sequence");
	Bytes		payload = bytes_argument(info, 5, "payload");

	if (payload.length > FUSION_FRAME_BYTES_MAX)
		throw Napi::RangeError::New(info.Env(), "a message may have at most " +
									std::to_string(FUSION_FRAME_BYTES_MAX) + " bytes");
	switch (channel.send(slot, epoch, static_cast<uint16_t>(type), sequence, payload.data, payload.length))
	{
		case FrameChannel::Sent::Ok:
			return Napi::Number::New(info.Env(), FUSION_PORT_OK);
		case FrameChannel::Sent::Full:
			return Napi::Number::New(info.Env(), FUSION_PORT_FULL);
		default:
			return Napi::Number::New(info.Env(), FUSION_PORT_STALE);
	}
}

Napi::Value
fusion_numbers_to_js(Napi::Env env, const FusionPort *port)
{
	FusionPortNumbers numbers;
	Napi::Object result = Napi::Object::New(env);

	fusion_port_numbers(port, &numbers);
	result.Set("pageBytes", Napi::Number::New(env, numbers.page_bytes));
	result.Set("pageCount", Napi::Number::New(env, numbers.page_count));
	result.Set("controlSlotCount", Napi::Number::New(env, numbers.control_slot_count));
	result.Set("scanSlotCount", Napi::Number::New(env, numbers.scan_slot_count));
	result.Set("controlRingBytes", Napi::Number::New(env, numbers.control_ring_bytes));
	result.Set("incarnation", Napi::BigInt::New(env, numbers.incarnation));
	return result;
}

Napi::Value
fusion_audit_to_js(Napi::Env env, const FusionPort *port)
{
	FusionPortAudit audit;
	Napi::Object result = Napi::Object::New(env);

	fusion_port_audit(port, &audit);
	result.Set("controlSlotsHeld", Napi::Number::New(env, audit.control_slots_held));
	result.Set("scanSlotsHeld", Napi::Number::New(env, audit.scan_slots_held));
	result.Set("pagesHeld", Napi::Number::New(env, audit.pages_held));
	result.Set("permitsMissing", Napi::Number::New(env, audit.permits_missing));
	result.Set("freePages", Napi::Number::New(env, audit.free_pages));
	result.Set("filtersHeld", Napi::Number::New(env, audit.filters_held));
	result.Set("protocolViolations", Napi::Number::New(env, static_cast<double>(audit.protocol_violations)));
	result.Set("staleDrops", Napi::Number::New(env, static_cast<double>(audit.stale_drops)));
	result.Set("sweptPages", Napi::Number::New(env, static_cast<double>(audit.swept_pages)));
	return result;
}
