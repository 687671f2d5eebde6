/*
 * planner.h
 *    Which statements pg_fusion takes: the planner hook. See planner.c.
 */
#ifndef FUSION_PLANNER_H
#define FUSION_PLANNER_H

#include "postgres.h"

#include "nodes/params.h"
#include "nodes/parsenodes.h"
#include "nodes/plannodes.h"

/*
 * Plans a query that is a part of a statement of pg_fusion's; NULL when it is refused or nothing for pg_fusion. The
 * query itself is left as it is.
 */
extern PlannedStmt *fusion_plan_inside(Query *query, const char *query_string, ParamListInfo bound_params);

/* Installs the hooks; _PG_init only. */
extern void fusion_planner_init(void);

#endif							/* FUSION_PLANNER_H */
