/*
 * wake_poll.h
 *    The worker's main loop asleep in libuv: polls the worker eventfd, takes the doorbells and hands their slots to a
 *    JavaScript function, keeping the protocol of wake.h. One per Region handle; executor threads do not use it.
 */
#ifndef FUSION_ADDON_WAKE_POLL_H
#define FUSION_ADDON_WAKE_POLL_H

#include <uv.h>

#include <functional>
#include <memory>

#include "arguments.h"
#include "port.h"

class WakePoll
{
  public:
	/* `before` runs for each slot ahead of the callback. libuv shares the object until its handle is closed. */
	static std::shared_ptr<WakePoll> start(Napi::Env env, FusionPort *port, Napi::Function callback,
										   std::function<void(uint32_t)> before);
	/* Stops for good: neither callback nor port is touched afterwards. */
	void stop();

  private:
	WakePoll(Napi::Env env, FusionPort *port, Napi::Function callback, std::function<void(uint32_t)> before);
	static void on_readable(uv_poll_t *handle, int status, int events);
	static void on_closed(uv_handle_t *handle);
	static void on_env_cleanup(napi_async_cleanup_hook_handle hook, void *arg);
	void dispatch();
	bool deliver();

	Napi::Env	env_;
	FusionPort *port_;
	Napi::FunctionReference callback_;
	std::unique_ptr<Napi::AsyncContext> context_;
	std::function<void(uint32_t)> before_;
	napi_async_cleanup_hook_handle cleanup_ = nullptr;
	std::shared_ptr<WakePoll> self_;
	uv_poll_t	poll_{};
	int			fd_;
	bool		stopping_ = false;
};

#endif							/* FUSION_ADDON_WAKE_POLL_H */
