/*
 * node_check.h
 *    What kind of node a piece of a query tree is, and whether an expression may be evaluated where the
 *    worker wants it. Pure functions over trees; they know nothing of messages.
 */
#ifndef FUSION_NODE_CHECK_H
#define FUSION_NODE_CHECK_H

#include "postgres.h"

#include "nodes/parsenodes.h"

/* An expression exprType() can judge; list and clause nodes are not. */
extern bool fusion_is_expression(const Node *node);

/*
 * NULL when `node` is an expression over range table entry `range_index` of its own query level alone (0: over any
 * entry), as a scan can evaluate it; otherwise what stands in the way. Subqueries in it may read that entry too.
 */
extern const char *fusion_leaf_expression_problem(Node *node, int range_index);

/* NULL when what the range table entry holds reads no other entry and no outer query; otherwise what it reads. */
extern const char *fusion_leaf_entry_problem(const RangeTblEntry *entry);

/* NULL when the query reads nothing of any query around it; otherwise what it reads. */
extern const char *fusion_leaf_query_problem(Query *query);

/*
 * NULL when every variable of the query's own level belongs to entry `range_index`, and, where the engine
 * aggregated, no aggregate of that level is left. Looks into subqueries, where that level is further up.
 */
extern const char *fusion_edge_query_problem(Query *query, int range_index, bool aggregates_done);

#endif							/* FUSION_NODE_CHECK_H */
