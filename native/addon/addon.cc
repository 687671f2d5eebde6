/*
 * addon.cc
 *    The module: two classes and the numbers of the statuses. Loaded once per thread (main loop and
 *    executors), each with its own instances; nothing here is global.
 */
#include "flight_handle.h"
#include "region_handle.h"

static Napi::Object
initialise(Napi::Env env, Napi::Object exports)
{
	Napi::Object status = Napi::Object::New(env);

	status.Set("ok", Napi::Number::New(env, FUSION_PORT_OK));
	status.Set("full", Napi::Number::New(env, FUSION_PORT_FULL));
	status.Set("empty", Napi::Number::New(env, FUSION_PORT_EMPTY));
	status.Set("stale", Napi::Number::New(env, FUSION_PORT_STALE));
	status.Set("corrupt", Napi::Number::New(env, FUSION_PORT_CORRUPT));
	status.Set("tooLarge", Napi::Number::New(env, FUSION_PORT_TOO_LARGE));
	exports.Set("status", status);
	exports.Set("Region", RegionHandle::define(env));
	exports.Set("Flight", FlightHandle::define(env));
	return exports;
}

NODE_API_MODULE(pg_fusion, initialise)
