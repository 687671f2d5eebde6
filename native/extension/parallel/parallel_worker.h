/*
 * parallel_worker.h
 *    The entry point of a parallel scan producer; PostgreSQL finds it by name (FUSION_PRODUCER_ENTRY).
 */
#ifndef FUSION_PARALLEL_WORKER_H
#define FUSION_PARALLEL_WORKER_H

#include "postgres.h"

#include "storage/dsm.h"
#include "storage/shm_toc.h"

extern PGDLLEXPORT void fusion_producer_main(dsm_segment *segment, shm_toc *toc);

#endif							/* FUSION_PARALLEL_WORKER_H */
