/*
 * frame_channel.cc
 *    Fragments out, fragments in. The rings never block and neither does this: what finds no room waits in a
 *    bounded queue until the reader's doorbell brings a flush.
 */
#include "frame_channel.h"

#include <algorithm>
#include <utility>

#include "fusion_layout.h"
#include "verify.h"

namespace
{

/* Stale frames are dropped a ring's worth at most before giving others a turn: smallest frame 16 bytes, ring 1 MiB. */
constexpr int fragments_at_once = 65536;

/* Two messages of the largest kind: a conversation never has more than one answer and one report under way. */
constexpr size_t queued_bytes_max = 2 * static_cast<size_t>(FUSION_FRAME_BYTES_MAX);

}	/* namespace */

FrameChannel::Received
FrameChannel::receive(uint32_t slot, FusionMessage *message, std::string *complaint)
{
	uint32_t	epoch;

	/* Rings of a slot we own no bit of may be under reset by their next holder: not even a look. */
	if (fusion_port_lease(port_, kind_, slot, &epoch) == 0)
	{
		forget(slot);
		return Received::Nothing;
	}
	flush(slot);
	for (int i = 0; i < fragments_at_once; i++)
	{
		FusionPortFrame frame;
		FusionPortStatus status = fusion_port_peek(port_, kind_, slot, &frame);

		if (status == FUSION_PORT_EMPTY)
			return Received::Nothing;
		if (status != FUSION_PORT_OK)
		{
			*complaint = "the ring's control words contradict each other";
			break;
		}
		FusionMessage &partial = partial_[slot];

		if (partial.epoch != epoch)
			partial = FusionMessage{};
		if (frame.epoch != epoch)
		{
			std::vector<uint8_t> dropped(frame.length);

			if (fusion_port_pop(port_, kind_, slot, &frame, dropped.data()) != FUSION_PORT_OK)
			{
				*complaint = "a frame changed while it was read";
				break;
			}
			fusion_port_count_stale(port_);
			stale_ = Stale{stale_.count + 1, frame.type, frame.sequence};
			continue;
		}
		Received	received = take(slot, frame, &partial, complaint);

		if (received == Received::Violation)
			break;
		if (received == Received::Message)
		{
			*message = std::move(partial);
			partial_.erase(slot);
			return Received::Message;
		}
	}
	if (complaint->empty())
		return Received::Nothing;
	fusion_port_count_violation(port_);
	partial_.erase(slot);
	return Received::Violation;
}

/* Joins one fragment of the present lease; Message when it was the last of a verified message. */
FrameChannel::Received
FrameChannel::take(uint32_t slot, const FusionPortFrame &frame, FusionMessage *partial, std::string *complaint)
{
	if (!fusion_message_expected(frame.type, kind_, side_ == FUSION_PORT_BACKEND))
	{
		*complaint = "message type " + std::to_string(frame.type) + " has no place on this ring";
		return Received::Violation;
	}
	if (!partial->payload.empty() && frame.type != partial->type)
	{
		/* A sender that was cancelled in the middle of a message gives it up and says only that it closes. */
		if (frame.type != FUSION_MESSAGE_CLOSE_EXECUTION)
		{
			*complaint = "message type " + std::to_string(frame.type) + " inside a message of type " +
				std::to_string(partial->type);
			return Received::Violation;
		}
		partial->payload.clear();
	}
	if (partial->payload.size() + frame.length > FUSION_FRAME_BYTES_MAX)
	{
		*complaint = "a message is longer than the limit";
		return Received::Violation;
	}

	size_t		before = partial->payload.size();

	partial->type = frame.type;
	partial->epoch = frame.epoch;
	partial->sequence = frame.sequence;
	partial->payload.resize(before + frame.length);
	if (fusion_port_pop(port_, kind_, slot, &frame, partial->payload.data() + before) != FUSION_PORT_OK)
	{
		*complaint = "a frame changed while it was read";
		return Received::Violation;
	}
	if ((frame.flags & FUSION_FRAME_MORE) != 0)
		return Received::Nothing;
	if (!fusion_message_verified(partial->type, partial->payload.data(), partial->payload.size()))
	{
		*complaint = "the bytes of message type " + std::to_string(partial->type) + " are no such message";
		return Received::Violation;
	}
	return Received::Message;
}

FrameChannel::Sent
FrameChannel::send(uint32_t slot, uint32_t epoch, uint16_t type, uint32_t sequence, const uint8_t *bytes, size_t length)
{
	uint32_t	present;

	if (fusion_port_lease(port_, kind_, slot, &present) != 1 || present != epoch)
	{
		outgoing_.erase(slot);
		return Sent::Stale;
	}
	Outgoing   &outgoing = outgoing_[slot];

	if (outgoing.epoch != epoch)
	{
		outgoing = Outgoing{};
		outgoing.epoch = epoch;
	}
	if (outgoing.bytes + length > queued_bytes_max || (!may_queue_ && !fits_now(slot, length)))
		return Sent::Full;

	FusionMessage message;

	message.type = type;
	message.epoch = epoch;
	message.sequence = sequence;
	message.payload.assign(bytes, bytes + length);
	outgoing.bytes += length;
	outgoing.messages.push_back(std::move(message));
	flush(slot);
	return Sent::Ok;
}

bool
FrameChannel::fits_now(uint32_t slot, size_t length) const
{
	size_t		fragment = fusion_port_fragment_bytes(port_, kind_, slot);
	size_t		fragments = fragment == 0 ? 0 : std::max<size_t>(1, (length + fragment - 1) / fragment);

	return fragments > 0 && length + fragments * sizeof(FusionPortFrame) <= fusion_port_room(port_, kind_, slot);
}

/* Pushes one fragment of the first message. False when there is no room. */
bool
FrameChannel::push_some(uint32_t slot, Outgoing *outgoing)
{
	FusionMessage &message = outgoing->messages.front();
	size_t		left = message.payload.size() - outgoing->sent;
	size_t		now = std::min<size_t>(left, fusion_port_fragment_bytes(port_, kind_, slot));
	FusionPortFrame frame{};

	frame.length = static_cast<uint32_t>(now);
	frame.type = message.type;
	frame.flags = now < left ? FUSION_FRAME_MORE : 0;
	frame.epoch = message.epoch;
	frame.sequence = message.sequence;
	if (fusion_port_push(port_, kind_, slot, &frame, message.payload.data() + outgoing->sent) != FUSION_PORT_OK)
		return false;
	outgoing->sent += now;
	if ((frame.flags & FUSION_FRAME_MORE) == 0)
	{
		outgoing->bytes -= message.payload.size();
		outgoing->sent = 0;
		outgoing->messages.pop_front();
	}
	return true;
}

void
FrameChannel::flush(uint32_t slot)
{
	auto		found = outgoing_.find(slot);
	uint32_t	epoch;
	bool		pushed = false;

	if (found == outgoing_.end())
		return;
	if (fusion_port_lease(port_, kind_, slot, &epoch) != 1 || epoch != found->second.epoch)
	{
		outgoing_.erase(found);
		return;
	}
	while (!found->second.messages.empty() && push_some(slot, &found->second))
		pushed = true;
	if (found->second.messages.empty())
		outgoing_.erase(found);
	if (pushed)
		fusion_port_wake_peer(port_, kind_, slot);
}

void
FrameChannel::forget(uint32_t slot)
{
	partial_.erase(slot);
	outgoing_.erase(slot);
}
