/*
 * plan_pruning.h
 *    Partition pruning of plans that become parts of one statement. From PostgreSQL 18 on, Append nodes name what they
 *    prune by its place in a list of the statement; before, they carry it themselves and nothing is to be done.
 */
#ifndef FUSION_PLAN_PRUNING_H
#define FUSION_PLAN_PRUNING_H

#include "postgres.h"

#include "nodes/plannodes.h"

/* Whether the scans below an Append of this statement may change while it runs, not only when it starts. */
extern bool fusion_prunes_while_running(const PlannedStmt *statement, const Append *append);

#if PG_VERSION_NUM >= 180000
/* Moves the places named in a plan by so many: its statement's list comes behind as many others. */
extern void fusion_shift_prunings(Plan *plan, int places);
#endif

#endif							/* FUSION_PLAN_PRUNING_H */
