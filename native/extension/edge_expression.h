/*
 * edge_expression.h
 *    Expressions over engine columns that take the place of nodes of the query: avg(x) becomes sum / count.
 */
#ifndef FUSION_EDGE_EXPRESSION_H
#define FUSION_EDGE_EXPRESSION_H

#include "postgres.h"

#include "messages.h"
#include "nodes/parsenodes.h"
#include "query_text.h"

typedef struct FusionReplacements FusionReplacements;

/*
 * The answer's replacements, checked. Columns become variables of range table entry `range_index`, described
 * by `entry`.
 */
extern FusionReplacements *fusion_replacements(const FusionQueryText *text, const FusionPlanReady *answer,
											   const RangeTblEntry *entry, Index range_index);

/* The text of the query with every replaced node's text exchanged. */
extern char *fusion_replaced_text(const FusionReplacements *all);

/* One expression of the query, with what is replaced in it. */
extern Node *fusion_replaced_node(const FusionReplacements *all, uint32 id);

#endif							/* FUSION_EDGE_EXPRESSION_H */
