/*
 * statistics_facts.h
 *    PostgreSQL's estimates about the relations and conditions of a statement, for the planning request. The
 *    facts that are certain are catalog_facts.h's.
 */
#ifndef FUSION_STATISTICS_FACTS_H
#define FUSION_STATISTICS_FACTS_H

#include "postgres.h"

#include "messages.h"
#include "nodes/params.h"
#include "query_text.h"

/* FusionConditionFact.bound */
#define FUSION_BOUND_NONE 0
#define FUSION_BOUND_UPPER 1
#define FUSION_BOUND_LOWER 2

/* Adds sizes, keys and columns' statistics to the request's relations, and the shares conditions let through. */
extern void fusion_collect_statistics(const FusionQueryText *text, ParamListInfo bound_params,
									  FusionPlanRequest *request);

#endif							/* FUSION_STATISTICS_FACTS_H */
