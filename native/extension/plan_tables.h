/*
 * plan_tables.h
 *    Parameters of a plan that are tables PostgreSQL makes: of a time zone, of an enum's order, of how the session
 *    writes values as texts. They are made when an execution starts, so that a prepared plan goes by the settings and
 *    the catalogue of that moment.
 */
#ifndef FUSION_PLAN_TABLES_H
#define FUSION_PLAN_TABLES_H

#include "postgres.h"

#include "messages.h"
#include "nodes/pg_list.h"

/* What the worker asked for, as FusionScanPlan.tables keeps it. */
extern List *fusion_plan_tables(const FusionPlanReady *ready);

/* One for each of the tables, in `context`. */
extern FusionParameterValue *fusion_table_parameters(const List *tables, MemoryContext context);

#endif							/* FUSION_PLAN_TABLES_H */
