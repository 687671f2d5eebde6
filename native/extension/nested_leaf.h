/*
 * nested_leaf.h
 *    A leaf over a subquery that pg_fusion itself runs: PostgreSQL does what the engine does not (windows, LIMIT,
 *    grouping sets), and the joins and groups below that are the engine's again.
 */
#ifndef FUSION_NESTED_LEAF_H
#define FUSION_NESTED_LEAF_H

#include "postgres.h"

#include "nodes/plannodes.h"
#include "plan_assembly.h"

/*
 * The plan of a whole leaf, with a statement of pg_fusion below its conditions and columns; NULL when the leaf is over
 * something else, has nothing for the engine, or is refused. `leader_only` is as for fusion_plan_inside.
 */
extern PlannedStmt *fusion_plan_nested_leaf(const Query *leaf, const FusionAssembly *assembly, const char *leader_only);

#endif							/* FUSION_NESTED_LEAF_H */
