/*
 * row_filter.h
 *    Runtime filters of one leaf as one producer uses them: when they can be tested, whether it pays, and what came of
 *    it. Not the filters themselves (native/shm/runtime_filter.h), nor how a block's keys are found in it
 *    (heap/runtime_filter.c). Advice throughout: a row that passes untested costs time, never the answer.
 */
#ifndef FUSION_ROW_FILTER_H
#define FUSION_ROW_FILTER_H

#include "postgres.h"

#include "executor/tuptable.h"
#include "page_writer.h"
#include "runtime_filter.h"
#include "scan_plan.h"

typedef enum FusionRowFilterState
{
	FUSION_ROW_FILTER_NO_SLOT,
	FUSION_ROW_FILTER_WAITING,	/* its join's build side is not there yet */
	FUSION_ROW_FILTER_TESTING,
	FUSION_ROW_FILTER_RESTING,	/* rejected too little lately */
	FUSION_ROW_FILTER_DECLINED	/* the worker did not make it */
} FusionRowFilterState;

/* Of one filter in one producer, or in all of a leaf's together. */
typedef struct FusionRowFilterStats
{
	FusionRowFilterState state; /* of several producers the one that says most */
	uint64		tested;
	uint64		rejected;
	uint64		untested;
} FusionRowFilterStats;

typedef struct FusionRowFilter
{
	const FusionLeafFilter *plan;
	FusionLease lease;			/* epoch 0: no slot */
	FusionFilterView view;
	FusionRowFilterStats stats;
	FusionRowFilterStats counted;	/* of these, what the metrics know */
	bool		dropped;		/* since the metrics last heard of it */
	uint32		window_tested;
	uint32		window_rejected;
	uint64		rest_rows;		/* to pass before the next try */
	uint64		next_rest;
} FusionRowFilter;

typedef struct FusionRowFilters
{
	MemoryContext context;		/* lives as long as the conversation */
	int			count;
	FusionRowFilter filters[FUSION_LEAF_FILTERS_MAX];
} FusionRowFilters;

/*
 * For one producer of a leaf, in CurrentMemoryContext; `planned` must outlive it. `leases` are in the order of the
 * leaf's filters. NULL when it has none.
 */
extern FusionRowFilters *fusion_row_filters_create(const FusionLeafFilters *planned, const FusionLease *leases);

/*
 * Before `rows` rows are produced: looks whether a filter has come. True when one is to be tested on them; those that
 * are not count the rows as untested.
 */
extern bool fusion_row_filters_ready(FusionRowFilters *filters, uint32 rows);

/* Notes what a test of `rows` rows came to, and lets a filter rest that rejects next to nothing. */
extern void fusion_row_filter_tested(FusionRowFilter *filter, uint32 rows, uint32 rejected);

/* A row whose first attributes are the page's columns: false when some filter rejects it. NULL filters reject none. */
extern bool fusion_row_filters_pass(FusionRowFilters *filters, const FusionPageWriter *writer, TupleTableSlot *row);

/* It holds values rather than hashes: test words against it. */
extern bool fusion_row_filter_has_one_word(const FusionRowFilter *filter);

/* Adds what is new since the last call to the metrics. */
extern void fusion_row_filters_count(FusionRowFilters *filters);

/* Adds one producer's numbers to those of its leaf. */
extern void fusion_row_filter_stats_add(FusionRowFilterStats *total, const FusionRowFilterStats *stats);

/* For EXPLAIN: why a filter tested nothing; NULL when it did. */
extern const char *fusion_row_filter_reason(const FusionRowFilterStats *stats);

#endif							/* FUSION_ROW_FILTER_H */
