/*
 * pool_mapping.cc
 *    See pool_mapping.h. V8 reserves the address range of a shared WebAssembly memory for its whole life and
 *    never moves it, which is what makes a fixed mapping inside it sound. When the memory is freed, V8 unmaps
 *    the range, ours included.
 */
#include "pool_mapping.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace
{

void
require_shared(Napi::Env env, const Napi::Value &view)
{
	Napi::Value buffer = view.As<Napi::Object>().Get("buffer");
	Napi::Value constructor = env.Global().Get("SharedArrayBuffer");

	if (!buffer.IsObject() || !constructor.IsFunction() ||
		!buffer.As<Napi::Object>().InstanceOf(constructor.As<Napi::Function>()))
		throw Napi::TypeError::New(env, "view must lie in the buffer of a shared WebAssembly.Memory");
}

}	/* namespace */

void
PoolMapping::map(const Napi::CallbackInfo &info, FusionPort *port)
{
	Napi::Env	env = info.Env();
	Bytes		view = bytes_argument(info, 0, "view");
	uint32_t	offset = integer_argument(info, 1, "byteOffset");
	size_t		system_page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
	FusionPortNumbers numbers;
	size_t		length;

	require_shared(env, info[0]);
	if (mapped())
		throw Napi::Error::New(env, "the pool is mapped already");
	fusion_port_numbers(port, &numbers);
	length = static_cast<size_t>(numbers.page_bytes) * numbers.page_count;
	if (offset > view.length || view.length - offset < length)
		throw Napi::RangeError::New(env, "the pool of " + std::to_string(length) +
									" bytes does not fit behind byteOffset");
	if (reinterpret_cast<uintptr_t>(view.data + offset) % system_page != 0 || numbers.pages_offset % system_page != 0)
		throw Napi::RangeError::New(env, "the window must start on a boundary of " +
									std::to_string(system_page) + " bytes");

	if (mmap(view.data + offset, length, PROT_READ, MAP_SHARED | MAP_FIXED, numbers.fd,
			 static_cast<off_t>(numbers.pages_offset)) == MAP_FAILED)
		throw coded_error(env, "POOL_NOT_MAPPED", std::string("cannot map the page pool: ") + strerror(errno));
	address_ = view.data + offset;
	length_ = length;
	view_ = Napi::Persistent(info[0].As<Napi::Object>());
}

void
PoolMapping::unmap()
{
	if (!mapped())
		return;
	mmap(address_, length_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);
	address_ = nullptr;
	length_ = 0;
	view_.Reset();
}
