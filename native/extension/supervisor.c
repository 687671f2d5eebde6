/*
 * supervisor.c
 *    A background worker of PostgreSQL that keeps the node worker running: starts it, forwards its output to
 *    the server log, cleans up after its death and starts it again. It touches no data and executes no query;
 *    how the child is made is worker_process.c's.
 *
 *    starting -> (the worker itself says READY) -> dead -> waiting -> starting ...
 *
 * It waits 50 ms, and twice as long after every death that follows soon: up to half a second for a worker that had been
 * ready (statements need it back), up to 5 s for one that never was. 10 deaths in a row before ready: disabled until
 * the configuration is reloaded.
 *
 * Node is our child, not the postmaster's, so its death never restarts the server; ours does, as any death of a
 * process attached to shared memory, and takes node with it. Nothing here polls: latch (signals, SIGCHLD among
 * them), postmaster death and the output pipe wake the loop, timeouts exist only while something is due.
 */
#include "postgres.h"

#include <dlfcn.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "huge_buffers.h"
#include "metrics.h"
#include "miscadmin.h"
#include "pg_compat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "region_host.h"
#include "settings.h"
#include "storage/ipc.h"
#include "storage/proc.h"
#include "supervisor.h"
#include "utils/guc.h"
#include "utils/timestamp.h"
#include "worker_log.h"
#include "worker_process.h"

#define RUN_FOLDER "pg_fusion"
#define BACKOFF_MIN_MS 50
#define BACKOFF_READY_MAX_MS 500
#define BACKOFF_MAX_MS 5000
/* A ready worker that lived this long was healthy: its death counts as the first. */
#define HEALTHY_MS 1000
#define EARLY_DEATHS_MAX 10
/* After a termination request, and for a worker that never becomes ready. */
#define KILL_AFTER_MS 2000
#define READY_WITHIN_MS 60000

typedef struct Supervisor
{
	FusionWorkerProcess process;
	FusionWorkerLog log;
	uint32		generation;
	TimestampTz started;
	TimestampTz restart_at;		/* while no worker runs and it is not disabled */
	TimestampTz kill_at;		/* while one was asked to terminate; else 0 */
	int			early_deaths;
	long		backoff_ms;
	bool		disabled;
	WaitEventSet *waits;		/* latch, postmaster death, and the pipe of the present worker */
} Supervisor;

static Supervisor supervisor = {.process = {.log_fd = -1}, .backoff_ms = BACKOFF_MIN_MS};

extern PGDLLEXPORT void fusion_supervisor_main(Datum argument);

static void
child_signal_handler(SIGNAL_ARGS)
{
	int			saved = errno;

	SetLatch(MyLatch);
	errno = saved;
}

/* ---- what to start ---- */

/* First executable `node` on PATH, palloc'd; NULL when there is none. */
static char *
node_on_path(void)
{
	const char *path = getenv("PATH");

	while (path && *path)
	{
		size_t		length = strcspn(path, ":");
		char	   *candidate = psprintf("%.*s/node", (int) length, path);

		if (candidate[0] == '/' && access(candidate, X_OK) == 0)
			return candidate;
		pfree(candidate);
		path += length + (path[length] == ':');
	}
	return NULL;
}

/* The executable to run, or NULL after saying in the log what is missing. */
static char *
find_executable(void)
{
	char	   *node;

	if (fusion_setting_worker_script[0] == '\0' || access(fusion_setting_worker_script, R_OK) != 0)
	{
		ereport(LOG,
				(errmsg("pg_fusion: the worker is not started: %s",
						fusion_setting_worker_script[0] == '\0' ? "pg_fusion.worker_script is not set"
						: "the script of pg_fusion.worker_script cannot be read"),
				 fusion_setting_worker_script[0] == '\0' ? 0
				 : errdetail("\"%s\": %m", fusion_setting_worker_script),
				 errhint("Build the project, set pg_fusion.worker_script to the absolute path of "
						 "dist/worker/main.js and restart the server.")));
		return NULL;
	}
	if (fusion_setting_node_path[0] == '\0')
	{
		node = node_on_path();
		if (node == NULL)
			ereport(LOG,
					(errmsg("pg_fusion: the worker is not started: no node executable on the server's PATH"),
					 errhint("Install Node.js 20.19 or newer, or set pg_fusion.node_path, and restart the server.")));
		return node;
	}
	if (access(fusion_setting_node_path, X_OK) != 0)
	{
		ereport(LOG,
				(errmsg("pg_fusion: the worker is not started: pg_fusion.node_path cannot be executed"),
				 errdetail("\"%s\": %m", fusion_setting_node_path),
				 errhint("Set pg_fusion.node_path to a node executable the server's user may run, "
						 "and restart the server.")));
		return NULL;
	}
	return pstrdup(fusion_setting_node_path);
}

/* Only these reach the worker: the server's environment may hold credentials, and options for node. */
static char **
worker_environment(void)
{
	static const char *const inherited[] = {"PATH", "LANG", "LC_ALL"};
	char	  **environment = palloc0(16 * sizeof(char *));
	int			count = 0;

	for (int i = 0; i < lengthof(inherited); i++)
		if (getenv(inherited[i]))
			environment[count++] = psprintf("%s=%s", inherited[i], getenv(inherited[i]));
	environment[count++] = pstrdup("PG_FUSION_REGION_FD=3");
	environment[count++] = pstrdup("PG_FUSION_FLIGHT_FD=4");
	environment[count++] = pstrdup("PG_FUSION_WAKE_FDS=5");
	environment[count++] = psprintf("PG_FUSION_GENERATION=%u", supervisor.generation);
	environment[count++] = psprintf("PG_FUSION_EXECUTORS=%d", fusion_setting_worker_threads);
	environment[count++] = psprintf("PG_FUSION_WORKER_MEMORY_MB=%d", fusion_setting_worker_memory);
	environment[count++] = psprintf("PG_FUSION_DATA_DIR=%s/%s", DataDir, RUN_FOLDER);
	Assert(count < 16);
	return environment;
}

/* Region, flight file, then the eventfds in the order of FusionWakeFds. */
static int *
worker_descriptors(int *count)
{
	int		   *descriptors;

	*count = 3 + fusion_region.control_slot_count + fusion_region.scan_slot_count;
	descriptors = palloc(*count * sizeof(int));
	descriptors[0] = fusion_region.fd;
	descriptors[1] = fusion_flight.fd;
	descriptors[2] = fusion_wake_fds.worker;
	memcpy(descriptors + 3, fusion_wake_fds.control, fusion_region.control_slot_count * sizeof(int));
	memcpy(descriptors + 3 + fusion_region.control_slot_count, fusion_wake_fds.scan,
		   fusion_region.scan_slot_count * sizeof(int));
	return descriptors;
}

/* ---- life and death of one worker ---- */

/* Takes the worker out of READY, then its owner bit off every slot; backends that wait for it wake and see. */
static void
clean_up_after_worker(uint32 state)
{
	fusion_worker_enter(&fusion_region, state, 0);
	/* The dead worker may have taken a sleeper's flag without signalling it: every peer is woken. */
	fusion_slots_detach_worker(&fusion_region, 0, fusion_wake_regardless, &fusion_wake_fds);
	fusion_wake_page_waiters(&fusion_region, &fusion_wake_fds);
}

/* The set names the pipe, so it is made anew for each worker. */
static void
make_waits(void)
{
	if (supervisor.waits)
		FreeWaitEventSet(supervisor.waits);
	supervisor.waits = fusion_create_wait_set(3);
	AddWaitEventToSet(supervisor.waits, WL_LATCH_SET, PGINVALID_SOCKET, MyLatch, NULL);
	AddWaitEventToSet(supervisor.waits, WL_EXIT_ON_PM_DEATH, PGINVALID_SOCKET, NULL, NULL);
	if (supervisor.process.log_fd >= 0)
		AddWaitEventToSet(supervisor.waits, WL_SOCKET_READABLE, supervisor.process.log_fd, NULL, NULL);
}

static void
disable(void)
{
	supervisor.disabled = true;
	clean_up_after_worker(FUSION_WORKER_DISABLED);
}

static void
schedule_restart(void)
{
	supervisor.restart_at = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), supervisor.backoff_ms);
	supervisor.backoff_ms = Min(supervisor.backoff_ms * 2, BACKOFF_MAX_MS);
}

static void
start_worker(void)
{
	FusionWorkerCommand command = {.folder = RUN_FOLDER};
	MemoryContext context = AllocSetContextCreate(TopMemoryContext, "pg_fusion worker command", ALLOCSET_SMALL_SIZES);
	MemoryContext outer = MemoryContextSwitchTo(context);
	char	   *executable = find_executable();

	if (executable == NULL)
		disable();
	else
	{
		char	   *arguments[] = {executable, fusion_setting_worker_script, NULL};

		supervisor.generation = fusion_worker_enter(&fusion_region, FUSION_WORKER_STARTING, 0);
		supervisor.started = GetCurrentTimestamp();
		supervisor.kill_at = 0;
		supervisor.log.length = 0;
		command.executable = executable;
		command.arguments = arguments;
		command.environment = worker_environment();
		command.descriptors = worker_descriptors(&command.descriptor_count);
		if (fusion_worker_process_start(&command, &supervisor.process))
		{
			atomic_store(&fusion_region.header->worker_pid, (uint32_t) supervisor.process.pid);
			fusion_count(FUSION_METRIC_WORKER_STARTS, 1);
			make_waits();
		}
		else
		{
			ereport(LOG,
					(errmsg("pg_fusion: could not start the worker: %m"),
					 errdetail("It is tried again in %ld ms.", supervisor.backoff_ms)));
			clean_up_after_worker(FUSION_WORKER_OFFLINE);
			schedule_restart();
		}
	}
	MemoryContextSwitchTo(outer);
	MemoryContextDelete(context);
}

static void
close_log(void)
{
	if (supervisor.process.log_fd < 0)
		return;
	fusion_worker_log_flush(&supervisor.log);
	close(supervisor.process.log_fd);
	supervisor.process.log_fd = -1;
	make_waits();
}

static const char *
describe_exit(int status)
{
	if (WIFSIGNALED(status))
		return psprintf("was terminated by signal %d: %s", WTERMSIG(status), pg_strsignal(WTERMSIG(status)));
	return psprintf("exited with code %d", WEXITSTATUS(status));
}

static void
count_death(bool was_ready)
{
	long		lived_ms = TimestampDifferenceMilliseconds(supervisor.started, GetCurrentTimestamp());

	if (!was_ready)
		supervisor.early_deaths++;
	else
	{
		supervisor.early_deaths = 0;
		supervisor.backoff_ms = lived_ms >= HEALTHY_MS ? BACKOFF_MIN_MS
			: Min(supervisor.backoff_ms, BACKOFF_READY_MAX_MS);
	}
}

static void
worker_died(int status)
{
	pid_t		pid = supervisor.process.pid;
	bool		was_ready = fusion_worker_state(&fusion_region, NULL) == FUSION_WORKER_READY;

	supervisor.process.pid = 0;
	supervisor.kill_at = 0;
	/* First of all: statements are waiting for it. */
	clean_up_after_worker(FUSION_WORKER_OFFLINE);
	atomic_fetch_add(&fusion_region.header->worker_deaths, 1);
	fusion_count(FUSION_METRIC_WORKER_DEATHS, 1);
	/* Its last words, which tell why. */
	if (supervisor.process.log_fd >= 0)
		(void) fusion_worker_log_read(&supervisor.log, supervisor.process.log_fd);
	close_log();
	if (ShutdownRequestPending)
		return;

	count_death(was_ready);
	if (supervisor.early_deaths >= EARLY_DEATHS_MAX)
	{
		disable();
		ereport(LOG,
				(errmsg("pg_fusion: the worker (PID %d) %s", (int) pid, describe_exit(status)),
				 errdetail("It failed %d times in a row before it was ready, and is not started again by itself.",
						   EARLY_DEATHS_MAX),
				 errhint("Correct what the worker's messages above complain about, "
						 "then reload the server's configuration.")));
		return;
	}
	ereport(LOG,
			(errmsg("pg_fusion: the worker (PID %d) %s", (int) pid, describe_exit(status)),
			 errdetail("It is started again in %ld ms.", supervisor.backoff_ms)));
	schedule_restart();
}

/* Collects a dead worker, if it is dead. */
static void
reap_worker(void)
{
	int			status;
	pid_t		pid;

	if (supervisor.process.pid == 0)
		return;
	do
		pid = waitpid(supervisor.process.pid, &status, WNOHANG);
	while (pid < 0 && errno == EINTR);
	if (pid == supervisor.process.pid)
		worker_died(status);
}

/* However this process ends: node ends with it, and nobody waits for it. */
static void
exit_callback(int code, Datum arg)
{
	if (supervisor.process.pid != 0)
	{
		int			status;

		kill(supervisor.process.pid, SIGKILL);
		while (waitpid(supervisor.process.pid, &status, 0) < 0 && errno == EINTR)
			;
		supervisor.process.pid = 0;
	}
	clean_up_after_worker(FUSION_WORKER_OFFLINE);
}

/* ---- the loop ---- */

/* Milliseconds until something is due; -1: nothing is. */
static long
next_deadline_ms(void)
{
	TimestampTz due = 0;
	TimestampTz now = GetCurrentTimestamp();

	if (supervisor.process.pid == 0)
		due = supervisor.disabled ? 0 : supervisor.restart_at;
	else if (supervisor.kill_at != 0)
		due = supervisor.kill_at;
	else if (fusion_worker_state(&fusion_region, NULL) == FUSION_WORKER_STARTING)
		due = TimestampTzPlusMilliseconds(supervisor.started, READY_WITHIN_MS);
	if (due == 0)
		return -1;
	return due <= now ? 0 : TimestampDifferenceMilliseconds(now, due);
}

/* Kills a worker that did not obey, or never became ready; starts one that is due. */
static void
do_what_is_due(void)
{
	if (next_deadline_ms() != 0)
		return;
	if (supervisor.process.pid == 0)
	{
		if (!ShutdownRequestPending)
			start_worker();
		return;
	}
	if (supervisor.kill_at == 0)
		ereport(LOG,
				(errmsg("pg_fusion: the worker (PID %d) did not become ready within %d seconds and is killed",
						(int) supervisor.process.pid, READY_WITHIN_MS / 1000)));
	kill(supervisor.process.pid, SIGKILL);
	/* Its death is reported by SIGCHLD; this deadline has passed. */
	supervisor.kill_at = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), KILL_AFTER_MS);
}

static void
reload(void)
{
	ConfigReloadPending = false;
	ProcessConfigFile(PGC_SIGHUP);
	if (!supervisor.disabled)
		return;
	ereport(LOG, (errmsg("pg_fusion: configuration reloaded, the worker is tried again")));
	supervisor.disabled = false;
	supervisor.early_deaths = 0;
	supervisor.backoff_ms = BACKOFF_MIN_MS;
	supervisor.restart_at = GetCurrentTimestamp();
}

static void
request_shutdown(void)
{
	/* No new sessions; those that run get their error when it is gone. */
	fusion_worker_enter(&fusion_region, FUSION_WORKER_OFFLINE, (uint32) supervisor.process.pid);
	kill(supervisor.process.pid, SIGTERM);
	supervisor.kill_at = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), KILL_AFTER_MS);
}

void
fusion_supervisor_main(Datum argument)
{
	static uint32 wait_event = 0;

	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, SignalHandlerForShutdownRequest);
	pqsignal(SIGCHLD, child_signal_handler);
	BackgroundWorkerUnblockSignals();

	/* The postmaster said why in the log; exiting with 0 means: do not start me again. */
	if (!fusion_region_available())
		proc_exit(0);
	before_shmem_exit(exit_callback, (Datum) 0);
	/* A predecessor may have died without its callback. */
	clean_up_after_worker(FUSION_WORKER_OFFLINE);
	fusion_huge_buffers_serve();
	supervisor.restart_at = GetCurrentTimestamp();
	make_waits();

	for (;;)
	{
		WaitEvent	event;

		reap_worker();
		if (ShutdownRequestPending)
		{
			/* Not 0: should someone terminate only this process, the postmaster starts it again. */
			if (supervisor.process.pid == 0)
				proc_exit(1);
			if (supervisor.kill_at == 0)
				request_shutdown();
		}
		if (ConfigReloadPending)
			reload();
		do_what_is_due();
		if (!ShutdownRequestPending && fusion_huge_buffers_move())
			SetLatch(MyLatch);

		if (WaitEventSetWait(supervisor.waits, next_deadline_ms(), &event, 1,
							 fusion_wait_event(&wait_event, "FusionSupervisor")) == 0)
			continue;
		if ((event.events & WL_LATCH_SET) != 0)
			ResetLatch(MyLatch);
		if ((event.events & WL_SOCKET_READABLE) != 0 &&
			!fusion_worker_log_read(&supervisor.log, supervisor.process.log_fd))
			close_log();
	}
}

/*
 * The path this library was loaded from: background workers name their library, and a name resolved anew might find
 * another copy.
 */
static const char *
own_library_path(void)
{
	Dl_info		info;

	if (dladdr((void *) fusion_supervisor_main, &info) == 0 || info.dli_fname == NULL)
		ereport(FATAL, (errmsg("pg_fusion: could not find the path of its own library")));
	return info.dli_fname;
}

void
fusion_supervisor_init(void)
{
	BackgroundWorker worker = {
		.bgw_flags = BGWORKER_SHMEM_ACCESS,
		.bgw_start_time = BgWorkerStart_PostmasterStart,
		.bgw_restart_time = 1,
	};
	const char *library = own_library_path();

	if (strlen(library) >= sizeof(worker.bgw_library_name))
		ereport(FATAL,
				(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
				 errmsg("pg_fusion: the path of its library is too long for a background worker"),
				 errdetail("\"%s\" has %zu bytes, this server takes %zu.", library, strlen(library),
						   sizeof(worker.bgw_library_name) - 1),
				 errhint("Name the library in shared_preload_libraries by a shorter path, "
						 "for example a symbolic link.")));
	strlcpy(worker.bgw_library_name, library, sizeof(worker.bgw_library_name));
	strlcpy(worker.bgw_function_name, "fusion_supervisor_main", sizeof(worker.bgw_function_name));
	strlcpy(worker.bgw_name, "pg_fusion supervisor", sizeof(worker.bgw_name));
	strlcpy(worker.bgw_type, "pg_fusion supervisor", sizeof(worker.bgw_type));
	RegisterBackgroundWorker(&worker);
}
