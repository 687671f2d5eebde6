/*
 * refusal.h
 *    Why a statement is not run by pg_fusion, and the errors that say so. A refusal is an answer, not a
 *    failure: what becomes of it (an error, or PostgreSQL's plan) is decided in planner.c.
 */
#ifndef FUSION_REFUSAL_H
#define FUSION_REFUSAL_H

#include "postgres.h"

typedef struct FusionRefusal
{
	char	   *construct;		/* "<construct> is not supported"; NULL: not refused */
	char	   *detail;			/* NULL: none */
	char	   *hint;			/* NULL: the usual one */
	int			location;		/* parse location or -1 */
	int			sqlstate;		/* of the error that stands behind it, or 0 for 0A000 */
} FusionRefusal;

/* Fills `refusal`; always returns false, so that a builder can end with it. */
extern bool fusion_refuse(FusionRefusal *refusal, const char *construct, const char *detail, int location);

/* ERROR 0A000 for enable = on. `query_string` is the text locations point into. */
_Noreturn extern void fusion_refusal_report(const FusionRefusal *refusal, const char *query_string);

/* ERROR for an answer of the worker that cannot be executed safely: a defect on one of the two sides. */
_Noreturn extern void fusion_answer_invalid(const char *format,...) pg_attribute_printf(1, 2);

#endif							/* FUSION_REFUSAL_H */
