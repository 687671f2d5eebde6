/*
 * messages_to_js.h
 *    Messages and reports as JavaScript values, for every handle that has a port: the worker's Region and the
 *    test peer.
 */
#ifndef FUSION_ADDON_MESSAGES_TO_JS_H
#define FUSION_ADDON_MESSAGES_TO_JS_H

#include "arguments.h"
#include "frame_channel.h"
#include "port.h"

/* { type, epoch, sequence, payload } or undefined; throws an Error with code PROTOCOL_VIOLATION. */
extern Napi::Value fusion_receive_to_js(Napi::Env env, FrameChannel &channel, uint32_t slot);

/* Arguments 1 to 5 of send(kind, slot, epoch, type, sequence, payload). */
extern Napi::Value fusion_send_from_js(const Napi::CallbackInfo &info, FrameChannel &channel);

extern Napi::Value fusion_numbers_to_js(Napi::Env env, const FusionPort *port);
extern Napi::Value fusion_audit_to_js(Napi::Env env, const FusionPort *port);

#endif							/* FUSION_ADDON_MESSAGES_TO_JS_H */
