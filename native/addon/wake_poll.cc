/*
 * wake_poll.cc
 *    See wake_poll.h. The order of each round: drain the eventfd, take doorbells until none is left, announce sleep
 *    (which looks once more), return to libuv. A bell that rings later finds the announcement and writes the eventfd.
 */
#include "wake_poll.h"

#include <unistd.h>

#include <cerrno>
#include <utility>

#include "fusion_layout.h"

namespace
{

/* Rounds before libuv gets a turn: timers and thread messages must not starve under a flood of bells. */
constexpr int rounds_at_once = 16;

void
ring_self(int fd)
{
	uint64_t	one = 1;

	while (write(fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

}	/* namespace */

WakePoll::WakePoll(Napi::Env env, FusionPort *port, Napi::Function callback, std::function<void(uint32_t)> before)
	: env_(env), port_(port), callback_(Napi::Persistent(callback)),
	  context_(std::make_unique<Napi::AsyncContext>(env, "pg_fusion wake")), before_(std::move(before)),
	  fd_(fusion_port_worker_fd(port))
{
}

std::shared_ptr<WakePoll>
WakePoll::start(Napi::Env env, FusionPort *port, Napi::Function callback, std::function<void(uint32_t)> before)
{
	std::shared_ptr<WakePoll> self(new WakePoll(env, port, callback, std::move(before)));
	uv_loop_t  *loop = nullptr;
	int			status = UV_EINVAL;

	if (napi_get_uv_event_loop(env, &loop) == napi_ok)
		status = uv_poll_init(loop, &self->poll_, self->fd_);
	if (status != 0)
		throw coded_error(env, uv_err_name(status),
						  std::string("cannot poll the worker's eventfd: ") + uv_strerror(status));
	self->self_ = self;
	self->poll_.data = self.get();
	napi_add_async_cleanup_hook(env, on_env_cleanup, self.get(), &self->cleanup_);
	uv_poll_start(&self->poll_, UV_READABLE, on_readable);
	/* Bells may have rung before anybody listened. */
	ring_self(self->fd_);
	return self;
}

void
WakePoll::stop()
{
	if (stopping_)
		return;
	stopping_ = true;
	callback_.Reset();
	before_ = nullptr;
	uv_poll_stop(&poll_);
	uv_close(reinterpret_cast<uv_handle_t *>(&poll_), on_closed);
}

void
WakePoll::on_closed(uv_handle_t *handle)
{
	WakePoll   *self = static_cast<WakePoll *>(handle->data);
	napi_async_cleanup_hook_handle hook = self->cleanup_;

	{
		Napi::HandleScope scope(self->env_);

		self->context_.reset();
	}
	self->self_.reset();
	napi_remove_async_cleanup_hook(hook);
}

void
WakePoll::on_env_cleanup(napi_async_cleanup_hook_handle, void *arg)
{
	static_cast<WakePoll *>(arg)->stop();
}

void
WakePoll::on_readable(uv_poll_t *handle, int status, int)
{
	WakePoll   *self = static_cast<WakePoll *>(handle->data);
	uint64_t	drained;

	/* An empty eventfd (somebody else drained it) is no error: the doorbells tell. */
	if (status == 0 && read(self->fd_, &drained, sizeof(drained)) < 0)
		errno = 0;
	self->dispatch();
}

void
WakePoll::dispatch()
{
	for (int round = 0; round < rounds_at_once; round++)
	{
		if (stopping_)
			return;
		if (!deliver() && fusion_port_may_sleep(port_))
			return;
	}
	ring_self(fd_);
}

/* Hands the slots that rang to JavaScript. False when none did. */
bool
WakePoll::deliver()
{
	Napi::HandleScope scope(env_);
	Napi::Array slots;
	uint32_t	count = 0;

	for (uint32_t word = 0; word < FUSION_CONTROL_SLOTS_MAX / 64; word++)
		for (uint64_t bits = fusion_port_doorbell_take(port_, word); bits != 0; bits &= bits - 1)
		{
			uint32_t	slot = word * 64 + static_cast<uint32_t>(__builtin_ctzll(bits));

			before_(slot);
			if (count == 0)
				slots = Napi::Array::New(env_);
			slots.Set(count++, Napi::Number::New(env_, slot));
		}
	if (count == 0)
		return false;
	try
	{
		callback_.MakeCallback(env_.Global(), {slots}, *context_);
	}
	catch (const Napi::Error &error)
	{
		/* Nobody in JavaScript is below us on the stack: it becomes an uncaught exception of the process. */
		napi_fatal_exception(env_, error.Value());
	}
	return true;
}
