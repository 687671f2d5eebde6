/*
 * worker_failure.h
 *    Errors the worker reports to a session, while planning or executing.
 */
#ifndef FUSION_WORKER_FAILURE_H
#define FUSION_WORKER_FAILURE_H

#include "session.h"

/*
 * Raises what an ExecutionFailed message says, with its SQLSTATE, message, detail and hint; a malformed one is a
 * protocol violation. The session is closed by its owner's cleanup.
 */
extern _Noreturn void fusion_raise_worker_failure(FusionSession *session, const FusionMessage *message);

#endif							/* FUSION_WORKER_FAILURE_H */
