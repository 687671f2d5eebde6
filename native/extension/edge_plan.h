/*
 * edge_plan.h
 *    The edge: what PostgreSQL still does above the engine's result, as a query over the placeholder,
 *    planned by PostgreSQL.
 */
#ifndef FUSION_EDGE_PLAN_H
#define FUSION_EDGE_PLAN_H

#include "postgres.h"

#include "messages.h"
#include "plan_assembly.h"
#include "scan_plan.h"

/*
 * Fills the output half of `scan` and returns the statement's whole plan. The leaves must be in `assembly`
 * already.
 */
extern PlannedStmt *fusion_plan_edge(const FusionQueryText *text, const Query *parse, const FusionPlanReady *answer,
									 const FusionAssembly *assembly, FusionScanPlan *scan);

#endif							/* FUSION_EDGE_PLAN_H */
