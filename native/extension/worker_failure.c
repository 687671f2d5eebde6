/*
 * worker_failure.c
 *    The worker's ExecutionFailed message as the error PostgreSQL itself would raise. See worker_failure.h.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "messages.h"
#include "worker_failure.h"

void
fusion_raise_worker_failure(FusionSession *session, const FusionMessage *message)
{
	FusionExecutionFailed failed;
	const char *state;

	if (!fusion_decode_execution_failed(message->payload, message->length, &failed))
		fusion_session_violation(session, "an ExecutionFailed message is malformed");
	state = failed.sqlstate;
	for (int i = 0; i < 5; i++)
		if (!((state[i] >= '0' && state[i] <= '9') || (state[i] >= 'A' && state[i] <= 'Z')))
			fusion_session_violation(session, "an ExecutionFailed message carries no SQLSTATE");
	ereport(ERROR,
			(errcode(MAKE_SQLSTATE(state[0], state[1], state[2], state[3], state[4])),
			 errmsg_internal("%s", pg_any_to_server(failed.message, (int) strlen(failed.message), PG_UTF8)),
			 failed.detail[0] == '\0' ? 0
			 : errdetail_internal("%s", pg_any_to_server(failed.detail, (int) strlen(failed.detail), PG_UTF8)),
			 failed.hint[0] == '\0' ? 0
			 : errhint("%s", pg_any_to_server(failed.hint, (int) strlen(failed.hint), PG_UTF8))));
}
