/*
 * candidate.h
 *    Which statements pg_fusion looks at: plain SELECTs over user tables that a user, not the server
 *    itself, wants planned.
 */
#ifndef FUSION_CANDIDATE_H
#define FUSION_CANDIDATE_H

#include "postgres.h"

#include "nodes/parsenodes.h"

/* True when the statement is pg_fusion's to run or to refuse; all others are PostgreSQL's without a word. */
extern bool fusion_is_candidate(const Query *parse);

/* Installs the utility hook that tells the server's own queries apart; _PG_init only. */
extern void fusion_candidate_init(void);

#endif							/* FUSION_CANDIDATE_H */
