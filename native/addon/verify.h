/*
 * verify.h
 *    The door: which message may come from whom on which ring, and whether its bytes are a whole FlatBuffer
 *    of that type. Meaning is not looked at here; past this check TypeScript decodes without fear of bounds.
 */
#ifndef FUSION_ADDON_VERIFY_H
#define FUSION_ADDON_VERIFY_H

#include <cstddef>
#include <cstdint>

/* True when a message of `type` may arrive at this side of a ring of `kind` (port.h). */
bool fusion_message_expected(uint16_t type, uint32_t kind, bool from_worker);

/* True when the bytes are a FlatBuffer of the message's table. The bytes must be the caller's own copy. */
bool fusion_message_verified(uint16_t type, const uint8_t *bytes, size_t length);

#endif							/* FUSION_ADDON_VERIFY_H */
