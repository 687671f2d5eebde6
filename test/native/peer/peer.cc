/*
 * peer.cc
 *    `Peer`: a region of its own and everything PostgreSQL's side does with it, for tests of the addon and of
 *    the worker without a server. One object plays postmaster, supervisor, backend and producer at once.
 */
#include <cstring>
#include <memory>
#include <vector>

#include "fusion_layout.h"
#include "messages_to_js.h"
#include "peer_port.h"

namespace
{

class Peer : public Napi::ObjectWrap<Peer>
{
  public:
	static Napi::Function define(Napi::Env env);
	explicit Peer(const Napi::CallbackInfo &info);
	~Peer() override
	{
		destroy();
	}

  private:
	void destroy();
	FusionPort *port(const Napi::CallbackInfo &info);
	FrameChannel &channel(uint32_t kind)
	{
		return kind == FUSION_PORT_CONTROL ? *control_ : *scan_;
	}
	Napi::Value number(const Napi::CallbackInfo &info, uint32_t value)
	{
		return Napi::Number::New(info.Env(), value);
	}

	Napi::Value fd(const Napi::CallbackInfo &info);
	Napi::Value wake_fds(const Napi::CallbackInfo &info);
	Napi::Value enter_worker(const Napi::CallbackInfo &info);
	Napi::Value bury_worker(const Napi::CallbackInfo &info);
	Napi::Value audit(const Napi::CallbackInfo &info);
	Napi::Value acquire_control(const Napi::CallbackInfo &info);
	Napi::Value acquire_scan(const Napi::CallbackInfo &info);
	Napi::Value lease(const Napi::CallbackInfo &info);
	Napi::Value detach(const Napi::CallbackInfo &info);
	Napi::Value send(const Napi::CallbackInfo &info);
	Napi::Value receive(const Napi::CallbackInfo &info);
	Napi::Value produce(const Napi::CallbackInfo &info);
	Napi::Value end_scan(const Napi::CallbackInfo &info);
	Napi::Value take_result(const Napi::CallbackInfo &info);
	void cancel(const Napi::CallbackInfo &info);
	Napi::Value stopped(const Napi::CallbackInfo &info);
	Napi::Value create_flight(const Napi::CallbackInfo &info);
	Napi::Value sleep(const Napi::CallbackInfo &info);
	void scribble(const Napi::CallbackInfo &info);
	Napi::Value ring_offset(const Napi::CallbackInfo &info);
	void close(const Napi::CallbackInfo &info)
	{
		destroy();
	}

	FusionPort *port_ = nullptr;
	int			fd_ = -1;
	std::vector<int> fds_;
	std::unique_ptr<FrameChannel> control_;
	std::unique_ptr<FrameChannel> scan_;
};

Napi::Function
Peer::define(Napi::Env env)
{
	return DefineClass(env, "Peer", {
		InstanceMethod<&Peer::fd>("fd"),
		InstanceMethod<&Peer::wake_fds>("wakeFds"),
		InstanceMethod<&Peer::enter_worker>("enterWorker"),
		InstanceMethod<&Peer::bury_worker>("buryWorker"),
		InstanceMethod<&Peer::audit>("audit"),
		InstanceMethod<&Peer::acquire_control>("acquireControl"),
		InstanceMethod<&Peer::acquire_scan>("acquireScan"),
		InstanceMethod<&Peer::lease>("lease"),
		InstanceMethod<&Peer::detach>("detach"),
		InstanceMethod<&Peer::send>("send"),
		InstanceMethod<&Peer::receive>("receive"),
		InstanceMethod<&Peer::produce>("produce"),
		InstanceMethod<&Peer::end_scan>("endScan"),
		InstanceMethod<&Peer::take_result>("takeResult"),
		InstanceMethod<&Peer::cancel>("cancel"),
		InstanceMethod<&Peer::stopped>("stopped"),
		InstanceMethod<&Peer::create_flight>("createFlight"),
		InstanceMethod<&Peer::sleep>("sleep"),
		InstanceMethod<&Peer::scribble>("scribble"),
		InstanceMethod<&Peer::ring_offset>("ringOffset"),
		InstanceMethod<&Peer::close>("close"),
	});
}

/* new Peer(pageBytes, pageCount, controlSlots, scanSlots, controlRingBytes) */
Peer::Peer(const Napi::CallbackInfo &info) : Napi::ObjectWrap<Peer>(info)
{
	FusionPeerOptions options;

	options.page_bytes = integer_argument(info, 0, "pageBytes");
	options.page_count = integer_argument(info, 1, "pageCount");
	options.control_slot_count = integer_argument(info, 2, "controlSlots", FUSION_CONTROL_SLOTS_MAX);
	options.scan_slot_count = integer_argument(info, 3, "scanSlots", FUSION_SCAN_SLOTS_MAX);
	options.control_ring_bytes = integer_argument(info, 4, "controlRingBytes");
	fds_.resize(1 + options.control_slot_count + options.scan_slot_count, -1);
	if (fusion_peer_create(&options, &port_, &fd_, fds_.data()) != FUSION_PORT_OK)
		throw Napi::Error::New(info.Env(), "the region cannot be made with these options");
	control_ = std::make_unique<FrameChannel>(port_, FUSION_PORT_BACKEND, FUSION_PORT_CONTROL);
	scan_ = std::make_unique<FrameChannel>(port_, FUSION_PORT_BACKEND, FUSION_PORT_SCAN);
	/* Tests call receive() to move the queue on, as a backend is woken to. */
	control_->may_queue(true);
	scan_->may_queue(true);
}

void
Peer::destroy()
{
	control_.reset();
	scan_.reset();
	if (port_ != nullptr)
		fusion_peer_destroy(port_, fd_, fds_.data(), static_cast<uint32_t>(fds_.size()));
	port_ = nullptr;
}

FusionPort *
Peer::port(const Napi::CallbackInfo &info)
{
	if (port_ == nullptr)
		throw Napi::Error::New(info.Env(), "the peer is closed");
	return port_;
}

Napi::Value
Peer::fd(const Napi::CallbackInfo &info)
{
	port(info);
	return Napi::Number::New(info.Env(), fd_);
}

Napi::Value
Peer::wake_fds(const Napi::CallbackInfo &info)
{
	Napi::Int32Array result = Napi::Int32Array::New(info.Env(), fds_.size());

	memcpy(result.Data(), fds_.data(), fds_.size() * sizeof(int));
	return result;
}

/* enterWorker(state) -> generation */
Napi::Value
Peer::enter_worker(const Napi::CallbackInfo &info)
{
	uint32_t	state = integer_argument(info, 0, "state", FUSION_WORKER_DISABLED);

	return number(info, fusion_peer_enter_worker(port(info), state));
}

Napi::Value
Peer::bury_worker(const Napi::CallbackInfo &info)
{
	return number(info, fusion_peer_bury_worker(port(info)));
}

Napi::Value
Peer::audit(const Napi::CallbackInfo &info)
{
	return fusion_audit_to_js(info.Env(), port(info));
}

/* acquireControl(permitsScan, permitsResult, out) -> status; out = slot, epoch */
Napi::Value
Peer::acquire_control(const Napi::CallbackInfo &info)
{
	uint32_t	scan = integer_argument(info, 0, "permitsScan");
	uint32_t	result = integer_argument(info, 1, "permitsResult");
	uint32_t   *out = out_argument(info, 2, 2);

	return number(info, fusion_peer_control_acquire(port(info), 4711, scan, result, &out[0], &out[1]));
}

/* acquireScan(controlSlot, controlEpoch, leaf, producer, out) -> status; out = slot, epoch */
Napi::Value
Peer::acquire_scan(const Napi::CallbackInfo &info)
{
	uint32_t	slot = integer_argument(info, 0, "slot");
	uint32_t	epoch = integer_argument(info, 1, "epoch");
	uint32_t	leaf = integer_argument(info, 2, "leaf", UINT16_MAX);
	uint32_t	producer = integer_argument(info, 3, "producer", UINT16_MAX);
	uint32_t   *out = out_argument(info, 4, 2);

	return number(info, fusion_peer_scan_acquire(port(info), slot, epoch, static_cast<uint16_t>(leaf),
												 static_cast<uint16_t>(producer), &out[0], &out[1]));
}

Napi::Value
Peer::lease(const Napi::CallbackInfo &info)
{
	uint32_t	kind = integer_argument(info, 0, "kind", FUSION_PORT_SCAN);
	uint32_t	slot = integer_argument(info, 1, "slot");
	uint32_t   *out = out_argument(info, 2, 1);

	return number(info, fusion_port_lease(port(info), kind, slot, &out[0]));
}

/* detach(kind, slot, epoch): the backend's bit. */
Napi::Value
Peer::detach(const Napi::CallbackInfo &info)
{
	uint32_t	kind = integer_argument(info, 0, "kind", FUSION_PORT_SCAN);
	uint32_t	slot = integer_argument(info, 1, "slot");
	uint32_t	epoch = integer_argument(info, 2, "epoch");

	return number(info, fusion_port_detach(port(info), kind, slot, epoch));
}

Napi::Value
Peer::send(const Napi::CallbackInfo &info)
{
	port(info);
	return fusion_send_from_js(info, channel(integer_argument(info, 0, "kind", FUSION_PORT_SCAN)));
}

Napi::Value
Peer::receive(const Napi::CallbackInfo &info)
{
	uint32_t	kind = integer_argument(info, 0, "kind", FUSION_PORT_SCAN);
	uint32_t	slot = integer_argument(info, 1, "slot");

	port(info);
	return fusion_receive_to_js(info.Env(), channel(kind), slot);
}

/* produce(controlSlot, controlEpoch, scanSlot, scanEpoch, bytes, rows) -> status: acquire, fill, issue one page */
Napi::Value
Peer::produce(const Napi::CallbackInfo &info)
{
	uint32_t	control = integer_argument(info, 0, "controlSlot");
	uint32_t	control_epoch = integer_argument(info, 1, "controlEpoch");
	uint32_t	scan = integer_argument(info, 2, "scanSlot");
	uint32_t	scan_epoch = integer_argument(info, 3, "scanEpoch");
	Bytes		bytes = bytes_argument(info, 4, "bytes");
	uint32_t	rows = integer_argument(info, 5, "rows");
	FusionPortPage page;
	FusionPortNumbers numbers;
	FusionPortStatus status;

	fusion_port_numbers(port(info), &numbers);
	if (bytes.length > numbers.page_bytes)
		throw Napi::RangeError::New(info.Env(), "bytes do not fit a page");
	status = fusion_port_acquire(port_, FUSION_PAGE_SIDE_SCAN, control, control_epoch, &page);
	if (status != FUSION_PORT_OK)
		return number(info, status);
	memcpy(fusion_port_page_bytes(port_, &page), bytes.data, bytes.length);
	status = fusion_peer_issue_scan(port_, scan, scan_epoch, &page, rows, static_cast<uint32_t>(bytes.length));
	if (status != FUSION_PORT_OK)
		fusion_port_release(port_, &page);
	return number(info, status);
}

Napi::Value
Peer::end_scan(const Napi::CallbackInfo &info)
{
	uint32_t	slot = integer_argument(info, 0, "slot");
	uint32_t	epoch = integer_argument(info, 1, "epoch");
	uint32_t	kind = integer_argument(info, 2, "kind", FUSION_DESCRIPTOR_FAILED);

	return number(info, fusion_peer_end_scan(port(info), slot, epoch, static_cast<uint16_t>(kind)));
}

/* takeResult(slot, epoch) -> { kind, rows, bytes: Uint8Array } or the status number: import, copy, release one page */
Napi::Value
Peer::take_result(const Napi::CallbackInfo &info)
{
	uint32_t	slot = integer_argument(info, 0, "slot");
	uint32_t	epoch = integer_argument(info, 1, "epoch");
	FusionPortPage page{};
	FusionPortDescriptor descriptor;
	FusionPortStatus status = fusion_port_import(port(info), FUSION_PORT_CONTROL, slot, epoch, &page, &descriptor);

	if (status != FUSION_PORT_OK)
		return number(info, status);
	Napi::Object result = Napi::Object::New(info.Env());
	Napi::Uint8Array bytes = Napi::Uint8Array::New(info.Env(), descriptor.bytes);

	if (descriptor.kind == FUSION_DESCRIPTOR_PAGE)
	{
		memcpy(bytes.Data(), fusion_port_page_bytes(port_, &page), descriptor.bytes);
		fusion_port_release(port_, &page);
	}
	result.Set("kind", number(info, descriptor.kind));
	result.Set("rows", number(info, descriptor.rows));
	result.Set("bytes", bytes);
	return result;
}

void
Peer::cancel(const Napi::CallbackInfo &info)
{
	fusion_peer_cancel(port(info), integer_argument(info, 0, "slot"));
}

Napi::Value
Peer::stopped(const Napi::CallbackInfo &info)
{
	return Napi::Boolean::New(info.Env(), fusion_peer_stopped(port(info), integer_argument(info, 0, "scanSlot")));
}

/* createFlight(path) -> descriptor */
Napi::Value
Peer::create_flight(const Napi::CallbackInfo &info)
{
	if (info.Length() < 1 || !info[0].IsString())
		throw Napi::TypeError::New(info.Env(), "path must be a string");
	int			fd = fusion_peer_create_flight(port(info), info[0].As<Napi::String>().Utf8Value().c_str());

	if (fd < 0)
		throw Napi::Error::New(info.Env(), "cannot create the flight recorder");
	return Napi::Number::New(info.Env(), fd);
}

/* sleep(kind, slot, timeoutMs) -> whether a signal came */
Napi::Value
Peer::sleep(const Napi::CallbackInfo &info)
{
	uint32_t	kind = integer_argument(info, 0, "kind", FUSION_PORT_SCAN);
	FusionPortNumbers numbers;

	fusion_port_numbers(port(info), &numbers);
	uint32_t	slots = kind == FUSION_PORT_CONTROL ? numbers.control_slot_count : numbers.scan_slot_count;
	uint32_t	slot = integer_argument(info, 1, "slot", slots - 1);
	uint32_t	timeout = integer_argument(info, 2, "timeoutMs", 10000);

	return Napi::Boolean::New(info.Env(), fusion_peer_sleep(port_, kind, slot, timeout));
}

/* scribble(offset, bytes): overwrites the region. */
void
Peer::scribble(const Napi::CallbackInfo &info)
{
	uint32_t	offset = integer_argument(info, 0, "offset");
	Bytes		bytes = bytes_argument(info, 1, "bytes");

	if (!fusion_peer_scribble(port(info), offset, bytes.data, static_cast<uint32_t>(bytes.length)))
		throw Napi::RangeError::New(info.Env(), "offset is outside the region");
}

Napi::Value
Peer::ring_offset(const Napi::CallbackInfo &info)
{
	uint32_t	kind = integer_argument(info, 0, "kind", FUSION_PORT_SCAN);
	uint64_t	offset = fusion_peer_ring_offset(port(info), kind, integer_argument(info, 1, "slot"));

	return Napi::Number::New(info.Env(), static_cast<double>(offset));
}

Napi::Object
initialise(Napi::Env env, Napi::Object exports)
{
	exports.Set("Peer", Peer::define(env));
	return exports;
}

}	/* namespace */

NODE_API_MODULE(pg_fusion_peer, initialise)
