/*
 * kill_test.c
 *    Real processes: two backends and a worker (main loop and executor thread) exchange checksummed frames
 *    and pages over one small region, while the supervisor kills any of them with SIGKILL at random moments.
 *    At the end everything is home, no byte was wrong, and no sleep was ended by its deadline while there was
 *    news.
 *
 * A backend that dies here is only replaced; under PostgreSQL the whole region would be.
 */
#define _GNU_SOURCE
#include "harness.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "words.h"

#define BACKENDS 2
#define CONTROLS 8
#define SCANS 16
#define PAYLOAD 200

typedef struct Counts
{
	_Atomic uint64_t executions;
	_Atomic uint64_t pages;
	_Atomic uint64_t abandoned;
	_Atomic uint64_t overdue;
	_Atomic uint64_t violations;
} Counts;

static FusionRegion region;
static FusionWakeFds fds;
static int	eventfds[1 + CONTROLS + SCANS];
static Counts *counts;

static double
seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double) now.tv_sec + (double) now.tv_nsec * 1e-9;
}

static void
violation(const char *what)
{
	fprintf(stderr, "  violation: %s\n", what);
	counts->violations++;
}

/* Fills a page from a seed; the last 8 bytes are the sum of the rest. */
static void
fill_page(uint8_t *bytes, uint64_t seed)
{
	uint64_t	sum;

	for (uint32_t i = 0; i < PAYLOAD; i += 8)
	{
		uint64_t	value = next_random(&seed);

		memcpy(bytes + i, &value, 8);
	}
	sum = sum_bytes(bytes, PAYLOAD);
	memcpy(bytes + PAYLOAD, &sum, 8);
}

static bool
page_holds(const uint8_t *bytes)
{
	uint64_t	sum;

	memcpy(&sum, bytes + PAYLOAD, 8);
	return sum == sum_bytes(bytes, PAYLOAD);
}

/* ---- the backend: leader, producer and reader of results at once ---- */

typedef struct Backend
{
	FusionLease control;
	FusionLease scan;
	uint32_t	to_send;
	uint32_t	sent;
	uint32_t	received;
	bool		holds_page;
	FusionPage	page;
	bool		scan_ended;
	bool		results_ended;
	bool		gave_up;
	uint64_t	random;
} Backend;

static bool
take_results(Backend *backend)
{
	FusionPageDescriptor descriptor;
	FusionPage	page;
	bool		wake;
	bool		moved = false;
	FusionStatus status;

	while ((status = fusion_page_import_result(&region, backend->control, &descriptor, &page, &wake)) == FUSION_OK)
	{
		moved = true;
		if (wake)
			fusion_wake_executor_of(&region, backend->control.index);
		if (descriptor.kind != FUSION_DESCRIPTOR_PAGE)
		{
			backend->results_ended = true;
			break;
		}
		if (!page_holds(fusion_region_page(&region, page.page)))
			violation("result page sum");
		backend->received++;
		if (fusion_page_release(&region, &page) != FUSION_OK)
			violation("result page release");
		fusion_wake_page_waiters(&region, &fds);
	}
	if (status == FUSION_CORRUPT)
		violation("result descriptor");
	return moved;
}

/* Produces until the pool or the ring is full. */
static bool
produce(Backend *backend)
{
	bool		moved = false;

	while (!backend->scan_ended)
	{
		FusionStatus status;

		if (backend->sent == backend->to_send)
		{
			if (fusion_scan_end(&region, backend->scan, FUSION_DESCRIPTOR_END) != FUSION_OK)
				return moved;
			backend->scan_ended = true;
			fusion_wake_executor_of(&region, backend->control.index);
			return true;
		}
		if (!backend->holds_page)
		{
			fusion_page_wait_begin(&region, FUSION_SLOT_SCAN, backend->scan.index);
			if (fusion_page_acquire(&region, backend->control, FUSION_PAGE_SIDE_SCAN, &backend->page) != FUSION_OK)
				return moved;
			fusion_page_wait_end(&region, FUSION_SLOT_SCAN, backend->scan.index);
			backend->holds_page = true;
			fill_page(fusion_region_page(&region, backend->page.page), next_random(&backend->random));
		}
		status = fusion_page_issue_scan(&region, backend->scan, &backend->page, 0, backend->sent, PAYLOAD + 8);
		if (status != FUSION_OK)
			return moved;
		backend->holds_page = false;
		backend->sent++;
		counts->pages++;
		moved = true;
		fusion_wake_executor_of(&region, backend->control.index);
	}
	return moved;
}

static void
backend_sleep(Backend *backend)
{
	struct pollfd polls[2] = {
		{.fd = fds.control[backend->control.index], .events = POLLIN},
		{.fd = fds.scan[backend->scan.index], .events = POLLIN}
	};
	uint64_t	drained;

	fusion_backend_sleeping(&region, backend->control.index, true);
	fusion_producer_sleeping(&region, backend->scan.index, true);
	if (!take_results(backend) && !produce(backend) &&
		fusion_lease_open(&region, FUSION_SLOT_CONTROL, backend->control))
	{
		if (poll(polls, 2, 1500) == 0)
		{
			if (take_results(backend) || produce(backend) ||
				!fusion_lease_open(&region, FUSION_SLOT_CONTROL, backend->control))
				counts->overdue++;
		}
		for (int i = 0; i < 2; i++)
			if ((polls[i].revents & POLLIN) != 0 && read(polls[i].fd, &drained, 8) != 8 && errno != EAGAIN)
				violation("eventfd");
	}
	fusion_backend_sleeping(&region, backend->control.index, false);
	fusion_producer_sleeping(&region, backend->scan.index, false);
}

/* The one frame of an execution: which scan slot belongs to it, with a body of changing length and its sum. */
static bool
send_start(Backend *backend)
{
	uint8_t		bytes[1500];
	uint32_t	length = 16 + (uint32_t) (next_random(&backend->random) % 1400);
	FusionFrameHeader header = {.length = length + 8, .type = 4, .lease_epoch = backend->control.epoch};
	uint64_t	sum;

	memset(bytes, (int) length & 255, length);
	memcpy(bytes, &backend->scan, sizeof(FusionLease));
	sum = sum_bytes(bytes, length);
	memcpy(bytes + length, &sum, 8);
	if (fusion_ring_push(&region, &region.control_slots[backend->control.index].to_worker, &header, bytes) != FUSION_OK)
		return false;
	fusion_wake_worker(&region, &fds, backend->control.index);
	return true;
}

static void
backend_main(uint64_t seed)
{
	Backend		backend = {.random = seed};

	for (;;)
	{
		FusionStatus status = fusion_control_acquire(&region, (uint32_t) getpid(), 1, 1, &backend.control);

		if (status != FUSION_OK)
		{
			/* Real backends report this to the client; here there is nothing to do but come again. */
			nanosleep(&(struct timespec) {.tv_nsec = 200000}, NULL);
			continue;
		}
		backend.sent = backend.received = 0;
		backend.to_send = (uint32_t) (next_random(&backend.random) % 60);
		backend.holds_page = backend.scan_ended = backend.results_ended = false;
		backend.gave_up = next_random(&backend.random) % 4 == 0;
		if (fusion_scan_acquire(&region, backend.control, 0, 0, &backend.scan) == FUSION_OK && send_start(&backend))
		{
			while (!backend.results_ended && fusion_lease_open(&region, FUSION_SLOT_CONTROL, backend.control))
			{
				if (backend.gave_up && backend.received * 2 > backend.to_send)
					break;
				if (!take_results(&backend) && !produce(&backend))
					backend_sleep(&backend);
			}
			if (backend.results_ended && backend.received != backend.to_send)
				violation("number of result pages");
			counts->executions += backend.results_ended;
			counts->abandoned += !backend.results_ended;
			if (backend.holds_page)
				fusion_page_release(&region, &backend.page);
		}
		fusion_slot_detach(&region, FUSION_SLOT_CONTROL, backend.control, FUSION_SLOT_OWNER_BACKEND);
		fusion_wake_worker(&region, &fds, backend.control.index);
		fusion_wake_page_waiters(&region, &fds);
	}
}

/* ---- the worker ---- */

typedef struct Session
{
	bool		active;
	bool		scan_ended;
	bool		result_ended;
	FusionLease control;
	FusionLease scan;
	bool		holds_scan;
	FusionPage	scan_page;
	bool		holds_result;
	FusionPage	result_page;
} Session;

static Session sessions[CONTROLS];
static pthread_mutex_t sessions_lock = PTHREAD_MUTEX_INITIALIZER;

static void
close_session(Session *session)
{
	if (session->holds_scan)
		fusion_page_release(&region, &session->scan_page);
	if (session->holds_result)
		fusion_page_release(&region, &session->result_page);
	fusion_slot_detach(&region, FUSION_SLOT_CONTROL, session->control, FUSION_SLOT_OWNER_WORKER);
	fusion_wake_page_waiters(&region, &fds);
	memset(session, 0, sizeof(*session));
}

/* Copies each scan page into a result page. True when something moved. */
static bool
step_session(Session *session)
{
	FusionPageDescriptor descriptor;
	FusionStatus status;
	bool		wake;

	if (!fusion_lease_open(&region, FUSION_SLOT_CONTROL, session->control))
	{
		close_session(session);
		return true;
	}
	if (session->result_ended)
		return false;
	if (!session->holds_scan && !session->scan_ended)
	{
		status = fusion_page_import_scan(&region, session->scan, &descriptor, &session->scan_page, &wake);
		if (status == FUSION_CORRUPT && fusion_lease_open(&region, FUSION_SLOT_CONTROL, session->control))
			violation("scan descriptor");
		if (status != FUSION_OK)
			return false;
		if (wake)
			fusion_wake_producer(&region, &fds, session->scan.index);
		session->scan_ended = descriptor.kind != FUSION_DESCRIPTOR_PAGE;
		session->holds_scan = !session->scan_ended;
		if (session->holds_scan && !page_holds(fusion_region_page(&region, session->scan_page.page)))
			violation("scan page sum");
		return true;
	}
	if (session->scan_ended)
	{
		session->result_ended = fusion_result_end(&region, session->control, FUSION_DESCRIPTOR_END) == FUSION_OK;
		fusion_wake_backend(&region, &fds, session->control.index);
		return session->result_ended;
	}
	if (!session->holds_result)
	{
		fusion_page_wait_begin(&region, FUSION_SLOT_CONTROL, session->control.index);
		if (fusion_page_acquire(&region, session->control, FUSION_PAGE_SIDE_RESULT, &session->result_page) != FUSION_OK)
			return false;
		fusion_page_wait_end(&region, FUSION_SLOT_CONTROL, session->control.index);
		session->holds_result = true;
		memcpy(fusion_region_page(&region, session->result_page.page),
			   fusion_region_page(&region, session->scan_page.page), PAYLOAD + 8);
	}
	if (fusion_page_issue_result(&region, &session->result_page, 0, 1, PAYLOAD + 8) != FUSION_OK)
		return false;
	session->holds_result = false;
	fusion_wake_backend(&region, &fds, session->control.index);
	if (fusion_page_release(&region, &session->scan_page) != FUSION_OK)
		violation("scan page release");
	session->holds_scan = false;
	fusion_wake_page_waiters(&region, &fds);
	return true;
}

static bool
step_all(void)
{
	bool		moved = false;

	pthread_mutex_lock(&sessions_lock);
	for (int i = 0; i < CONTROLS; i++)
		if (sessions[i].active)
			moved |= step_session(&sessions[i]);
	pthread_mutex_unlock(&sessions_lock);
	return moved;
}

static void *
executor_main(void *arg)
{
	(void) arg;
	for (;;)
	{
		uint32_t	seen = fusion_executor_seen(&region, 0);
		double		start;

		if (step_all())
			continue;
		start = seconds_now();
		if (fusion_executor_wait(&region, 0, seen, 1000) == seen && seconds_now() - start > 0.9 && step_all())
			counts->overdue++;
	}
	return NULL;
}

static void
hear_slot(uint32_t index)
{
	FusionControlSlot *slot = &region.control_slots[index];
	FusionSlotWord w = fusion_slot_unpack(slot->word);
	FusionLease control = {.index = index, .epoch = w.epoch};
	FusionFrameHeader header;
	uint8_t		bytes[2048];
	uint64_t	sum;
	bool		wake;

	if ((w.owners & FUSION_SLOT_OWNER_WORKER) == 0)
		return;
	if (w.state == FUSION_SLOT_CLOSING && !sessions[index].active)
	{
		/* A lease whose first frame never came. */
		fusion_slot_detach(&region, FUSION_SLOT_CONTROL, control, FUSION_SLOT_OWNER_WORKER);
		fusion_wake_page_waiters(&region, &fds);
		return;
	}
	if (!sessions[index].active && fusion_ring_peek(&region, &slot->to_worker, &header) == FUSION_OK)
	{
		if (header.lease_epoch != w.epoch || header.length > sizeof(bytes) ||
			fusion_ring_pop(&region, &slot->to_worker, &header, bytes, &wake) != FUSION_OK)
		{
			violation("frame");
			return;
		}
		memcpy(&sum, bytes + header.length - 8, 8);
		if (sum != sum_bytes(bytes, header.length - 8))
			violation("frame sum");
		sessions[index] = (Session) {.active = true, .control = control};
		memcpy(&sessions[index].scan, bytes, sizeof(FusionLease));
		slot->executor = 0;
	}
	fusion_wake_executor(&region, 0);
}

static void
worker_main(uint32_t generation)
{
	pthread_t	executor;
	struct pollfd pollfd = {.fd = fds.worker, .events = POLLIN};
	uint64_t	drained;

	memset(sessions, 0, sizeof(sessions));
	CHECK_EQ(pthread_create(&executor, NULL, executor_main, NULL), 0);
	fusion_worker_ready(&region, generation, 1);
	for (;;)
	{
		uint64_t	bits = fusion_doorbell_take(&region, 0);

		if (bits != 0)
		{
			pthread_mutex_lock(&sessions_lock);
			for (; bits != 0; bits &= bits - 1)
				hear_slot((uint32_t) __builtin_ctzll(bits));
			pthread_mutex_unlock(&sessions_lock);
			continue;
		}
		if (!fusion_worker_may_sleep(&region))
			continue;
		if (poll(&pollfd, 1, 1500) == 0)
		{
			if (region.header->doorbell[0] != 0)
				counts->overdue++;
		}
		else if (read(fds.worker, &drained, 8) != 8 && errno != EAGAIN)
			violation("eventfd");
	}
}

/* ---- the supervisor ---- */

static pid_t
spawn(void (*run) (uint64_t), uint64_t argument)
{
	pid_t		pid = fork();

	CHECK(pid >= 0);
	if (pid == 0)
	{
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		run(argument);
		_exit(0);
	}
	return pid;
}

static void
run_worker(uint64_t generation)
{
	worker_main((uint32_t) generation);
}

static void
reap(pid_t pid)
{
	int			status;

	kill(pid, SIGKILL);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
		violation("a process died of something else");
}

/* What the dead process may have been about to signal is signalled for it. */
static void
wake_everyone(void)
{
	for (uint32_t i = 0; i < CONTROLS; i++)
	{
		fusion_wake_worker(&region, &fds, i);
		fusion_wake_regardless(&fds, FUSION_SLOT_CONTROL, i);
	}
	for (uint32_t i = 0; i < SCANS; i++)
		fusion_wake_regardless(&fds, FUSION_SLOT_SCAN, i);
	CHECK_EQ(write(fds.worker, &(uint64_t) {1}, 8), 8);
	fusion_wake_executor(&region, 0);
	fusion_wake_page_waiters(&region, &fds);
}

/* Takes the backend's bit off everything, whoever held it: no backend lives any more. */
static void
bury_backends(void)
{
	for (uint32_t i = 0; i < CONTROLS; i++)
		fusion_slot_detach(&region, FUSION_SLOT_CONTROL,
						   (FusionLease) {.index = i, .epoch = fusion_slot_unpack(region.control_slots[i].word).epoch},
						   FUSION_SLOT_OWNER_BACKEND);
	for (uint32_t i = 0; i < SCANS; i++)
		fusion_slot_detach(&region, FUSION_SLOT_SCAN,
						   (FusionLease) {.index = i, .epoch = fusion_slot_unpack(region.scan_slots[i].word).epoch},
						   FUSION_SLOT_OWNER_BACKEND);
}

static void
prepare(void)
{
	FusionRegionOptions options = small_options;

	options.page_count = 12;
	options.control_slot_count = CONTROLS;
	options.scan_slot_count = SCANS;
	region = make_region(&options);
	CHECK_EQ(fusion_wake_create(eventfds, 1 + CONTROLS + SCANS), FUSION_OK);
	fds = (FusionWakeFds) {.worker = eventfds[0], .control = eventfds + 1, .scan = eventfds + 1 + CONTROLS};
	counts = mmap(NULL, sizeof(Counts), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(counts != MAP_FAILED);
}

int
main(void)
{
	uint64_t	random = (uint64_t) time(NULL);
	double		end = seconds_now() + soak_seconds(6);
	pid_t		backends[BACKENDS];
	pid_t		worker;
	uint32_t	kills = 0;

	prepare();
	worker = spawn(run_worker, fusion_worker_enter(&region, FUSION_WORKER_STARTING, 1));
	for (int i = 0; i < BACKENDS; i++)
		backends[i] = spawn(backend_main, next_random(&random));
	while (seconds_now() < end || kills < 50)
	{
		nanosleep(&(struct timespec) {.tv_nsec = (long) (next_random(&random) % 8000000)}, NULL);
		kills++;
		if (next_random(&random) % 2 == 0)
		{
			reap(worker);
			fusion_worker_enter(&region, FUSION_WORKER_OFFLINE, 0);
			fusion_slots_detach_worker(&region, 0, fusion_wake_regardless, &fds);
			wake_everyone();
			worker = spawn(run_worker, fusion_worker_enter(&region, FUSION_WORKER_STARTING, 1));
		}
		else
		{
			int			which = (int) (next_random(&random) % BACKENDS);
			uint32_t	generation;

			reap(backends[which]);
			fusion_worker_state(&region, &generation);
			fusion_slots_detach_backend(&region, (uint32_t) backends[which]);
			fusion_slots_detach_worker(&region, generation, NULL, NULL);
			wake_everyone();
			backends[which] = spawn(backend_main, next_random(&random));
		}
	}
	reap(worker);
	for (int i = 0; i < BACKENDS; i++)
		reap(backends[i]);
	bury_backends();
	fusion_worker_enter(&region, FUSION_WORKER_OFFLINE, 0);
	fusion_slots_detach_worker(&region, 0, NULL, NULL);
	check_clean(&region);
	CHECK_EQ(counts->violations, 0);
	CHECK_EQ(counts->overdue, 0);
	CHECK(counts->executions > 0);
	fprintf(stderr, "  %u kills, %" PRIu64 " executions whole, %" PRIu64 " abandoned, %" PRIu64 " pages\n", kills,
			counts->executions, counts->abandoned, counts->pages);
	return 0;
}
