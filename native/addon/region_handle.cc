/*
 * region_handle.cc
 *    Attachment, leases, frames, waking and counters of `Region`. Pages are in region_pages.cc.
 */
#include "region_handle.h"

#include <cerrno>
#include <cstring>
#include <vector>

#include "fusion_layout.h"
#include "messages_to_js.h"

Napi::Function
RegionHandle::define(Napi::Env env)
{
	using Self = RegionHandle;

	return DefineClass(env, "Region", {
		InstanceMethod<&Self::numbers>("numbers"),
		InstanceMethod<&Self::worker_state>("workerState"),
		InstanceMethod<&Self::ready>("ready"),
		InstanceMethod<&Self::lease>("lease"),
		InstanceMethod<&Self::detach>("detach"),
		InstanceMethod<&Self::receive>("receive"),
		InstanceMethod<&Self::send>("send"),
		InstanceMethod<&Self::on_wake>("onWake"),
		InstanceMethod<&Self::stop_wake>("stopWake"),
		InstanceMethod<&Self::cancel_requested>("cancelRequested"),
		InstanceMethod<&Self::recording>("recording"),
		InstanceMethod<&Self::assign_executor>("assignExecutor"),
		InstanceMethod<&Self::show_on_disk>("showOnDisk"),
		InstanceMethod<&Self::stop_scan>("stopScan"),
		InstanceMethod<&Self::executor_seen>("executorSeen"),
		InstanceMethod<&Self::executor_wait>("executorWait"),
		InstanceMethod<&Self::wake_executor>("wakeExecutor"),
		InstanceMethod<&Self::audit>("audit"),
		InstanceMethod<&Self::add_metric>("addMetric"),
		InstanceMethod<&Self::raise_metric>("raiseMetric"),
		InstanceMethod<&Self::count_violation>("countViolation"),
		InstanceMethod<&Self::close>("close"),
		InstanceMethod<&Self::import_scan>("importScan"),
		InstanceMethod<&Self::acquire_result>("acquireResult"),
		InstanceMethod<&Self::release_page>("releasePage"),
		InstanceMethod<&Self::write_result>("writeResult"),
		InstanceMethod<&Self::issue_result>("issueResult"),
		InstanceMethod<&Self::end_result>("endResult"),
		InstanceMethod<&Self::page_wait>("pageWait"),
		InstanceMethod<&Self::map_pool>("mapPoolReadOnly"),
		InstanceMethod<&Self::unmap_pool>("unmapPool"),
		InstanceMethod<&Self::filter_begin>("filterBegin"),
		InstanceMethod<&Self::filter_measure>("filterMeasure"),
		InstanceMethod<&Self::filter_size>("filterSize"),
		InstanceMethod<&Self::filter_enter>("filterEnter"),
		InstanceMethod<&Self::filter_publish>("filterPublish"),
		InstanceMethod<&Self::filter_decline>("filterDecline"),
	});
}

/* new Region(fd, wakeFds?): wakeFds is an Int32Array, or the first of so many consecutive descriptors. */
RegionHandle::RegionHandle(const Napi::CallbackInfo &info) : Napi::ObjectWrap<RegionHandle>(info)
{
	int			fd = static_cast<int>(integer_argument(info, 0, "fd", INT32_MAX));
	FusionPortStatus status = fusion_port_attach(fd, FUSION_PORT_WORKER, &port_);

	if (status == FUSION_PORT_MISMATCH)
		throw coded_error(info.Env(), "LAYOUT_MISMATCH", "the descriptor is no region of this build");
	if (status != FUSION_PORT_OK)
		throw coded_error(info.Env(), "NOT_ATTACHED", std::string("cannot map the region: ") + strerror(errno));
	control_ = std::make_unique<FrameChannel>(port_, FUSION_PORT_WORKER, FUSION_PORT_CONTROL);
	scan_ = std::make_unique<FrameChannel>(port_, FUSION_PORT_WORKER, FUSION_PORT_SCAN);
	try
	{
		if (info.Length() > 1 && !info[1].IsUndefined())
			set_wakes(info, 1);
	}
	catch (...)
	{
		/* A constructor that throws runs no destructor. */
		release_port();
		throw;
	}
}

RegionHandle::~RegionHandle()
{
	release_port();
}

void
RegionHandle::release_port()
{
	if (wake_ != nullptr)
		wake_->stop();
	wake_.reset();
	control_.reset();
	scan_.reset();
	if (port_ != nullptr)
		fusion_port_close(port_);
	port_ = nullptr;
}

FusionPort *
RegionHandle::port(const Napi::CallbackInfo &info)
{
	if (port_ == nullptr)
		throw Napi::Error::New(info.Env(), "the region handle is closed");
	return port_;
}

FrameChannel &
RegionHandle::channel(uint32_t kind)
{
	return kind == FUSION_PORT_CONTROL ? *control_ : *scan_;
}

void
RegionHandle::set_wakes(const Napi::CallbackInfo &info, size_t index)
{
	FusionPortNumbers numbers;

	fusion_port_numbers(port_, &numbers);
	std::vector<int> fds(1 + numbers.control_slot_count + numbers.scan_slot_count);

	if (info[index].IsNumber())
	{
		int			first = static_cast<int>(integer_argument(info, index, "wakeFds", INT32_MAX - 4096));

		for (size_t i = 0; i < fds.size(); i++)
			fds[i] = first + static_cast<int>(i);
	}
	else
	{
		if (!info[index].IsTypedArray() || info[index].As<Napi::TypedArray>().TypedArrayType() != napi_int32_array)
			throw Napi::TypeError::New(info.Env(), "wakeFds must be an Int32Array or the first descriptor");
		Napi::Int32Array given = info[index].As<Napi::Int32Array>();

		if (given.ElementLength() != fds.size())
			throw Napi::RangeError::New(info.Env(), "wakeFds must name " + std::to_string(fds.size()) + " descriptors");
		for (size_t i = 0; i < fds.size(); i++)
			fds[i] = given[i];
	}
	fusion_port_set_wakes(port_, fds.data(), static_cast<uint32_t>(fds.size()));
}

Napi::Value
RegionHandle::numbers(const Napi::CallbackInfo &info)
{
	return fusion_numbers_to_js(info.Env(), port(info));
}

/* workerState(out): out[0] = state, out[1] = generation. */
Napi::Value
RegionHandle::worker_state(const Napi::CallbackInfo &info)
{
	uint32_t   *out = out_argument(info, 0, 2);

	out[0] = fusion_port_worker_state(port(info), &out[1]);
	return Napi::Number::New(info.Env(), out[0]);
}

Napi::Value
RegionHandle::ready(const Napi::CallbackInfo &info)
{
	uint32_t	generation = integer_argument(info, 0, "generation");
	uint32_t	executors = integer_argument(info, 1, "executors", FUSION_EXECUTORS_MAX);

	return Napi::Boolean::New(info.Env(), fusion_port_ready(port(info), generation, executors));
}

/* lease(kind, slot, out) -> 0 none of ours, 1 open, 2 closing; out[0] = epoch. */
Napi::Value
RegionHandle::lease(const Napi::CallbackInfo &info)
{
	uint32_t	kind = integer_argument(info, 0, "kind", FUSION_PORT_SCAN);
	uint32_t	slot = integer_argument(info, 1, "slot");
	uint32_t   *out = out_argument(info, 2, 1);

	return Napi::Number::New(info.Env(), fusion_port_lease(port(info), kind, slot, &out[0]));
}

/* detach(kind, slot, epoch) -> pages swept */
Napi::Value
RegionHandle::detach(const Napi::CallbackInfo &info)
{
	uint32_t	kind = integer_argument(info, 0, "kind", FUSION_PORT_SCAN);
	uint32_t	slot = integer_argument(info, 1, "slot");
	uint32_t	epoch = integer_argument(info, 2, "epoch");
	uint32_t	present;

	if (fusion_port_lease(port(info), kind, slot, &present) != 0 && present == epoch)
		channel(kind).forget(slot);
	return Napi::Number::New(info.Env(), fusion_port_detach(port_, kind, slot, epoch));
}

/*
 * receive(kind, slot, stale) -> { type, epoch, sequence, payload } or undefined; throws PROTOCOL_VIOLATION.
 * stale = [frames of earlier leases dropped on the way, type and sequence of the last], untouched by a throw.
 */
Napi::Value
RegionHandle::receive(const Napi::CallbackInfo &info)
{
	uint32_t	kind = integer_argument(info, 0, "kind", FUSION_PORT_SCAN);
	uint32_t	slot = integer_argument(info, 1, "slot");

	uint32_t   *out = out_argument(info, 2, 3);

	port(info);
	Napi::Value	message = fusion_receive_to_js(info.Env(), channel(kind), slot);
	FrameChannel::Stale stale = channel(kind).take_stale();

	out[0] = stale.count;
	out[1] = stale.type;
	out[2] = stale.sequence;
	return message;
}

/* send(kind, slot, epoch, type, sequence, payload) -> status: ok, full or stale */
Napi::Value
RegionHandle::send(const Napi::CallbackInfo &info)
{
	port(info);
	return fusion_send_from_js(info, channel(integer_argument(info, 0, "kind", FUSION_PORT_SCAN)));
}

/* onWake(callback): callback(slots) with the control slots whose doorbells rang. */
void
RegionHandle::on_wake(const Napi::CallbackInfo &info)
{
	if (info.Length() < 1 || !info[0].IsFunction())
		throw Napi::TypeError::New(info.Env(), "callback must be a function");
	if (wake_ != nullptr)
		throw Napi::Error::New(info.Env(), "onWake was called already");
	if (fusion_port_worker_fd(port(info)) < 0)
		throw Napi::Error::New(info.Env(), "the region was attached without wake descriptors");
	wake_ = WakePoll::start(info.Env(), port_, info[0].As<Napi::Function>(),
							[this](uint32_t slot) { control_->flush(slot); });
	control_->may_queue(true);
	/* A handle that listens is not garbage, even when nobody else names it. */
	Ref();
}

void
RegionHandle::end_waking()
{
	if (wake_ == nullptr)
		return;
	wake_->stop();
	wake_.reset();
	control_->may_queue(false);
	Unref();
}

void
RegionHandle::stop_wake(const Napi::CallbackInfo &)
{
	end_waking();
}

Napi::Value
RegionHandle::recording(const Napi::CallbackInfo &info)
{
	uint32_t	slot = integer_argument(info, 0, "slot");
	uint32_t	epoch = integer_argument(info, 1, "epoch");

	return Napi::Number::New(info.Env(), fusion_port_recording(port(info), slot, epoch));
}

Napi::Value
RegionHandle::cancel_requested(const Napi::CallbackInfo &info)
{
	uint32_t	slot = integer_argument(info, 0, "slot");
	uint32_t	epoch = integer_argument(info, 1, "epoch");

	return Napi::Boolean::New(info.Env(), fusion_port_cancel_requested(port(info), slot, epoch));
}

Napi::Value
RegionHandle::assign_executor(const Napi::CallbackInfo &info)
{
	uint32_t	slot = integer_argument(info, 0, "slot");
	uint32_t	epoch = integer_argument(info, 1, "epoch");
	uint32_t	executor = integer_argument(info, 2, "executor", FUSION_EXECUTORS_MAX);

	return Napi::Boolean::New(info.Env(), fusion_port_assign_executor(port(info), slot, epoch, executor));
}

void
RegionHandle::show_on_disk(const Napi::CallbackInfo &info)
{
	uint32_t	slot = integer_argument(info, 0, "slot");
	uint32_t	epoch = integer_argument(info, 1, "epoch");

	fusion_port_show_on_disk(port(info), slot, epoch, amount_argument(info, 2, "bytes"));
}

Napi::Value
RegionHandle::stop_scan(const Napi::CallbackInfo &info)
{
	uint32_t	slot = integer_argument(info, 0, "slot");
	uint32_t	epoch = integer_argument(info, 1, "epoch");

	return Napi::Boolean::New(info.Env(), fusion_port_stop_scan(port(info), slot, epoch));
}

Napi::Value
RegionHandle::executor_seen(const Napi::CallbackInfo &info)
{
	uint32_t	executor = integer_argument(info, 0, "executor", FUSION_EXECUTORS_MAX - 1);

	return Napi::Number::New(info.Env(), fusion_port_executor_seen(port(info), executor));
}

/* executorWait(executor, seen, timeoutMs): blocks this thread until its counter moves, at most a second. */
Napi::Value
RegionHandle::executor_wait(const Napi::CallbackInfo &info)
{
	uint32_t	executor = integer_argument(info, 0, "executor", FUSION_EXECUTORS_MAX - 1);
	uint32_t	seen = integer_argument(info, 1, "seen");
	uint32_t	timeout = integer_argument(info, 2, "timeoutMs", 1000);

	return Napi::Number::New(info.Env(), fusion_port_executor_wait(port(info), executor, seen, timeout));
}

void
RegionHandle::wake_executor(const Napi::CallbackInfo &info)
{
	uint32_t	executor = integer_argument(info, 0, "executor", FUSION_EXECUTORS_MAX - 1);

	fusion_port_wake_executor(port(info), executor);
}

Napi::Value
RegionHandle::audit(const Napi::CallbackInfo &info)
{
	return fusion_audit_to_js(info.Env(), port(info));
}

void
RegionHandle::add_metric(const Napi::CallbackInfo &info)
{
	uint32_t	metric = integer_argument(info, 0, "metric");

	fusion_port_add_metric(port(info), metric, amount_argument(info, 1, "amount"));
}

void
RegionHandle::raise_metric(const Napi::CallbackInfo &info)
{
	uint32_t	metric = integer_argument(info, 0, "metric");

	fusion_port_raise_metric(port(info), metric, amount_argument(info, 1, "value"));
}

void
RegionHandle::count_violation(const Napi::CallbackInfo &info)
{
	fusion_port_count_violation(port(info));
}

void
RegionHandle::close(const Napi::CallbackInfo &)
{
	pool_.unmap();
	end_waking();
	release_port();
}
