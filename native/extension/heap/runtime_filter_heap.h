/*
 * runtime_filter_heap.h
 *    Runtime filters on a block of the batch heap path: the key columns of all its rows are decoded and tested
 *    together, and the rows that match nothing are dropped before anything else of them is decoded. Whether a filter
 *    is there and pays is row_filter.h.
 */
#ifndef FUSION_RUNTIME_FILTER_HEAP_H
#define FUSION_RUNTIME_FILTER_HEAP_H

#include "postgres.h"

#include "decode.h"
#include "row_filter.h"
#include "tuple_batch.h"

typedef struct FusionHeapFilters FusionHeapFilters;

/*
 * For a conversation's filters, in their context. `attribute_of_column` says which attribute each column of the page
 * is; `columns` are the page's.
 */
extern FusionHeapFilters *fusion_heap_filters_create(FusionRowFilters *rows, const FusionTupleLayout *layout,
													 const int *attribute_of_column, const FusionColumnWriter *columns);

/* Whether all keys stand before an attribute, and are words that need no hashing. */
extern bool fusion_heap_filters_precede(const FusionHeapFilters *filters, int attribute);

/*
 * Drops the rows of the batch that a filter rejects. False when a key would have to be detoasted: then all of the
 * batch's rows stay, untested.
 */
extern bool fusion_heap_filters_run(FusionHeapFilters *filters, const FusionTupleLayout *layout,
									FusionTupleBatch *batch);

#endif							/* FUSION_RUNTIME_FILTER_HEAP_H */
