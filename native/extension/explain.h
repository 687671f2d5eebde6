/*
 * explain.h
 *    What EXPLAIN shows below a PgFusionScan.
 */
#ifndef FUSION_EXPLAIN_H
#define FUSION_EXPLAIN_H

#include "postgres.h"

#include "custom_scan.h"
#include "explain_line.h"

/* explain_engine.c */
extern void fusion_explain_engine(const FusionScanState *state, ExplainState *es);

/* explain_leaf.c */
extern void fusion_explain_leaves(const FusionScanState *state, ExplainState *es);

/* Everything. */
extern void fusion_explain_scan(const FusionScanState *state, ExplainState *es);

/* explain_filters.c: those of one scan; `stats` with ANALYZE only. */
extern void fusion_explain_filters(const FusionScanState *state, int leaf, const FusionLeafStats *stats,
								   ExplainState *es);

#endif							/* FUSION_EXPLAIN_H */
