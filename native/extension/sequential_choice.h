/*
 * sequential_choice.h
 *    Whether a leaf that PostgreSQL would read through an index is read faster as heap batches. Which scans those can
 *    run at all is heap/eligible.c's; how many producers they get parallel/parallel_plan.c's.
 */
#ifndef FUSION_SEQUENTIAL_CHOICE_H
#define FUSION_SEQUENTIAL_CHOICE_H

#include "postgres.h"

#include "nodes/params.h"
#include "nodes/parsenodes.h"
#include "nodes/plannodes.h"

/* What heap batches take for a relation of so many blocks and rows, of which `values` columns are decoded. */
extern double fusion_heap_scan_ns(double blocks, double rows, int values);

/* What it takes on top to put out so many rows of a scan: their columns, or their expressions' slot. */
extern double fusion_heap_output_ns(const Plan *leaf, double rows);

/*
 * A sequential plan of the leaf that heap batches can run, when that is expected to be faster than `planned`, and in
 * `reason` a static string for EXPLAIN; else NULL. `leaf` is consumed.
 */
extern PlannedStmt *fusion_plan_sequentially(Query *leaf, const PlannedStmt *planned, const char *query_string,
											 ParamListInfo bound_params, const char **reason);

#endif							/* FUSION_SEQUENTIAL_CHOICE_H */
