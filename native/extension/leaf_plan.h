/*
 * leaf_plan.h
 *    Leaves: SELECT <expressions> FROM <one relation> WHERE <quals>, made from nodes of the statement and
 *    planned by PostgreSQL.
 */
#ifndef FUSION_LEAF_PLAN_H
#define FUSION_LEAF_PLAN_H

#include "postgres.h"

#include "messages.h"
#include "plan_assembly.h"
#include "scan_plan.h"

/* Plans every leaf of the answer in order into `assembly` and fills the leaf half of `scan`. */
extern void fusion_plan_leaves(const FusionQueryText *text, const FusionPlanReady *answer, FusionAssembly *assembly,
							   FusionScanPlan *scan);

#endif							/* FUSION_LEAF_PLAN_H */
