/*
 * qual.h
 *    Quals of a sequential scan evaluated on columns, before anything else of a row is decoded.
 *
 * Only conjuncts that cannot raise an error are taken, and only those that PostgreSQL would evaluate first;
 * what follows the first other conjunct is `rest` and goes to ExecQual, row by row. Three-valued logic
 * throughout: a row passes when a conjunct is true.
 */
#ifndef FUSION_QUAL_H
#define FUSION_QUAL_H

#include "postgres.h"

#include "decode.h"
#include "nodes/execnodes.h"
#include "tuple_batch.h"

typedef struct FusionQuals FusionQuals;

struct FusionQuals
{
	int			taken_count;	/* of the scan's conjuncts, from the first; 0: the scan's own qual does it all */
	int			conjunct_count; /* fewer: ranges of one column become one */
	ExprState  *rest;			/* NULL: nothing left */
	int			first_attribute;
	int			last_attribute; /* -1: none */

	int			column_count;
	struct FusionQualColumn *columns;	/* by attribute */
	struct FusionPredicate **conjuncts; /* by the last attribute they need */
	FusionPageWriter scratch;	/* stands in for a page when kernels decode qual columns */
};

/* Compiles for this execution: external parameters are bound. In CurrentMemoryContext. */
extern FusionQuals *fusion_quals_create(SeqScanState *leaf);

/* Once the layout exists: chooses how qual columns are decoded. */
extern void fusion_quals_bind(FusionQuals *quals, const FusionTupleLayout *layout);

/*
 * Keeps the batch's rows that pass. False when a qual column holds a value that must be detoasted: the batch is
 * then undefined and the block's rows are to be judged by the scan's own qual.
 */
extern bool fusion_quals_filter(FusionQuals *quals, const FusionTupleLayout *layout, FusionTupleBatch *batch);

#endif							/* FUSION_QUAL_H */
