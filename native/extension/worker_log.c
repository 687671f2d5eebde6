/*
 * worker_log.c
 *    Splits the worker's output into lines and reports each as a LOG message. The pipe is its only throttle: a
 *    worker that writes faster than the log takes waits in its write. Who reads when is supervisor.c's.
 */
#include "postgres.h"

#include <unistd.h>

#include "worker_log.h"

#define READ_BYTES 4096
#define READS_AT_ONCE 16

void
fusion_worker_log_flush(FusionWorkerLog *log)
{
	if (log->length == 0)
		return;
	log->line[log->length] = '\0';
	log->length = 0;
	ereport(LOG,
			(errmsg("pg_fusion worker: %s", log->line),
			 errhidestmt(true), errhidecontext(true)));
}

static void
take(FusionWorkerLog *log, const char *bytes, ssize_t count)
{
	for (ssize_t i = 0; i < count; i++)
	{
		char		c = bytes[i];

		if (c == '\n' || log->length == FUSION_WORKER_LOG_LINE_MAX)
			fusion_worker_log_flush(log);
		if (c == '\n')
			continue;
		/* Control characters could draw on the terminal of whoever reads the log. */
		log->line[log->length++] = ((unsigned char) c < 0x20 && c != '\t') || c == 0x7f ? '?' : c;
	}
}

bool
fusion_worker_log_read(FusionWorkerLog *log, int fd)
{
	for (int i = 0; i < READS_AT_ONCE; i++)
	{
		char		bytes[READ_BYTES];
		ssize_t		count = read(fd, bytes, sizeof(bytes));

		if (count == 0)
			return false;
		if (count < 0)
			return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
		take(log, bytes, count);
	}
	return true;
}
