/*
 * planner.h
 *    Which statements pg_fusion takes: the planner hook. See planner.c.
 */
#ifndef FUSION_PLANNER_H
#define FUSION_PLANNER_H

#include "postgres.h"

#include "nodes/parsenodes.h"
#include "nodes/plannodes.h"
#include "plan_assembly.h"

/*
 * Plans a query that is a part of the statement being assembled; NULL when it is refused or nothing for pg_fusion.
 * `leader_only` says why its scans have no workers; NULL: they may. The query itself is left as it is.
 */
extern PlannedStmt *fusion_plan_inside(Query *query, const FusionAssembly *around, const char *leader_only);

/* Installs the hooks; _PG_init only. */
extern void fusion_planner_init(void);

#endif							/* FUSION_PLANNER_H */
