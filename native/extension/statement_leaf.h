/*
 * statement_leaf.h
 *    A leaf that runs as a statement of its own inside the execution: its plan has subplans or internal
 *    parameters, whose numbers mean something in its own EState only. Same snapshot, same parameters of the
 *    client, same memory.
 */
#ifndef FUSION_STATEMENT_LEAF_H
#define FUSION_STATEMENT_LEAF_H

#include "postgres.h"

#include "explain_line.h"
#include "nodes/execnodes.h"
#include "nodes/plannodes.h"

typedef struct FusionStatementLeaf FusionStatementLeaf;

extern FusionStatementLeaf *fusion_statement_leaf_begin(PlannedStmt *statement, EState *estate, int eflags);

/* The top of its plan, pulled like any child's. */
extern PlanState *fusion_statement_leaf_state(const FusionStatementLeaf *leaf);

extern void fusion_statement_leaf_end(FusionStatementLeaf *leaf);

/* Its plan, below what EXPLAIN is printing. */
extern void fusion_statement_leaf_explain(const FusionStatementLeaf *leaf, ExplainState *es);

#endif							/* FUSION_STATEMENT_LEAF_H */
