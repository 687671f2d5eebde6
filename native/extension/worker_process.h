/*
 * worker_process.h
 *    Starts the node worker as a child of this process: fork, a clean child, exec. Policy (when, how often, what its
 *    death means) is supervisor.c's.
 */
#ifndef FUSION_WORKER_PROCESS_H
#define FUSION_WORKER_PROCESS_H

#include "postgres.h"

typedef struct FusionWorkerCommand
{
	const char *executable;
	char	  **arguments;		/* NULL-terminated, first is the name */
	char	  **environment;	/* NULL-terminated */
	const char *folder;			/* working directory */
	const int  *descriptors;	/* become 3, 4, ... in the child, all others are closed */
	int			descriptor_count;
} FusionWorkerCommand;

typedef struct FusionWorkerProcess
{
	pid_t		pid;			/* 0: none */
	int			log_fd;			/* read end of its stdout and stderr, non-blocking; -1: none */
} FusionWorkerProcess;

/*
 * Starts it. False: errno says why nothing was started. A child that cannot exec says so on its stderr and exits
 * with 127, which its parent sees as any other death.
 */
extern bool fusion_worker_process_start(const FusionWorkerCommand *command, FusionWorkerProcess *process);

#endif							/* FUSION_WORKER_PROCESS_H */
