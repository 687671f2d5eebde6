/*
 * explain_choice.h
 *    Remembers why the last statement was left to PostgreSQL by pg_fusion.enable = auto, and says so in EXPLAIN.
 */
#ifndef FUSION_EXPLAIN_CHOICE_H
#define FUSION_EXPLAIN_CHOICE_H

#include "postgres.h"

#include "nodes/parsenodes.h"

/* Registers the hook; _PG_init only. */
extern void fusion_explain_choice_init(void);

/* PostgreSQL's plan was chosen for the query. Estimates in nanoseconds; 0 when pg_fusion's was not made. */
extern void fusion_explain_choice(const Query *query, const char *reason, double postgres_ns, double fusion_ns);

#endif							/* FUSION_EXPLAIN_CHOICE_H */
