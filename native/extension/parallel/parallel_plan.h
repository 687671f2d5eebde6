/*
 * parallel_plan.h
 *    Which scans of a statement may have parallel workers, and how many are asked for: decided when it is planned,
 *    shown by EXPLAIN, obeyed as far as the server has workers to give (parallel_leader.c).
 */
#ifndef FUSION_PARALLEL_PLAN_H
#define FUSION_PARALLEL_PLAN_H

#include "postgres.h"

#include "nodes/parsenodes.h"
#include "nodes/plannodes.h"
#include "scan_plan.h"

/* Those this process may use. */
extern int	fusion_processors(void);

/* NULL when workers may run during this statement, else why not: a static string. */
extern const char *fusion_parallel_problem(const Query *parse, int cursor_options);

/*
 * Judges one planned leaf whose `heap` is set already: fills what parallel_deal goes by, or leader_only. Opens the
 * relation, which the statement has locked.
 */
extern void fusion_parallel_judge_leaf(const Plan *leaf, const List *range_table, FusionLeafPath *path);

/* The most rows an engine plan that passes rows on may be expected to yield, if its scans are to have workers. */
extern double fusion_parallel_rows_passed_max(const FusionScanPlan *scan);

/*
 * Decides how many workers each leaf has; `wanted` is the part of the leaves' rows the statement will read.
 * `problem`, when not NULL, is why there are none. True when a leaf got any: the plan then needs parallel mode.
 */
extern bool fusion_parallel_deal(FusionScanPlan *scan, double wanted, const char *problem);

#endif							/* FUSION_PARALLEL_PLAN_H */
