/*
 * leaf_run.h
 *    The leader's producer of one leaf in one execution: its scan slot, its machine (scan_producer) and the page in its
 *    hands. How rows get into a page is producer.h; when the next page is made is execution.c's.
 */
#ifndef FUSION_LEAF_RUN_H
#define FUSION_LEAF_RUN_H

#include "postgres.h"

#include "actor.h"
#include "producer.h"
#include "session.h"

typedef struct FusionLeafRun
{
	FusionSession *session;
	FusionProducer *producer;
	MemoryContext context;		/* in which the producer runs: that of the query */
	FusionLease scan;
	FusionActor actor;
	FusionPage	page;			/* held in states filling and waitingForRing */
	FusionFill	filled;
	bool		rows_ended;
	int			error_code;		/* of the error that ended it */
	/* Of this run. */
	uint64		rows;
	uint64		pages;
	uint64		bytes;
	uint64		time_ns;
} FusionLeafRun;

/* Leases the scan slot; waits and errors as fusion_session_acquire_scan. */
extern void fusion_leaf_run_begin(FusionLeafRun *run, FusionSession *session, FusionProducer *producer,
								  MemoryContext context, uint16 leaf);

/*
 * Does what can be done without waiting, at most one page of it. True when something moved. Errors of the rows
 * themselves end the session, then propagate.
 */
extern bool fusion_leaf_run_turn(FusionLeafRun *run);

/* The session ends: gives back the page. Idempotent, never throws. */
extern void fusion_leaf_run_close(FusionLeafRun *run);

#endif							/* FUSION_LEAF_RUN_H */
