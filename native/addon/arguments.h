/*
 * arguments.h
 *    Checked arguments: what JavaScript passes becomes a number in range or bytes, or throws TypeError or
 *    RangeError. Every method of every handle reads its arguments through these.
 */
#ifndef FUSION_ADDON_ARGUMENTS_H
#define FUSION_ADDON_ARGUMENTS_H

#include <napi.h>

#include <cstdint>
#include <string>

struct Bytes
{
	uint8_t    *data;
	size_t		length;
};

/* Argument `index` as an integer of at most `max`. */
inline uint32_t
integer_argument(const Napi::CallbackInfo &info, size_t index, const char *name, uint32_t max = UINT32_MAX)
{
	if (index >= info.Length() || !info[index].IsNumber())
		throw Napi::TypeError::New(info.Env(), std::string(name) + " must be a number");
	double		value = info[index].As<Napi::Number>().DoubleValue();

	if (!(value >= 0 && value <= max) || value != static_cast<double>(static_cast<uint64_t>(value)))
		throw Napi::RangeError::New(info.Env(), std::string(name) + " must be an integer from 0 to " +
									std::to_string(max));
	return static_cast<uint32_t>(value);
}

/* Argument `index` as a count, to the next whole one; nanoseconds and bytes outgrow 32 bits. */
inline uint64_t
amount_argument(const Napi::CallbackInfo &info, size_t index, const char *name)
{
	constexpr double largest = 9007199254740991.0;

	if (index >= info.Length() || !info[index].IsNumber())
		throw Napi::TypeError::New(info.Env(), std::string(name) + " must be a number");
	double		value = info[index].As<Napi::Number>().DoubleValue();

	if (!(value >= 0 && value <= largest))
		throw Napi::RangeError::New(info.Env(), std::string(name) + " must be a safe count");
	return static_cast<uint64_t>(value + 0.5);
}

/* Address and length of a typed array of `expected` elements; false for anything else. */
inline bool
typed_array(const Napi::CallbackInfo &info, size_t index, napi_typedarray_type expected, size_t *length, void **data)
{
	napi_typedarray_type type;
	bool		is_typed = false;

	if (index < info.Length())
		napi_is_typedarray(info.Env(), info[index], &is_typed);
	if (!is_typed)
		return false;
	return napi_get_typedarray_info(info.Env(), info[index], &type, length, data, nullptr, nullptr) == napi_ok &&
		type == expected;
}

/* The bytes of a Uint8Array, wherever they live: its own buffer, a shared one, a WebAssembly memory. */
inline Bytes
bytes_argument(const Napi::CallbackInfo &info, size_t index, const char *name)
{
	size_t		length;
	void	   *data;

	if (!typed_array(info, index, napi_uint8_array, &length, &data))
		throw Napi::TypeError::New(info.Env(), std::string(name) + " must be a Uint8Array");
	return Bytes{static_cast<uint8_t *>(data), length};
}

/* A Uint32Array of at least `count` elements that takes several results at once. */
inline uint32_t *
out_argument(const Napi::CallbackInfo &info, size_t index, size_t count)
{
	size_t		length;
	void	   *data;

	if (!typed_array(info, index, napi_uint32_array, &length, &data))
		throw Napi::TypeError::New(info.Env(), "out must be a Uint32Array");
	if (length < count)
		throw Napi::RangeError::New(info.Env(), "out must have at least " + std::to_string(count) + " elements");
	return static_cast<uint32_t *>(data);
}

/* An Error with a `code`, as node's own system errors have. */
inline Napi::Error
coded_error(Napi::Env env, const char *code, const std::string &message)
{
	Napi::Error error = Napi::Error::New(env, message);

	error.Value().Set("code", Napi::String::New(env, code));
	return error;
}

#endif							/* FUSION_ADDON_ARGUMENTS_H */
