/*
 * query_text.h
 *    The analysed Query as the worker sees it: prepared (join aliases expanded, constants folded), written
 *    by PostgreSQL's own nodeToString, and addressable. Node id = ordinal of the node's '{' in that text,
 *    from 0 (the Query itself).
 */
#ifndef FUSION_QUERY_TEXT_H
#define FUSION_QUERY_TEXT_H

#include "postgres.h"

#include "nodes/params.h"
#include "nodes/parsenodes.h"

typedef struct FusionNodeSpan
{
	uint32		start;			/* of '{' */
	uint32		end;			/* behind '}' */
	uint32		owner;			/* node id of the nearest Query around it; of the root: itself */
} FusionNodeSpan;

typedef struct FusionQueryText
{
	Query	   *query;			/* the prepared tree the text was written from; read only */
	char	   *text;
	size_t		length;
	FusionNodeSpan *spans;
	Query	  **queries;		/* by node id: those that fusion_query_at() has read */
	MemoryContext context;		/* where all of this is */
	uint32		count;
	List	   *inval_items;	/* what folding depended on: goes into the finished plan */
	List	   *relation_oids;
} FusionQueryText;

/* Works on a copy; `parse` stays as it is. */
extern FusionQueryText *fusion_query_text(const Query *parse, ParamListInfo bound_params);

/* A fresh copy of the node; ERROR (fusion_answer_invalid) when there is no such id. Locations are lost (-1). */
extern Node *fusion_node_at(const FusionQueryText *text, uint32 id);

/* The query of that id, read once for all who ask; ERROR when the node is none. */
extern const Query *fusion_query_at(const FusionQueryText *text, uint32 id);

/* Its span; ERROR when there is no such id. */
extern const FusionNodeSpan *fusion_span_at(const FusionQueryText *text, uint32 id);

/* Whether the node's tag, as written, is `tag`. */
extern bool fusion_span_is(const FusionQueryText *text, uint32 id, const char *tag);

#endif							/* FUSION_QUERY_TEXT_H */
