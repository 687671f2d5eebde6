/*
 * parallel_libraries.h
 *    Which libraries a parallel worker loads before it does anything: all that its leader has, less the one that takes
 *    longest and that no producer uses. What PostgreSQL does for its own parallel plans is left as it is.
 */
#ifndef FUSION_PARALLEL_LIBRARIES_H
#define FUSION_PARALLEL_LIBRARIES_H

#include "postgres.h"

#include "access/parallel.h"

/* Between InitializeParallelDSM and LaunchParallelWorkers. */
extern void fusion_parallel_leave_jit(ParallelContext *context);

#endif							/* FUSION_PARALLEL_LIBRARIES_H */
