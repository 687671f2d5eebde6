/*
 * parallel_state.h
 *    What the leader of a scan and its parallel workers share, and where it lies in the table of contents of their
 *    dynamic shared memory. Written by the leader before it launches, by a worker only in its own entry. Pages, rings
 *    and wake-ups are not here: those are the region's (native/shm), as for the leader's own producers.
 */
#ifndef FUSION_PARALLEL_STATE_H
#define FUSION_PARALLEL_STATE_H

#include "postgres.h"

#include "block_cursor.h"
#include "executor/instrument.h"
#include "row_filter.h"
#include "run_stats.h"
#include "scan_plan.h"
#include "slot.h"

/* What a parallel context loads and calls; pg_fusion.exports lets it be found. */
#define FUSION_PRODUCER_ENTRY "fusion_producer_main"

/*
 * Keys of the table of contents. Plan nodes use their plan_node_id as key, and PostgreSQL's own keys begin at 0xE and
 * at 0xF followed by zeros or ones: ours are far from all of them.
 */
#define FUSION_PARALLEL_KEY(part, leaf) (UINT64CONST(0x5047667500000000) + ((uint64) (part) << 16) + (uint64) (leaf))

typedef enum FusionParallelPart
{
	FUSION_PARALLEL_SHARED,		/* FusionParallelShared */
	FUSION_PARALLEL_STREAMS,	/* FusionParallelStream, those of one worker together */
	FUSION_PARALLEL_SOURCE,		/* the statement's text, for activity views and logs */
	FUSION_PARALLEL_PARAMETERS, /* SerializeParamList */
	FUSION_PARALLEL_PLAN,		/* of a leaf with workers: a PlannedStmt as text */
	FUSION_PARALLEL_COLUMNS,	/* of such a leaf: FusionParallelColumns */
	FUSION_PARALLEL_CURSORS,	/* of such a leaf: FusionBlockCursors */
	FUSION_PARALLEL_INSTRUMENTS /* of such a leaf, when asked for: Instrumentation by worker and plan node */
} FusionParallelPart;

/* A page schema without its pointer; one program image writes and reads it. */
typedef struct FusionParallelColumns
{
	uint64		fingerprint;
	int			count;
	FusionColumn columns[FLEXIBLE_ARRAY_MEMBER];
} FusionParallelColumns;

/*
 * What one worker does at one leaf. Leaves are read one after another as a rule, and a worker that is done with one
 * goes on at the next that opens: it has a stream, and a scan slot, for each.
 */
typedef struct FusionParallelStream
{
	uint16		leaf;
	uint16		number;			/* among the producers of its leaf; 0 is the leader */
	FusionLease scan;
	FusionLeafFilters filters;
	FusionLease filter_slots[FUSION_LEAF_FILTERS_MAX];

	/* The rest by the worker, at its end. */
	FusionRunStats stats;
	uint64		rows_produced;
	FusionRowFilterStats filter_stats[FUSION_LEAF_FILTERS_MAX];
} FusionParallelStream;

/* One worker: entry ParallelWorkerNumber. */
typedef struct FusionParallelWorker
{
	int			first_stream;
	int			stream_count;

	/* The rest by the worker, at its end. */
	bool		reported;
	BufferUsage buffers;
	WalUsage	wal;
} FusionParallelWorker;

typedef struct FusionParallelShared
{
	uint64		incarnation;	/* of the region the leases belong to */
	FusionLease control;
	int			instrument_options;
	int			worker_count;
	int			stream_count;
	FusionParallelWorker workers[FLEXIBLE_ARRAY_MEMBER];
} FusionParallelShared;

#endif							/* FUSION_PARALLEL_STATE_H */
