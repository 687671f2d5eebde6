/*
 * decisions.h
 *    Who ran the statements of this server, and why not pg_fusion: shared counters for pg_fusion_decisions().
 *    Statements seen while pg_fusion.enable is off are not counted: then nothing was decided.
 */
#ifndef FUSION_DECISIONS_H
#define FUSION_DECISIONS_H

#include "postgres.h"

/* What needs no table: fixed reasons. */
typedef enum FusionDecision
{
	FUSION_DECISION_PLANNED,	/* by the engine */
	FUSION_DECISION_BYPASSED_COMMAND,	/* no SELECT */
	FUSION_DECISION_BYPASSED_NO_TABLE,	/* reads no table of a user */
	FUSION_DECISION_BYPASSED_CATALOG,	/* reads a system relation */
	FUSION_DECISION_BYPASSED_SERVER,	/* a query of the server's own, inside a command or a foreign-key check */
	FUSION_DECISION_BYPASSED_PROCESS,	/* in a process that has no engine: parallel worker, single-user server */
	FUSION_DECISION_COUNT
} FusionDecision;

/* Registers the hooks that make the shared table; _PG_init only. */
extern void fusion_decisions_init(void);

extern void fusion_decide(FusionDecision decision);

/* A refused construct: an error when `strict`, else left to PostgreSQL. */
extern void fusion_decide_refused(const char *construct, bool strict);

extern void fusion_decisions_reset(void);

#endif							/* FUSION_DECISIONS_H */
