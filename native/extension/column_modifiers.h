/*
 * column_modifiers.h
 *    The type modifiers of a statement's columns, which PostgreSQL reports as its planner leaves them.
 */
#ifndef FUSION_COLUMN_MODIFIERS_H
#define FUSION_COLUMN_MODIFIERS_H

#include "postgres.h"

#include "nodes/parsenodes.h"
#include "nodes/plannodes.h"

/*
 * Whether PostgreSQL's planner may come to another modifier for some column than parse analysis did. False is
 * certain; true asks for PostgreSQL's own plan.
 */
extern bool fusion_modifiers_may_change(Query *parse);

/* Gives the columns of a plan the modifiers that they have in PostgreSQL's own plan of the same statement. */
extern void fusion_take_modifiers(PlannedStmt *planned, const PlannedStmt *reference);

#endif							/* FUSION_COLUMN_MODIFIERS_H */
