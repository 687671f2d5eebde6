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

/* PostgreSQL's own plan. */
extern double fusion_postgres_ns(const PlannedStmt *planned);

/* Whether the plan ends before pg_fusion would have begun. */
extern bool fusion_is_short(double postgres_ns);

/* Leaves, engine and edge together; the scan's workers are dealt. `edge` still costs what its planner said. */
extern double fusion_estimated_ns(const FusionScanPlan *scan, const FusionAssembly *assembly,
								  const FusionPlanReady *answer, const PlannedStmt *edge);

#endif							/* FUSION_PLAN_COST_H */
