/*
 * flight_handle.cc
 *    See flight_handle.h.
 */
#include "flight_handle.h"

#include <cerrno>
#include <cstring>

Napi::Function
FlightHandle::define(Napi::Env env)
{
	return DefineClass(env, "Flight", {
		InstanceMethod<&FlightHandle::record>("record"),
		InstanceMethod<&FlightHandle::writer>("writer"),
		InstanceMethod<&FlightHandle::close>("close"),
	});
}

FlightHandle::FlightHandle(const Napi::CallbackInfo &info) : Napi::ObjectWrap<FlightHandle>(info)
{
	int			fd = static_cast<int>(integer_argument(info, 0, "fd", INT32_MAX));
	FusionPortStatus status = fusion_port_flight_attach(fd, &flight_);

	if (status == FUSION_PORT_MISMATCH)
		throw coded_error(info.Env(), "LAYOUT_MISMATCH", "the descriptor is no flight recorder of this build");
	if (status != FUSION_PORT_OK)
		throw coded_error(info.Env(), "NOT_ATTACHED",
						  std::string("cannot map the flight recorder: ") + strerror(errno));
}

FlightHandle::~FlightHandle()
{
	if (flight_ != nullptr)
		fusion_port_flight_close(flight_);
}

/* record(writer, machine, event, from, to, slot, session, actor, argument, cause) -> sequence */
Napi::Value
FlightHandle::record(const Napi::CallbackInfo &info)
{
	FusionPortRecord record;
	uint32_t	writer;

	if (flight_ == nullptr)
		throw Napi::Error::New(info.Env(), "the flight recorder is closed");
	writer = integer_argument(info, 0, "writer", fusion_port_flight_writers(flight_) - 1);
	record.machine = static_cast<uint8_t>(integer_argument(info, 1, "machine", UINT8_MAX));
	record.event = static_cast<uint8_t>(integer_argument(info, 2, "event", UINT8_MAX));
	record.from_state = static_cast<uint8_t>(integer_argument(info, 3, "from", UINT8_MAX));
	record.to_state = static_cast<uint8_t>(integer_argument(info, 4, "to", UINT8_MAX));
	record.slot = static_cast<uint16_t>(integer_argument(info, 5, "slot", UINT16_MAX));
	record.session = integer_argument(info, 6, "session");
	record.actor = static_cast<uint16_t>(integer_argument(info, 7, "actor", UINT16_MAX));
	record.argument = integer_argument(info, 8, "argument");
	record.cause = integer_argument(info, 9, "cause");
	return Napi::Number::New(info.Env(), fusion_port_flight_record(flight_, writer, &record));
}

/* writer(kind, index): the writer number of the worker (0), an executor (1), a control slot (2), a scan slot (3). */
Napi::Value
FlightHandle::writer(const Napi::CallbackInfo &info)
{
	uint32_t	kind = integer_argument(info, 0, "kind", 3);
	uint32_t	index = integer_argument(info, 1, "index");
	uint32_t	writer;

	if (flight_ == nullptr)
		throw Napi::Error::New(info.Env(), "the flight recorder is closed");
	writer = fusion_port_flight_writer(flight_, kind, index);
	if (writer >= fusion_port_flight_writers(flight_))
		throw Napi::RangeError::New(info.Env(), "index names no such writer");
	return Napi::Number::New(info.Env(), writer);
}

void
FlightHandle::close(const Napi::CallbackInfo &)
{
	if (flight_ != nullptr)
		fusion_port_flight_close(flight_);
	flight_ = nullptr;
}
