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

/*
 * The text of the query with every replaced node's text exchanged. Columns become variables of range table
 * entry `range_index`, described by `entry`.
 */
extern char *fusion_replaced_text(const FusionQueryText *text, const FusionPlanReady *answer,
								  const RangeTblEntry *entry, Index range_index);

#endif							/* FUSION_EDGE_EXPRESSION_H */
