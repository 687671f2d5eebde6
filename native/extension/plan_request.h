/*
 * plan_request.h
 *    The planning conversation: one request, one answer; answers are kept per backend.
 */
#ifndef FUSION_PLAN_REQUEST_H
#define FUSION_PLAN_REQUEST_H

#include "postgres.h"

#include "messages.h"
#include "refusal.h"

typedef struct FusionAnswer
{
	uint8	   *payload;		/* a verified-to-be PlanReady, in the context of the call */
	size_t		length;
	bool		cached;
	uint64		round_trip_ns;	/* 0 when cached */
} FusionAnswer;

/*
 * Asks the worker, or the cache. False when the worker refuses; and, with `tolerant`, also when it cannot
 * be reached (the refusal then carries an sqlstate), which is an ERROR otherwise.
 */
extern bool fusion_request_plan(const FusionPlanRequest *request, bool tolerant, FusionAnswer *answer,
								FusionRefusal *refusal);

#endif							/* FUSION_PLAN_REQUEST_H */
