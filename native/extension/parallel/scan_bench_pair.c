/*
 * scan_bench_pair.c
 *    Two processes at one relation, measured: as producers of one scan, with the same leaf and the same cursor as in
 *    an execution but pages of their own that nobody reads, and merely touching every byte or every cache line. How far
 *    these scale is how far scans can.
 */
#include "postgres.h"

#include "access/parallel.h"
#include "access/table.h"
#include "access/xact.h"
#include "executor/executor.h"
#include "huge_buffers.h"
#include "miscadmin.h"
#include "parallel_leaf.h"
#include "parallel_state.h"
#include "pg_compat.h"
#include "scan_bench_pair.h"
#include "storage/barrier.h"
#include "storage/bufmgr.h"

/* Where an execution has its own shared part. */
#define MEASUREMENT_KEY FUSION_PARALLEL_KEY(FUSION_PARALLEL_SHARED, 0)

typedef struct PairMeasurement
{
	Oid			touched;		/* relation; InvalidOid: the leaf's producers run */
	int			step;			/* bytes from one word that is read to the next */
	FusionBlockCursor touch;	/* its blocks */
	Barrier		start;			/* both are ready */
	double		cpu_ns;			/* of the worker */
	double		ended_ns;
} PairMeasurement;

/* ---- what is measured ---- */

uint64
fusion_bench_touch(Oid table, FusionBlockCursor *cursor, int step)
{
	Relation	relation = table_open(table, AccessShareLock);
	BufferAccessStrategy strategy = cursor->block_count < (BlockNumber) NBuffers / 4 ? NULL :
		GetAccessStrategy(BAS_BULKREAD);
	BlockNumber block;
	BlockNumber end;
	uint64		sum = 0;

	while (fusion_block_cursor_take(cursor, &block, &end))
	{
		for (; block < end; block++)
		{
			Buffer		buffer;
			const uint64 *words;
			bool		is_huge;

			CHECK_FOR_INTERRUPTS();
			buffer = ReadBufferExtended(relation, MAIN_FORKNUM, block, RBM_NORMAL, strategy);
			LockBuffer(buffer, BUFFER_LOCK_SHARE);
			words = (const uint64 *) fusion_huge_buffers_read(buffer, &is_huge);
			for (int i = 0; i < BLCKSZ / (int) sizeof(uint64); i += step / (int) sizeof(uint64))
				sum += words[i];
			UnlockReleaseBuffer(buffer);
		}
	}
	table_close(relation, NoLock);
	return sum;
}

/*
 * The producer's part, or the toucher's, from when the other process is ready, too: what its start takes is no matter
 * of the scan. Returns the CPU it took, and when it began.
 */
static double
run_part(PairMeasurement *measurement, FusionProducer *producer, uint8 *pages, double *started)
{
	static uint32 wait_event = 0;
	double		cpu;

	(void) BarrierArriveAndWait(&measurement->start, fusion_wait_event(&wait_event, "FusionScanBench"));
	*started = fusion_bench_clock_ns(CLOCK_MONOTONIC);
	cpu = fusion_bench_clock_ns(CLOCK_THREAD_CPUTIME_ID);
	if (producer != NULL)
		fusion_bench_drain(producer, pages);
	else
	{
		volatile uint64 sum = fusion_bench_touch(measurement->touched, &measurement->touch, measurement->step);

		(void) sum;
	}
	return fusion_bench_clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu;
}

/* ---- the worker ---- */

void
fusion_bench_producer_main(dsm_segment *segment, shm_toc *toc)
{
	PairMeasurement *measurement = shm_toc_lookup(toc, MEASUREMENT_KEY, false);
	QueryDesc  *query = NULL;
	FusionProducer *producer = NULL;
	uint8	   *pages = fusion_probe_pages(FUSION_BENCH_PAGES);
	double		started;

	/* The leader's have been written before, as those of the pool have. */
	memset(pages, 0, (size_t) FUSION_BENCH_PAGES * FUSION_PROBE_PAGE_BYTES);
	if (!OidIsValid(measurement->touched))
	{
		query = fusion_parallel_start_leaf(toc, 0, 0);
		producer = fusion_parallel_make_producer(toc, 0, query);
	}
	measurement->cpu_ns = run_part(measurement, producer, pages, &started);
	measurement->ended_ns = fusion_bench_clock_ns(CLOCK_MONOTONIC);
	if (producer == NULL)
		return;
	producer->end(producer);
	fusion_probe_finish(query);
}

/* ---- the leader ---- */

static void
launch(ParallelContext *context)
{
	LaunchParallelWorkers(context);
	if (context->nworkers_launched == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_RESOURCES),
				 errmsg("pg_fusion: no parallel worker is free"),
				 errhint("Raise max_parallel_workers, or wait for other statements to end.")));
	WaitForParallelWorkersToAttach(context);
}

void
fusion_bench_pair(FusionProbe *probe, Oid touched, int step, uint8 *pages, double *cpu_ns, double *wall_ns)
{
	QueryDesc  *query = fusion_probe_start(probe);
	FusionProducer *producer = OidIsValid(touched) ? NULL : fusion_probe_producer(probe, query, "heap batches");
	FusionLeafShare share = {
		.leaf = query->planstate,
		.schema = &probe->schema,
		.sharers = 2
	};
	ParallelContext *context;
	PairMeasurement *measurement;
	double		started;

	EnterParallelMode();
	context = CreateParallelContext(fusion_parallel_library(), "fusion_bench_producer_main", 1);
	fusion_parallel_estimate_chunk(context, sizeof(PairMeasurement));
	fusion_parallel_estimate_leaves(context, query->estate, &share, 1);
	fusion_parallel_initialize(context, query->estate->es_snapshot);
	measurement = fusion_parallel_put_chunk(context, MEASUREMENT_KEY, NULL, sizeof(PairMeasurement));
	measurement->touched = touched;
	measurement->step = step;
	BarrierInit(&measurement->start, 2);
	fusion_block_cursor_init(&measurement->touch,
							 RelationGetNumberOfBlocks(((SeqScanState *) query->planstate)->ss.ss_currentRelation), 2);
	fusion_parallel_put_leaves(context, query->estate, &share, 1);
	launch(context);
	if (producer != NULL)
		producer->share(producer, fusion_parallel_cursors(context->toc, 0));
	*cpu_ns = run_part(measurement, producer, pages, &started);
	*wall_ns = fusion_bench_clock_ns(CLOCK_MONOTONIC) - started;
	WaitForParallelWorkersToFinish(context);
	*cpu_ns += measurement->cpu_ns;
	*wall_ns = Max(*wall_ns, measurement->ended_ns - started);
	if (producer != NULL)
		producer->share(producer, NULL);
	DestroyParallelContext(context);
	ExitParallelMode();
	if (producer != NULL)
		producer->end(producer);
	fusion_probe_finish(query);
}
