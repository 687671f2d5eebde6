/*
 * run_stats.h
 *    What one producer did in one execution, or several together: counted by leaf_run.c, brought home from parallel
 *    workers in their shared entry, shown by EXPLAIN ANALYZE.
 */
#ifndef FUSION_RUN_STATS_H
#define FUSION_RUN_STATS_H

#include "postgres.h"

typedef struct FusionRunStats
{
	uint64		rows;			/* handed to the worker */
	uint64		pages;
	uint64		bytes;
	uint64		time_ns;		/* reading and encoding */
	uint64		page_wait_ns;	/* no page was free */
	uint64		ring_wait_ns;	/* the ring was full */
} FusionRunStats;

static inline void
fusion_run_stats_add(FusionRunStats *total, const FusionRunStats *part)
{
	total->rows += part->rows;
	total->pages += part->pages;
	total->bytes += part->bytes;
	total->time_ns += part->time_ns;
	total->page_wait_ns += part->page_wait_ns;
	total->ring_wait_ns += part->ring_wait_ns;
}

#endif							/* FUSION_RUN_STATS_H */
