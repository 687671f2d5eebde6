/*
 * leaf_run.h
 *    One producer of one leaf in one execution: its scan slot, its machine (scan_producer) and the page in its hands.
 *    How rows get into a page is producer.h; when the next page is made is execution.c's in the leader and
 *    parallel/parallel_worker.c's in a worker.
 */
#ifndef FUSION_LEAF_RUN_H
#define FUSION_LEAF_RUN_H

#include "postgres.h"

#include "actor.h"
#include "producer.h"
#include "region_host.h"
#include "run_stats.h"

/* Whom a run belongs to: the leader's execution, or a parallel worker. */
typedef struct FusionRunOwner
{
	FusionLease control;		/* whose pages are filled */
	void	   *arg;

	/* The worker broke the protocol: ends what must end and raises, "pg_fusion: protocol violation: <what>". */
	void		(*violated) (void *arg, const char *what);
	/* The rows raised the error `code`, which propagates next. Must not throw. */
	void		(*failed) (void *arg, int code);
	/* A lease is not open any more. True: the run ends quietly. False: it is a violation. May raise. */
	bool		(*lost) (void *arg);
} FusionRunOwner;

typedef struct FusionLeafRun
{
	const FusionRunOwner *owner;
	FusionProducer *producer;
	MemoryContext context;		/* in which the producer runs: that of the query */
	FusionLease scan;
	uint16		number;			/* of the producer among those of its leaf; the leader is 0 */
	uint32		left;			/* pages of the pool it leaves free, but for those reserved for it */
	FusionActor actor;
	FusionPage	page;			/* held in states filling and waitingForRing */
	FusionFill	filled;
	uint32		sent;			/* bytes of what was filled that went into pages: less than all of a large page */
	bool		rows_ended;
	int			error_code;		/* of the error that ended it */
	uint64		wait_started;	/* for a page or for room in the ring; 0: it does not wait */
	bool		waits_for_ring;	/* else for a page */
	FusionRunStats stats;
} FusionLeafRun;

/* Takes over a leased scan slot. */
extern void fusion_leaf_run_begin(FusionLeafRun *run, const FusionRunOwner *owner, FusionProducer *producer,
								  MemoryContext context, FusionLease scan, uint16 leaf, uint16 number);

/*
 * Does what can be done without waiting, at most one page of it. True when something moved. Errors of the rows
 * themselves are told to the owner, then propagate.
 */
extern bool fusion_leaf_run_turn(FusionLeafRun *run);

/* Nothing is left to do: the stream has ended, or nobody reads it. */
extern bool fusion_leaf_run_ended(const FusionLeafRun *run);

/* The execution ends: gives back the page. Idempotent, never throws. */
extern void fusion_leaf_run_close(FusionLeafRun *run);

#endif							/* FUSION_LEAF_RUN_H */
