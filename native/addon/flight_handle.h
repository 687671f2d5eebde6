/*
 * flight_handle.h
 *    `Flight`: the flight recorder's file as JavaScript writes to it. Which numbers mean what is in the
 *    generated machine tables; reading is src/trace.
 */
#ifndef FUSION_ADDON_FLIGHT_HANDLE_H
#define FUSION_ADDON_FLIGHT_HANDLE_H

#include "arguments.h"
#include "port.h"

class FlightHandle : public Napi::ObjectWrap<FlightHandle>
{
  public:
	static Napi::Function define(Napi::Env env);
	explicit FlightHandle(const Napi::CallbackInfo &info);
	~FlightHandle() override;

  private:
	Napi::Value record(const Napi::CallbackInfo &info);
	Napi::Value writer(const Napi::CallbackInfo &info);
	void close(const Napi::CallbackInfo &info);

	FusionPortFlight *flight_ = nullptr;
};

#endif							/* FUSION_ADDON_FLIGHT_HANDLE_H */
