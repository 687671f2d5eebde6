/*
 * query_leaf.h
 *    What a leaf reads: the range table, FROM and WITH of its query. A leaf is over one entry of a query's range table,
 *    of any kind, or over all of a query's FROM and WHERE. leaf_plan.c adds conditions and columns and has it planned.
 */
#ifndef FUSION_QUERY_LEAF_H
#define FUSION_QUERY_LEAF_H

#include "postgres.h"

#include "nodes/parsenodes.h"
#include "query_text.h"

/*
 * A query without columns over entry `range_index` of the query at `query_node`; 0: over its whole FROM, filtered
 * by its WHERE. Variables are numbered as in that query.
 */
extern Query *fusion_leaf_skeleton(const FusionQueryText *text, uint32 query_node, const Query *owner,
								   uint32 range_index, uint32 number);

/*
 * To be called when everything is in: brings the WITH queries that are referred to, sets flags, checks the whole.
 * `whole_query`: the query stands in its leaf as a whole, its own WITH list included, as set operations do.
 */
extern void fusion_leaf_complete(const FusionQueryText *text, uint32 query_node, bool whole_query, Query *leaf,
								 uint32 number);

/* Drops the WITH queries that nothing in the query reads any more. */
extern void fusion_keep_common_tables(Query *query);

#endif							/* FUSION_QUERY_LEAF_H */
