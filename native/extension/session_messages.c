/*
 * session_messages.c
 *    Messages of a session as frames of its control rings: splitting and joining, epochs, and the events they
 *    are for the session's machine. Payloads are copied out whole and not looked at: verifying them is
 *    messages.cpp's.
 */
#include "postgres.h"

#include "byte_ring.h"
#include "messages.h"
#include "metrics.h"
#include "pg_compat.h"
#include "session_state.h"
#include "utils/memutils.h"

static FusionControlSlot *
slot_of(const FusionSession *session)
{
	return &fusion_region.control_slots[session->lease.index];
}

/* The first message names the machine; each is an event of it. -1: not one the backend sends. */
static int
sent_event(FusionSession *session, uint16 type)
{
	FusionMachine machine;
	int			event;

	if (type == FUSION_MESSAGE_PLAN_REQUEST)
	{
		machine = FUSION_MACHINE_PLANNING_BACKEND;
		event = FUSION_PLANNING_BACKEND_EVENT_REQUEST;
	}
	else if (type == FUSION_MESSAGE_START_EXECUTION)
	{
		machine = FUSION_MACHINE_EXECUTION_BACKEND;
		event = FUSION_EXECUTION_BACKEND_EVENT_START;
	}
	else
		return -1;
	if (session->actor.machine == 0)
	{
		fusion_actor_begin(&session->actor, machine, fusion_flight_writer_control(&fusion_flight, session->lease.index),
						   session->lease, 0);
		session->actor.capture = session->capture;
	}
	return session->actor.machine == machine ? event : -1;
}

/* -1: not one the worker sends in this conversation. */
static int
received_event(const FusionSession *session, uint16 type)
{
	if (session->actor.machine == FUSION_MACHINE_PLANNING_BACKEND)
		switch (type)
		{
			case FUSION_MESSAGE_PLAN_READY:
				return FUSION_PLANNING_BACKEND_EVENT_READY_RECEIVED;
			case FUSION_MESSAGE_PLAN_REFUSED:
				return FUSION_PLANNING_BACKEND_EVENT_REFUSED_RECEIVED;
			case FUSION_MESSAGE_EXECUTION_FAILED:
				return FUSION_PLANNING_BACKEND_EVENT_FAILED_RECEIVED;
			default:
				return -1;
		}
	if (session->actor.machine == FUSION_MACHINE_EXECUTION_BACKEND)
		switch (type)
		{
			case FUSION_MESSAGE_EXECUTION_STARTED:
				return FUSION_EXECUTION_BACKEND_EVENT_STARTED_RECEIVED;
			case FUSION_MESSAGE_EXECUTION_FINISHED:
				return FUSION_EXECUTION_BACKEND_EVENT_FINISHED_RECEIVED;
			case FUSION_MESSAGE_EXECUTION_FAILED:
				return FUSION_EXECUTION_BACKEND_EVENT_FAILED_RECEIVED;
			default:
				return -1;
		}
	return -1;
}

/* Waits for room for one fragment. Returns when there may be some. */
static void
wait_for_room(FusionSession *session, const FusionFrameHeader *header, const void *payload, bool *pushed)
{
	static uint32 wait_event = 0;
	FusionStatus status;

	fusion_count(FUSION_METRIC_TRANSPORT_RING_FULL, 1);
	fusion_session_prepare_wait(session);
	/* The failed push announced us to the reader; this one looks again after announcing sleep. */
	status = fusion_ring_push(&fusion_region, &slot_of(session)->to_worker, header, payload);
	*pushed = status == FUSION_OK;
	if (status == FUSION_FULL)
		fusion_session_wait(session, fusion_wait_event(&wait_event, "FusionSend"));
	else
		fusion_session_awake(session);
}

void
fusion_session_send(FusionSession *session, uint16 type, const void *payload, size_t length)
{
	FusionByteRing *ring = &slot_of(session)->to_worker;
	uint32		fragment_max = fusion_ring_fragment_bytes(ring);
	int			event = sent_event(session, type);
	size_t		sent = 0;

	if (!session->open)
		elog(ERROR, "pg_fusion: message %u for a closed session", type);
	if (length > FUSION_FRAME_BYTES_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("pg_fusion: a message of %zu bytes exceeds the limit of %u", length, FUSION_FRAME_BYTES_MAX)));
	if (event < 0 || !fusion_session_step(session, event, (uint32) length, 0))
		elog(ERROR, "pg_fusion: message %u has no place in the conversation", type);
	if (fragment_max == 0)
		fusion_session_violation(session, "the ring to the worker is damaged");

	do
	{
		uint32		now = (uint32) Min(length - sent, (size_t) fragment_max);
		FusionFrameHeader header = {
			.length = now,
			.type = type,
			.flags = sent + now < length ? FUSION_FRAME_MORE : 0,
			.lease_epoch = session->lease.epoch,
			.sequence = session->actor.sequence
		};
		const uint8 *bytes = (const uint8 *) payload + sent;
		FusionStatus status;
		bool		pushed = false;

		fusion_session_check_worker(session);
		status = fusion_ring_push(&fusion_region, ring, &header, bytes);
		if (status == FUSION_FULL)
			wait_for_room(session, &header, bytes, &pushed);
		else if (status == FUSION_OK)
			pushed = true;
		else
			fusion_session_violation(session, "the ring to the worker is damaged");
		if (pushed)
		{
			sent += now;
			fusion_count(FUSION_METRIC_TRANSPORT_FRAMES_SENT, 1);
			fusion_wake_worker(&fusion_region, &fusion_wake_fds, session->lease.index);
		}
	} while (sent < length);
	fusion_count(FUSION_METRIC_TRANSPORT_MESSAGES_SENT, 1);
	fusion_count(FUSION_METRIC_TRANSPORT_BYTES_SENT, length);
}

void
fusion_session_push_close(FusionSession *session, uint8 reason)
{
	FusionEncoded message;
	FusionFrameHeader header;

	/* A worker of another generation does not know this session; the supervisor lets go for the dead one. */
	if (!fusion_session_worker_alive(session) ||
		!fusion_lease_open(&fusion_region, FUSION_SLOT_CONTROL, session->lease))
		return;
	message = fusion_encode_close_execution(reason);
	if (message.data == NULL)
		return;
	header = (FusionFrameHeader) {
		.length = (uint32) message.length,
		.type = FUSION_MESSAGE_CLOSE_EXECUTION,
		.lease_epoch = session->lease.epoch,
		.sequence = session->actor.sequence
	};
	fusion_ring_push(&fusion_region, &slot_of(session)->to_worker, &header, message.data);
	fusion_message_free(&message);
}

/* Makes room for `more` bytes behind the fragments collected so far. */
static void
reserve_partial(FusionSession *session, size_t more)
{
	size_t		needed = session->partial_length + more;

	if (needed > FUSION_FRAME_BYTES_MAX)
		fusion_session_violation(session, "a message is longer than the limit");
	if (needed <= session->partial_capacity && session->partial != NULL)
		return;
	needed = Max(needed, Max((size_t) 1024, session->partial_capacity * 2));
	session->partial = session->partial == NULL ? MemoryContextAlloc(TopMemoryContext, needed)
		: repalloc(session->partial, needed);
	session->partial_capacity = needed;
}

/* Takes one fragment. True when it completed a message. */
static bool
take_fragment(FusionSession *session, const FusionFrameHeader *header)
{
	FusionByteRing *ring = &slot_of(session)->to_backend;
	bool		wake_writer;

	reserve_partial(session, header->length);
	if (fusion_ring_pop(&fusion_region, ring, header, session->partial + session->partial_length,
						&wake_writer) != FUSION_OK)
		fusion_session_violation(session, "the ring from the worker is damaged");
	if (wake_writer)
		fusion_wake_worker(&fusion_region, &fusion_wake_fds, session->lease.index);
	fusion_count(FUSION_METRIC_TRANSPORT_FRAMES_RECEIVED, 1);

	if (header->lease_epoch != session->lease.epoch)
	{
		/* Written for an earlier holder of the slot: dropped here, once. */
		atomic_fetch_add(&fusion_region.header->stale_drops, 1);
		fusion_count(FUSION_METRIC_SESSION_STALE_FRAMES, 1);
		fusion_actor_note_stale(&session->actor, header->type, header->sequence);
		return false;
	}
	if (session->partial_length == 0)
	{
		session->partial_type = header->type;
		session->partial_sequence = header->sequence;
	}
	else if (header->type != session->partial_type)
		fusion_session_violation(session, "a message was interrupted by another");
	session->partial_length += header->length;
	return (header->flags & FUSION_FRAME_MORE) == 0;
}

bool
fusion_session_receive(FusionSession *session, MemoryContext context, FusionMessage *message)
{
	int			event;

	if (!session->open)
		return false;
	for (;;)
	{
		FusionFrameHeader header;
		FusionStatus status = fusion_ring_peek(&fusion_region, &slot_of(session)->to_backend, &header);

		if (status == FUSION_EMPTY)
		{
			/* Only now: what a worker said before it died is still good. */
			fusion_session_check_worker(session);
			return false;
		}
		if (status != FUSION_OK)
			fusion_session_violation(session, "the ring from the worker is damaged");
		if (take_fragment(session, &header))
			break;
	}

	*message = (FusionMessage) {
		.type = session->partial_type,
		.sequence = session->partial_sequence,
		.payload = MemoryContextAlloc(context, Max(session->partial_length, (size_t) 1)),
		.length = session->partial_length
	};
	memcpy(message->payload, session->partial, session->partial_length);
	session->partial_length = 0;
	fusion_count(FUSION_METRIC_TRANSPORT_MESSAGES_RECEIVED, 1);
	fusion_count(FUSION_METRIC_TRANSPORT_BYTES_RECEIVED, message->length);

	event = received_event(session, message->type);
	if (event < 0 || !fusion_session_step(session, event, 0, message->sequence))
		fusion_session_violation(session, "a message came in a state that has no place for it");
	return true;
}
