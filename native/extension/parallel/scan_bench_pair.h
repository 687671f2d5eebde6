/*
 * scan_bench_pair.h
 *    What this process and one parallel worker do at once, for pg_fusion_scan_bench(): the batch heap path, or the
 *    floor below it.
 */
#ifndef FUSION_SCAN_BENCH_PAIR_H
#define FUSION_SCAN_BENCH_PAIR_H

#include "postgres.h"

#include <time.h>

#include "block_cursor.h"
#include "scan_probe.h"
#include "storage/dsm.h"
#include "storage/shm_toc.h"

/* Pages filled in rotation, like a producer's share of the pool: one page alone would never leave the cache. */
#define FUSION_BENCH_PAGES 8

extern double fusion_bench_clock_ns(clockid_t clock);

/* Fills the pages over and over until the producer's blocks end. */
extern void fusion_bench_drain(FusionProducer *producer, uint8 *pages);

/*
 * CPU of both, and wall time from when both were there until both had ended. `touched` is the probe's table, of which
 * the word at every `step` bytes is read, or InvalidOid to fill pages from it, this process those given. ERROR when the
 * server has no parallel worker to give.
 */
extern void fusion_bench_pair(FusionProbe *probe, Oid touched, int step, uint8 *pages, double *cpu_ns,
							  double *wall_ns);

/*
 * The floor: pins every block the cursor deals and reads its word at every `step` bytes, all of them or one of each
 * cache line. Returns their sum, so that they are read.
 */
extern uint64 fusion_bench_touch(Oid table, FusionBlockCursor *cursor, int step);

extern PGDLLEXPORT void fusion_bench_producer_main(dsm_segment *segment, shm_toc *toc);

#endif							/* FUSION_SCAN_BENCH_PAIR_H */
