/*
 * plan_tables.h
 *    Parameters of a plan: the statement's own (own_parameter.h), and tables that PostgreSQL makes, of a time zone, of
 *    an enum's order, of how the session writes values as texts, of a locale's letters. Tables are made when an
 *    execution starts, so that a prepared plan goes by the settings and the catalogue of that moment.
 */
#ifndef FUSION_PLAN_TABLES_H
#define FUSION_PLAN_TABLES_H

#include "postgres.h"

#include "messages.h"
#include "nodes/execnodes.h"
#include "nodes/pg_list.h"

/* What the worker asked for, as FusionScanPlan.tables keeps it. */
extern List *fusion_plan_tables(const FusionPlanReady *ready);

/* One for each of those, in `context`; the statement's own have the values of its execution. */
extern FusionParameterValue *fusion_plan_parameters(const List *tables, const EState *estate, MemoryContext context);

#endif							/* FUSION_PLAN_TABLES_H */
