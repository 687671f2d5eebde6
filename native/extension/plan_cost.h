/*
 * plan_cost.h
 *    What a statement will cost in pg_fusion and in PostgreSQL, in nanoseconds, for pg_fusion.enable = auto.
 *    Estimates only: they choose who runs a statement, never how.
 */
#ifndef FUSION_PLAN_COST_H
#define FUSION_PLAN_COST_H

#include "postgres.h"

#include "messages.h"
#include "nodes/plannodes.h"
#include "plan_assembly.h"
#include "scan_plan.h"

/* PostgreSQL's own plan. Look-ups for rows of joins count more than the planner expects. */
extern double fusion_postgres_ns(const PlannedStmt *planned);

/* Whether PostgreSQL's plan is expected to end before pg_fusion would have begun. */
extern bool fusion_is_short(const PlannedStmt *planned);

/* Leaves, engine and edge together; the scan's workers are dealt. `edge` still costs what its planner said. */
extern double fusion_estimated_ns(const FusionScanPlan *scan, const FusionAssembly *assembly,
								  const FusionPlanReady *answer, const PlannedStmt *edge);

#endif							/* FUSION_PLAN_COST_H */
