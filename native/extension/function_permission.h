/*
 * function_permission.h
 *    Privilege to execute the functions of a statement that the engine computes: PostgreSQL's executor asks for it
 *    when it prepares an expression, and never sees those. Leaves and the edge are PostgreSQL's own expressions.
 */
#ifndef FUSION_FUNCTION_PERMISSION_H
#define FUSION_FUNCTION_PERMISSION_H

#include "postgres.h"

#include "nodes/parsenodes.h"

/* Two OID lists: functions, those of operators and windows among them, and aggregates. Each OID once. */
extern List *fusion_functions_named(const Query *query);

/* Raises PostgreSQL's error for the first of them that the current user may not execute. */
extern void fusion_check_functions(const List *named);

#endif							/* FUSION_FUNCTION_PERMISSION_H */
