/*
 * worker_log.h
 *    Forwards what the worker writes to its stdout and stderr into the server log, line by line, with bounded lines.
 */
#ifndef FUSION_WORKER_LOG_H
#define FUSION_WORKER_LOG_H

#include "postgres.h"

/* A longer line is cut into several. */
#define FUSION_WORKER_LOG_LINE_MAX 1024

typedef struct FusionWorkerLog
{
	char		line[FUSION_WORKER_LOG_LINE_MAX + 1];
	int			length;
} FusionWorkerLog;

/* Reads what is there now, up to a bound so that a chatty worker cannot keep the caller busy. False at end of file. */
extern bool fusion_worker_log_read(FusionWorkerLog *log, int fd);

/* Writes out an unfinished line. */
extern void fusion_worker_log_flush(FusionWorkerLog *log);

#endif							/* FUSION_WORKER_LOG_H */
