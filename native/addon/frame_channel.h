/*
 * frame_channel.h
 *    Whole messages over the byte rings of one kind of slot: splits and queues what does not fit, joins
 *    fragments, drops what belongs to an earlier lease, and lets only verified messages through. One channel
 *    per kind and Region handle. Not here: JavaScript (region_handle.cc) and the meaning of messages.
 */
#ifndef FUSION_ADDON_FRAME_CHANNEL_H
#define FUSION_ADDON_FRAME_CHANNEL_H

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>
#include <vector>

#include "port.h"

struct FusionMessage
{
	uint16_t	type = 0;
	uint32_t	epoch = 0;
	uint32_t	sequence = 0;
	std::vector<uint8_t> payload;
};

class FrameChannel
{
  public:
	enum class Received
	{
		Message,
		Nothing,
		Violation
	};
	enum class Sent
	{
		Ok,
		Full,
		Stale
	};

	FrameChannel(FusionPort *port, FusionPortSide side, uint32_t kind) : port_(port), side_(side), kind_(kind)
	{
	}

	/* The next whole message of the slot's present lease. On Violation, *complaint says what was wrong. */
	Received receive(uint32_t slot, FusionMessage *message, std::string *complaint);

	/*
	 * Takes the message whole (Ok), refuses it whole (Full), or drops it because the peer has left the lease
	 * (Stale). What does not fit the ring is queued only while somebody listens for the room it needs.
	 */
	Sent send(uint32_t slot, uint32_t epoch, uint16_t type, uint32_t sequence, const uint8_t *bytes, size_t length);

	/* Whether doorbells will bring a flush; else a message goes into the ring at once or not at all. */
	void may_queue(bool may)
	{
		may_queue_ = may;
	}

	/* Pushes what is queued for the slot, as far as there is room. */
	void flush(uint32_t slot);

	/* Forgets what is half received or queued: the lease is over. */
	void forget(uint32_t slot);

	/* Frames of earlier leases that receive() dropped since this was asked last: how many, and the last of them. */
	struct Stale
	{
		uint32_t	count = 0;
		uint32_t	type = 0;
		uint32_t	sequence = 0;
	};
	Stale take_stale()
	{
		Stale		taken = stale_;

		stale_ = Stale{};
		return taken;
	}

  private:
	struct Outgoing
	{
		uint32_t	epoch = 0;
		size_t		bytes = 0;
		size_t		sent = 0;	/* of the first message */
		std::deque<FusionMessage> messages;
	};

	Received take(uint32_t slot, const FusionPortFrame &frame, FusionMessage *partial, std::string *complaint);
	bool fits_now(uint32_t slot, size_t length) const;
	bool push_some(uint32_t slot, Outgoing *outgoing);

	FusionPort *port_;
	FusionPortSide side_;
	uint32_t	kind_;
	bool		may_queue_ = false;
	Stale		stale_;
	std::unordered_map<uint32_t, FusionMessage> partial_;
	std::unordered_map<uint32_t, Outgoing> outgoing_;
};

#endif							/* FUSION_ADDON_FRAME_CHANNEL_H */
