/*
 * scan_bench_pair.h
 *    The batch heap path in this process and one parallel worker at once, for pg_fusion_scan_bench().
 */
#ifndef FUSION_SCAN_BENCH_PAIR_H
#define FUSION_SCAN_BENCH_PAIR_H

#include "postgres.h"

#include "scan_probe.h"
#include "storage/dsm.h"
#include "storage/shm_toc.h"

/* What pg_fusion_scan_bench() calls this path. */
#define FUSION_PAIR_PATH "two producers"

/* CPU of both, and wall time from when both were ready. ERROR when the server has no parallel worker to give. */
extern void fusion_bench_pair(FusionProbe *probe, double *cpu_ns, double *wall_ns);

extern PGDLLEXPORT void fusion_bench_producer_main(dsm_segment *segment, shm_toc *toc);

#endif							/* FUSION_SCAN_BENCH_PAIR_H */
