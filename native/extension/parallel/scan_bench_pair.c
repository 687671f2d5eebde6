/*
 * scan_bench_pair.c
 *    Two producers of one scan, measured: the same leaf and the same cursor as in an execution, but pages of their
 *    own and nobody who reads them. How far this scales is how far scans can.
 */
#include "postgres.h"

#include <time.h>

#include "access/parallel.h"
#include "access/xact.h"
#include "executor/executor.h"
#include "parallel_leaf.h"
#include "parallel_state.h"
#include "scan_bench_pair.h"

/* Where an execution has its own shared part. */
#define MEASUREMENT_KEY FUSION_PARALLEL_KEY(FUSION_PARALLEL_SHARED, 0)
#define RING_PAGES 8

typedef struct PairMeasurement
{
	double		cpu_ns;			/* of the worker */
	double		ended_ns;
} PairMeasurement;

static double
clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * 1e9 + now.tv_nsec;
}

/* Fills pages until the blocks end; returns the CPU it took. */
static double
drain(FusionProducer *producer)
{
	uint8	   *pages = fusion_probe_pages(RING_PAGES);
	double		cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	FusionFill	filled;
	int			page = 0;

	do
	{
		filled = producer->fill(producer, pages + (size_t) page * FUSION_PROBE_PAGE_BYTES, FUSION_PROBE_PAGE_BYTES);
		page = (page + 1) % RING_PAGES;
	} while (!filled.end);
	return clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu;
}

void
fusion_bench_producer_main(dsm_segment *segment, shm_toc *toc)
{
	PairMeasurement *measurement = shm_toc_lookup(toc, MEASUREMENT_KEY, false);
	QueryDesc  *query = fusion_parallel_start_leaf(toc, 0, 0);
	FusionProducer *producer = fusion_parallel_make_producer(toc, 0, query);

	measurement->cpu_ns = drain(producer);
	measurement->ended_ns = clock_ns(CLOCK_MONOTONIC);
	producer->end(producer);
	fusion_probe_finish(query);
}

void
fusion_bench_pair(FusionProbe *probe, double *cpu_ns, double *wall_ns)
{
	QueryDesc  *query = fusion_probe_start(probe);
	FusionProducer *producer = fusion_probe_producer(probe, query, "heap batches");
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
	fusion_parallel_put_leaves(context, query->estate, &share, 1);
	LaunchParallelWorkers(context);
	if (context->nworkers_launched == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_RESOURCES),
				 errmsg("pg_fusion: no parallel worker is free"),
				 errhint("Raise max_parallel_workers, or wait for other statements to end.")));
	WaitForParallelWorkersToAttach(context);
	producer->share(producer, fusion_parallel_cursors(context->toc, 0));
	started = clock_ns(CLOCK_MONOTONIC);
	*cpu_ns = drain(producer);
	*wall_ns = clock_ns(CLOCK_MONOTONIC) - started;
	WaitForParallelWorkersToFinish(context);
	*cpu_ns += measurement->cpu_ns;
	*wall_ns = Max(*wall_ns, measurement->ended_ns - started);
	producer->share(producer, NULL);
	DestroyParallelContext(context);
	ExitParallelMode();
	producer->end(producer);
	fusion_probe_finish(query);
}
