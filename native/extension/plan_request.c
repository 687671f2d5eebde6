/*
 * plan_request.c
 *    Asks the worker for a plan: encode, look into the cache, else one conversation over a session without
 *    page permits. Waiting is interruptible; the session is closed on every way out (session.h).
 */
#include "postgres.h"

#include "answer_cache.h"
#include "fusion_layout.h"
#include "metrics.h"
#include "pg_compat.h"
#include "plan_request.h"
#include "portability/instr_time.h"
#include "session.h"
#include "worker_failure.h"

/* The encoder's memory is not PostgreSQL's: it is copied and freed before anything can raise an error. */
static uint8 *
encode_request(const FusionPlanRequest *request, size_t *length)
{
	FusionEncoded encoded = fusion_encode_plan_request(request);
	uint8	   *bytes = NULL;

	if (encoded.data != NULL)
	{
		bytes = palloc_extended(encoded.length, MCXT_ALLOC_NO_OOM | MCXT_ALLOC_HUGE);
		if (bytes != NULL)
			memcpy(bytes, encoded.data, encoded.length);
		*length = encoded.length;
		fusion_message_free(&encoded);
	}
	if (bytes == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("pg_fusion: out of memory for a planning request")));
	return bytes;
}

/* Sleeps until the worker has answered. */
static void
wait_for_answer(FusionSession *session, MemoryContext context, FusionMessage *message)
{
	static uint32 wait_event = 0;

	while (!fusion_session_receive(session, context, message))
	{
		fusion_session_prepare_wait(session);
		if (fusion_session_receive(session, context, message))
		{
			fusion_session_awake(session);
			return;
		}
		fusion_session_wait(session, fusion_wait_event(&wait_event, "FusionPlanning"));
	}
}

static void
converse(const uint8 *request, size_t length, MemoryContext context, FusionMessage *message)
{
	FusionSession *session = fusion_session_open(context, 0, 0);

	fusion_session_send(session, FUSION_MESSAGE_PLAN_REQUEST, request, length);
	wait_for_answer(session, context, message);
	if (message->type == FUSION_MESSAGE_EXECUTION_FAILED)
		fusion_raise_worker_failure(session, message);
	fusion_session_close(session, FUSION_CLOSE_FINISHED);
}

/* Errors that mean "no worker at the moment", after which the statement can still be PostgreSQL's. */
static bool
is_unavailability(int sqlstate)
{
	return sqlstate == ERRCODE_CANNOT_CONNECT_NOW || sqlstate == ERRCODE_TOO_MANY_CONNECTIONS ||
		sqlstate == ERRCODE_CONNECTION_FAILURE;
}

/*
 * As converse, but turns unavailability into a refusal. No transaction state can have changed in there: a
 * session is shared memory and its own cleanup, which the reset of `context` runs.
 */
static bool
converse_tolerantly(const uint8 *request, size_t length, MemoryContext context, FusionMessage *message,
					FusionRefusal *refusal)
{
	MemoryContext caller = CurrentMemoryContext;
	volatile bool reached = true;

	PG_TRY();
	{
		converse(request, length, context, message);
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(caller);
		error = CopyErrorData();
		if (!is_unavailability(error->sqlerrcode))
			PG_RE_THROW();
		FlushErrorState();
		reached = fusion_refuse(refusal, "a statement while the worker is unavailable", error->message, -1);
		refusal->sqlstate = error->sqlerrcode;
		FreeErrorData(error);
	}
	PG_END_TRY();
	return reached;
}

static bool
take_refusal(const FusionMessage *message, FusionRefusal *refusal)
{
	FusionPlanRefused refused;

	if (!fusion_decode_plan_refused(message->payload, message->length, &refused))
		fusion_answer_invalid("A refusal is malformed.");
	(void) fusion_refuse(refusal, refused.construct, refused.detail, refused.location);
	if (refused.hint[0] != '\0')
		refusal->hint = pstrdup(refused.hint);
	return false;
}

/* One round trip; the answer is copied out of `context`, which holds the session. */
static bool
ask_worker(const uint8 *request, size_t length, MemoryContext context, bool tolerant, FusionAnswer *answer,
		   FusionRefusal *refusal)
{
	FusionMessage message = {0};
	instr_time	start;
	instr_time	end;
	uint64		round_trip_ns;

	INSTR_TIME_SET_CURRENT(start);
	if (!tolerant)
		converse(request, length, context, &message);
	else if (!converse_tolerantly(request, length, context, &message, refusal))
		return false;
	INSTR_TIME_SET_CURRENT(end);
	INSTR_TIME_SUBTRACT(end, start);
	round_trip_ns = (uint64) (INSTR_TIME_GET_DOUBLE(end) * 1e9);
	fusion_count(FUSION_METRIC_PLANNER_ROUND_TRIP_TIME, round_trip_ns);

	if (message.type == FUSION_MESSAGE_PLAN_REFUSED)
		return take_refusal(&message, refusal);
	if (message.type != FUSION_MESSAGE_PLAN_READY)
		fusion_answer_invalid("Message %u is not an answer to a planning request.", message.type);
	answer->payload = palloc(message.length);
	memcpy(answer->payload, message.payload, message.length);
	answer->length = message.length;
	answer->cached = false;
	answer->round_trip_ns = round_trip_ns;
	return true;
}

bool
fusion_request_plan(const FusionPlanRequest *request, bool tolerant, FusionAnswer *answer, FusionRefusal *refusal)
{
	size_t		length;
	uint8	   *bytes = encode_request(request, &length);
	MemoryContext context;
	bool		ready;

	fusion_count(FUSION_METRIC_PLANNER_REQUESTS, 1);
	/* A constant of megabytes takes several times that as text. */
	if (length > FUSION_FRAME_BYTES_MAX)
		return fusion_refuse(refusal, "a statement of this size",
							 psprintf("Its planning request takes %zu bytes; %u are possible.", length,
									  FUSION_FRAME_BYTES_MAX), -1);
	answer->payload = fusion_answer_cache_find(bytes, length, &answer->length);
	answer->cached = answer->payload != NULL;
	answer->round_trip_ns = 0;
	if (answer->cached)
	{
		fusion_count(FUSION_METRIC_PLANNER_KEPT_ANSWERS, 1);
		return true;
	}

	context = AllocSetContextCreate(CurrentMemoryContext, "pg_fusion planning conversation", ALLOCSET_DEFAULT_SIZES);
	ready = ask_worker(bytes, length, context, tolerant, answer, refusal);
	MemoryContextDelete(context);
	if (ready)
		fusion_answer_cache_add(bytes, length, answer->payload, answer->length);
	return ready;
}
