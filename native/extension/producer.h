/*
 * producer.h 
 *    A scan producer turns the rows of one leaf into pages. Two kinds behind one interface: the executor path
 *    (producer_executor.c: the leaf's PlanState, any plan) and the batch heap path (heap/: plain SeqScans over heap).
 *
 * fill() writes one whole page into memory the caller owns (a leased pool page), or into its own when a row is larger
 * than that, and returns; it never waits for pages, rings or peers, checks interrupts at least once per heap block or
 * 1000 rows, and holds no buffer pin when it returns.
 */
#ifndef FUSION_PRODUCER_H
#define FUSION_PRODUCER_H

#include "postgres.h"

#include <stdatomic.h>

#include "nodes/execnodes.h"
#include "scan_plan.h"

typedef struct FusionFill
{
	uint32		rows;			/* 0 only at the end, or when stopped */
	uint32		bytes;			/* used length of the page */
	const uint8 *large;			/* the page, of one row that fits no other: the producer's until the next fill */
	bool		end;			/* no more rows after this page; never said of a large one, which is still to be sent */
} FusionFill;

struct FusionBlockCursors;
typedef struct FusionProducer FusionProducer;

struct FusionProducer
{
	FusionFill	(*fill) (FusionProducer *self, uint8 *page, uint32 page_bytes);
	void		(*rescan) (FusionProducer *self);
	void		(*end) (FusionProducer *self);	/* releases what error cleanup would also release; idempotent */

	/*
	 * Heap batches. Before the first fill: read only the blocks that the cursors deal to this process. NULL, before
	 * their memory goes away: take no more of them; after a rescan all blocks are read again.
	 */
	void		(*share) (FusionProducer *self, struct FusionBlockCursors *cursors);
	const char *path;			/* "heap batches" or "executor": shown by EXPLAIN */
	struct FusionRowFilters *filters;	/* of the conversation at hand; NULL: none. See row_filter.h */
	bool		process_ends;	/* with this scan: blocks cheaper than its exit may be left to others (visible.c) */
	const _Atomic uint32 *stop; /* set by the consumer: end the page at hand early, at the next block. NULL: never */
	uint32		fills;			/* since the scan began */
	uint64		rows_read;		/* before quals, where known */
	uint64		rows_produced;
};

/*
 * How many blocks, or rows, may go into the page at hand, if it has rows at all: `first` of them at the first fill and
 * twice as many at each later one. Who wants few rows (LIMIT, EXISTS) has them before much is read, and a long scan
 * has no more than a dozen small pages.
 */
static inline uint64
fusion_producer_allowance(const FusionProducer *producer, uint32 first)
{
	return (uint64) first << Min(producer->fills, 24);
}

/* The consumer wants no more: without this, a fill that finds no rows would go on to the end of the relation. */
static inline bool
fusion_producer_stopped(const FusionProducer *producer)
{
	return producer->stop != NULL && atomic_load_explicit(producer->stop, memory_order_relaxed) != 0;
}

/* The executor path over an initialised child PlanState. */
extern FusionProducer *fusion_producer_executor(PlanState *leaf, const FusionPageSchema *schema);

/*
 * Whether the batch heap path can run this leaf plan exactly; otherwise *reason is a static string for EXPLAIN
 * ("index scan", "foreign table", "qual needs PostgreSQL", ...). Uses the plan tree and catalogue only.
 */
extern bool fusion_producer_heap_eligible(const PlannedStmt *leaf, const char **reason);

/* The batch heap path over an initialised SeqScanState, or an AppendState over such, that was found eligible. */
extern FusionProducer *fusion_producer_batches(PlanState *leaf, const FusionPageSchema *schema);

/* Its scans: the leaf itself, or what is below the Append. */
extern List *fusion_batch_scans(PlanState *leaf);

/* The same with the Append itself in front: the plan nodes that may count for EXPLAIN. */
extern List *fusion_batch_nodes(PlanState *leaf);

/* One scan. */
extern FusionProducer *fusion_producer_heap(SeqScanState *leaf, const FusionPageSchema *schema);

#endif							/* FUSION_PRODUCER_H */
