/*
 * region_handle.h
 *    `Region`: one thread's handle on the shared region, the worker's side of it. Thin: arguments are
 *    checked, a port function is called, numbers come back. Statuses are the addon's `status` numbers.
 *    src/transport makes leases, channels and errors of it; nothing else should use it. Methods are in
 *    region_handle.cc, region_pages.cc and region_filters.cc.
 */
#ifndef FUSION_ADDON_REGION_HANDLE_H
#define FUSION_ADDON_REGION_HANDLE_H

#include <memory>

#include "arguments.h"
#include "frame_channel.h"
#include "pool_mapping.h"
#include "port.h"
#include "wake_poll.h"

class RegionHandle : public Napi::ObjectWrap<RegionHandle>
{
  public:
	static Napi::Function define(Napi::Env env);
	explicit RegionHandle(const Napi::CallbackInfo &info);
	~RegionHandle() override;

  private:
	/* The port, or a throw once the handle is closed. */
	FusionPort *port(const Napi::CallbackInfo &info);
	FrameChannel &channel(uint32_t kind);
	void set_wakes(const Napi::CallbackInfo &info, size_t index);
	void release_port();
	void end_waking();

	Napi::Value numbers(const Napi::CallbackInfo &info);
	Napi::Value worker_state(const Napi::CallbackInfo &info);
	Napi::Value ready(const Napi::CallbackInfo &info);
	Napi::Value lease(const Napi::CallbackInfo &info);
	Napi::Value detach(const Napi::CallbackInfo &info);
	Napi::Value receive(const Napi::CallbackInfo &info);
	Napi::Value send(const Napi::CallbackInfo &info);
	void on_wake(const Napi::CallbackInfo &info);
	void stop_wake(const Napi::CallbackInfo &info);
	Napi::Value recording(const Napi::CallbackInfo &info);
	Napi::Value cancel_requested(const Napi::CallbackInfo &info);
	Napi::Value assign_executor(const Napi::CallbackInfo &info);
	void		show_on_disk(const Napi::CallbackInfo &info);
	Napi::Value stop_scan(const Napi::CallbackInfo &info);
	Napi::Value executor_seen(const Napi::CallbackInfo &info);
	Napi::Value executor_wait(const Napi::CallbackInfo &info);
	void wake_executor(const Napi::CallbackInfo &info);
	Napi::Value audit(const Napi::CallbackInfo &info);
	void add_metric(const Napi::CallbackInfo &info);
	void raise_metric(const Napi::CallbackInfo &info);
	void count_violation(const Napi::CallbackInfo &info);
	void close(const Napi::CallbackInfo &info);

	Napi::Value import_scan(const Napi::CallbackInfo &info);
	Napi::Value acquire_result(const Napi::CallbackInfo &info);
	Napi::Value release_page(const Napi::CallbackInfo &info);
	Napi::Value write_result(const Napi::CallbackInfo &info);
	Napi::Value issue_result(const Napi::CallbackInfo &info);
	Napi::Value end_result(const Napi::CallbackInfo &info);
	void page_wait(const Napi::CallbackInfo &info);
	void map_pool(const Napi::CallbackInfo &info);
	void unmap_pool(const Napi::CallbackInfo &info);

	Napi::Value filter_begin(const Napi::CallbackInfo &info);
	Napi::Value filter_measure(const Napi::CallbackInfo &info);
	Napi::Value filter_size(const Napi::CallbackInfo &info);
	Napi::Value filter_enter(const Napi::CallbackInfo &info);
	Napi::Value filter_publish(const Napi::CallbackInfo &info);
	Napi::Value filter_decline(const Napi::CallbackInfo &info);

	FusionPort *port_ = nullptr;
	std::unique_ptr<FrameChannel> control_;
	std::unique_ptr<FrameChannel> scan_;
	std::shared_ptr<WakePoll> wake_;
	PoolMapping pool_;
};

#endif							/* FUSION_ADDON_REGION_HANDLE_H */
