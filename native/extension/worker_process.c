/*
 * worker_process.c
 *    fork and exec of the node worker. Between the two the child makes only async-signal-safe calls: it is a
 *    copy of a server process, and must neither run PostgreSQL's handlers nor touch its files.
 *
 * What the child must not keep: the server's sockets, WAL and data files (all descriptors but the given ones
 * are closed), its environment (it may hold credentials and NODE_OPTIONS), its terminal, its signal handlers
 * and mask. What it must have: a signal that kills it when its supervisor dies, whatever way that happens.
 */
#include "postgres.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "worker_process.h"

#define FIRST_DESCRIPTOR 3
/* Without close_range: as far as an ordinary limit on open files goes. */
#define CLOSE_FALLBACK_MAX 65536
/* Out of 1000. Losing the worker costs each running statement one error; losing a backend restarts the whole server. */
#define OOM_SCORE "500"

static void
child_fail(const char *what)
{
	static const char tail[] = ": the worker was not started\n";

	/* Best effort; the exit code tells the same story. */
	(void) !write(STDERR_FILENO, what, strlen(what));
	(void) !write(STDERR_FILENO, tail, sizeof(tail) - 1);
	_exit(127);
}

static void
child_reset_signals(void)
{
	struct sigaction action = {.sa_handler = SIG_DFL};
	sigset_t	none;

	for (int number = 1; number < NSIG; number++)
		sigaction(number, &action, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void
child_set_limits(void)
{
	struct rlimit limit = {.rlim_cur = 0, .rlim_max = 0};
	int			fd;

	/* A core would hold rows of every user. */
	setrlimit(RLIMIT_CORE, &limit);
	/* Room for twice the wake descriptors during the shuffle below, and for what node opens itself. */
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
	{
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	if (fd >= 0)
	{
		(void) !write(fd, OOM_SCORE, strlen(OOM_SCORE));
		close(fd);
	}
}

/*
 * The given descriptors become 3, 4, ...; sources and targets may overlap, so all move out of the way first, to
 * where `moved` (made before the fork: nothing can be allocated here) notes.
 */
static void
child_place_descriptors(const FusionWorkerCommand *command, int log_write, int *moved)
{
	int			first_free = FIRST_DESCRIPTOR + command->descriptor_count;
	int			null_fd = open("/dev/null", O_RDONLY);

	if (null_fd < 0 || dup2(null_fd, STDIN_FILENO) < 0 || dup2(log_write, STDOUT_FILENO) < 0 ||
		dup2(log_write, STDERR_FILENO) < 0)
		_exit(127);
	for (int i = 0; i < command->descriptor_count; i++)
	{
		moved[i] = fcntl(command->descriptors[i], F_DUPFD, first_free);
		if (moved[i] < 0)
			child_fail("too many open files");
	}
	for (int i = 0; i < command->descriptor_count; i++)
		if (dup2(moved[i], FIRST_DESCRIPTOR + i) < 0)
			child_fail("could not place a descriptor");
#ifdef SYS_close_range
	if (syscall(SYS_close_range, (unsigned int) first_free, ~0U, 0) == 0)
		return;
#endif
	for (int fd = first_free; fd < CLOSE_FALLBACK_MAX; fd++)
		close(fd);
}

static void
child_run(const FusionWorkerCommand *command, pid_t parent, int log_write, int *moved)
{
	child_reset_signals();
	/* Asked for before the check: a parent that dies in between is noticed by one or the other. */
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (getppid() != parent)
		_exit(127);
	/* Out of the terminal's process group: Ctrl-C in front of the server is the server's affair. */
	setsid();
	child_set_limits();
	child_place_descriptors(command, log_write, moved);
	if (chdir(command->folder) != 0)
		child_fail("could not enter the working directory");
	execve(command->executable, command->arguments, command->environment);
	child_fail("could not execute node");
}

bool
fusion_worker_process_start(const FusionWorkerCommand *command, FusionWorkerProcess *process)
{
	int			log_pipe[2];
	sigset_t	all;
	sigset_t	before;
	pid_t		parent = getpid();
	pid_t		pid;
	int			saved;
	int		   *moved = palloc(Max(command->descriptor_count, 1) * sizeof(int));

	if (pipe2(log_pipe, O_CLOEXEC) != 0)
		return false;
	if (fcntl(log_pipe[0], F_SETFL, O_NONBLOCK) != 0)
	{
		saved = errno;
		close(log_pipe[0]);
		close(log_pipe[1]);
		errno = saved;
		return false;
	}

	/* No handler of the server may run in the child, so no signal may arrive until it has reset them. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	fflush(stdout);
	fflush(stderr);
	pid = fork();
	if (pid == 0)
		child_run(command, parent, log_pipe[1], moved);	/* does not return */
	saved = errno;
	sigprocmask(SIG_SETMASK, &before, NULL);
	close(log_pipe[1]);
	pfree(moved);
	if (pid < 0)
	{
		close(log_pipe[0]);
		errno = saved;
		return false;
	}
	process->pid = pid;
	process->log_fd = log_pipe[0];
	return true;
}
