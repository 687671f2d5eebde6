/*
 * wake_test.c
 *    No wake-up is lost: adversarial rounds over every sleeping flag, each sleep bounded by a deadline that
 *    must never be what ends it. PG_FUSION_SOAK raises the rounds from thousands to what fits the given
 *    seconds.
 */
#define _GNU_SOURCE
#include "harness.h"

#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <time.h>

static double
seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double) now.tv_sec + (double) now.tv_nsec * 1e-9;
}

typedef struct Wakes
{
	FusionRegion region;
	FusionWakeFds fds;
	int			all[1 + 4 + 6];
	_Atomic uint64_t published;
	_Atomic uint64_t consumed;
	_Atomic uint64_t overdue;	/* sleeps that only the deadline ended although news had come */
	_Atomic bool stop;
} Wakes;

static Wakes *
lay_out(void)
{
	Wakes	   *wakes = calloc(1, sizeof(Wakes));

	wakes->region = make_region(&small_options);
	CHECK_EQ(fusion_wake_create(wakes->all, 11), FUSION_OK);
	wakes->fds = (FusionWakeFds) {.worker = wakes->all[0], .control = wakes->all + 1, .scan = wakes->all + 5};
	return wakes;
}

static void
clear_away(Wakes *wakes)
{
	for (int i = 0; i < 11; i++)
		close(wakes->all[i]);
	fusion_region_detach(&wakes->region);
	free(wakes);
}

/*
 * Sleeps on an eventfd; counts a timeout. Most sleeps are short spins on the descriptor: rounds then follow each other
 * so closely that both sides often meet within the few nanoseconds in which a weaker protocol loses a wake-up.
 */
static void
sleep_on(Wakes *wakes, int fd, bool (*news) (Wakes *))
{
	struct pollfd pollfd = {.fd = fd, .events = POLLIN};
	uint64_t	drained;

	for (int spin = 0; spin < 50; spin++)
		if (read(fd, &drained, sizeof(drained)) == 8)
			return;
	if (poll(&pollfd, 1, 1000) == 0)
	{
		if (news(wakes))
			wakes->overdue++;
	}
	else if (read(fd, &drained, sizeof(drained)) < 0)
		CHECK(false);
}

static bool
has_news(Wakes *wakes)
{
	return wakes->published != wakes->consumed;
}

/* The pace differs from round to round: at once, after a yield, or after a moment that lets the sleeper sleep. */
static void
jitter(uint64_t *random)
{
	uint64_t	choice = next_random(random) % 512;

	if (choice == 0)
		sched_yield();
	else if (choice == 1)
		nanosleep(&(struct timespec) {.tv_nsec = (long) (next_random(random) % 20000)}, NULL);
	else
		for (uint64_t i = next_random(random) % 400; i > 0; i--)
			__asm__ volatile("" ::: "memory");
}

static void *
doorbell_sleeper(void *arg)
{
	Wakes	   *wakes = arg;

	while (!wakes->stop || has_news(wakes))
	{
		uint64_t	bits = fusion_doorbell_take(&wakes->region, 0);

		if (bits != 0)
		{
			CHECK_EQ(bits, 4);
			wakes->consumed = wakes->published;
			continue;
		}
		if (fusion_worker_may_sleep(&wakes->region) && !wakes->stop)
			sleep_on(wakes, wakes->fds.worker, has_news);
	}
	return NULL;
}

/* The writer waits for its news to be consumed every time: a lost wake-up shows as an overdue sleep. */
static void
ring_until_deadline(Wakes *wakes, void *(*sleeper) (void *), void (*wake) (Wakes *), double usual)
{
	pthread_t	thread;
	uint64_t	random = 5;
	uint64_t	rounds = 0;
	double		end = seconds_now() + soak_seconds(usual);

	CHECK_EQ(pthread_create(&thread, NULL, sleeper, wakes), 0);
	while ((rounds++ & 255) != 0 || seconds_now() < end)
	{
		uint64_t	mine = ++wakes->published;

		wake(wakes);
		for (uint64_t spin = 1; wakes->consumed < mine; spin++)
			if ((spin & 1023) == 0)
				sched_yield();
		jitter(&random);
	}
	fprintf(stderr, "  %" PRIu64 " wake-ups\n", wakes->published);
	wakes->stop = true;
	wakes->published++;
	wake(wakes);
	pthread_join(thread, NULL);
	CHECK_EQ(wakes->overdue, 0);
	clear_away(wakes);
}

static void
ring_worker(Wakes *wakes)
{
	fusion_wake_worker(&wakes->region, &wakes->fds, 2);
}

static void
the_worker_hears_every_doorbell(void)
{
	ring_until_deadline(lay_out(), doorbell_sleeper, ring_worker, 1.5);
}

static void *
backend_sleeper(void *arg)
{
	Wakes	   *wakes = arg;

	while (!wakes->stop)
	{
		wakes->consumed = wakes->published;
		fusion_backend_sleeping(&wakes->region, 1, true);
		if (!has_news(wakes) && !wakes->stop)
			sleep_on(wakes, wakes->fds.control[1], has_news);
		fusion_backend_sleeping(&wakes->region, 1, false);
	}
	wakes->consumed = UINT64_MAX;
	return NULL;
}

static void
ring_backend(Wakes *wakes)
{
	fusion_wake_backend(&wakes->region, &wakes->fds, 1);
}

static void
the_backend_hears_every_signal(void)
{
	ring_until_deadline(lay_out(), backend_sleeper, ring_backend, 1.5);
}

static void *
executor_sleeper(void *arg)
{
	Wakes	   *wakes = arg;

	while (!wakes->stop)
	{
		uint32_t	seen = fusion_executor_seen(&wakes->region, 63);
		double		start;

		wakes->consumed = wakes->published;
		start = seconds_now();
		if (!wakes->stop && fusion_executor_wait(&wakes->region, 63, seen, 1000) == seen &&
			seconds_now() - start > 0.9 && has_news(wakes))
			wakes->overdue++;
	}
	wakes->consumed = UINT64_MAX;
	return NULL;
}

static void
ring_executor(Wakes *wakes)
{
	fusion_wake_executor(&wakes->region, 63);
}

static void
the_executor_hears_every_futex(void)
{
	ring_until_deadline(lay_out(), executor_sleeper, ring_executor, 1.5);
}

static void
an_unassigned_executor_is_not_woken(void)
{
	Wakes	   *wakes = lay_out();

	fusion_wake_executor_of(&wakes->region, 0);
	fusion_wake_executor_of(&wakes->region, 4000);
	fusion_wake_executor(&wakes->region, 64);
	for (uint32_t i = 0; i < FUSION_EXECUTORS_MAX; i++)
		CHECK_EQ(fusion_executor_seen(&wakes->region, i), 0);
	wakes->region.control_slots[0].executor = 5;
	fusion_wake_executor_of(&wakes->region, 0);
	CHECK_EQ(fusion_executor_seen(&wakes->region, 5), 1);
	CHECK_EQ(fusion_executor_wait(&wakes->region, 5, 0, 1000), 1);
	CHECK_EQ(fusion_executor_wait(&wakes->region, 5, 1, 1), 1);
	CHECK_EQ(fusion_executor_wait(&wakes->region, 64, 7, 1000), 7);
	clear_away(wakes);
}

/* ---- a producer, then an executor, that waits for a page ---- */

typedef struct Starved
{
	Wakes	   *wakes;
	FusionLease control;
	FusionLease scan;
	_Atomic uint64_t got;
} Starved;

static bool
never_mind(Wakes *wakes)
{
	(void) wakes;
	return true;
}

static FusionStatus
take_page(Starved *starved, FusionPage *page)
{
	return fusion_page_acquire(&starved->wakes->region, starved->control, FUSION_PAGE_SIDE_SCAN, page);
}

static void
return_page(Starved *starved, FusionPage *page)
{
	CHECK_EQ(fusion_page_release(&starved->wakes->region, page), FUSION_OK);
	starved->got++;
}

static void *
starved_producer(void *arg)
{
	Starved    *starved = arg;
	Wakes	   *wakes = starved->wakes;
	uint32_t	scan = starved->scan.index;

	while (!wakes->stop)
	{
		FusionPage	page;
		FusionStatus status = take_page(starved, &page);

		if (status == FUSION_FULL)
		{
			fusion_producer_sleeping(&wakes->region, scan, true);
			fusion_page_wait_begin(&wakes->region, FUSION_SLOT_SCAN, scan);
			status = take_page(starved, &page);
			if (status == FUSION_FULL && !wakes->stop)
				sleep_on(wakes, wakes->fds.scan[scan], never_mind);
			fusion_page_wait_end(&wakes->region, FUSION_SLOT_SCAN, scan);
			fusion_producer_sleeping(&wakes->region, scan, false);
		}
		if (status == FUSION_OK)
			return_page(starved, &page);
	}
	return NULL;
}

static void *
starved_executor(void *arg)
{
	Starved    *starved = arg;
	Wakes	   *wakes = starved->wakes;
	uint32_t	control = starved->control.index;

	while (!wakes->stop)
	{
		uint32_t	seen = fusion_executor_seen(&wakes->region, 9);
		FusionPage	page;
		FusionStatus status = take_page(starved, &page);

		if (status == FUSION_FULL)
		{
			fusion_page_wait_begin(&wakes->region, FUSION_SLOT_CONTROL, control);
			status = take_page(starved, &page);
			if (status == FUSION_FULL && !wakes->stop)
			{
				double		start = seconds_now();

				if (fusion_executor_wait(&wakes->region, 9, seen, 1000) == seen && seconds_now() - start > 0.9)
					wakes->overdue++;
			}
			fusion_page_wait_end(&wakes->region, FUSION_SLOT_CONTROL, control);
		}
		if (status == FUSION_OK)
			return_page(starved, &page);
	}
	return NULL;
}

static void
starve(void *(*sleeper) (void *))
{
	Wakes	   *wakes = lay_out();
	Starved		starved = {.wakes = wakes};
	FusionPage	pages[8];
	pthread_t	thread;
	double		end = seconds_now() + soak_seconds(1);
	uint64_t	random = 3;

	start_worker(&wakes->region);
	CHECK_EQ(fusion_control_acquire(&wakes->region, 1, 0, 0, &starved.control), FUSION_OK);
	CHECK_EQ(fusion_scan_acquire(&wakes->region, starved.control, 0, 0, &starved.scan), FUSION_OK);
	wakes->region.control_slots[starved.control.index].executor = 9;
	CHECK_EQ(pthread_create(&thread, NULL, sleeper, &starved), 0);
	for (uint32_t rounds = 0; rounds < 500 || seconds_now() < end; rounds++)
	{
		uint64_t	before;

		/* Take every page: the other starves. */
		for (int i = 0; i < 8; i++)
			while (fusion_page_acquire(&wakes->region, starved.control, FUSION_PAGE_SIDE_RESULT,
									   &pages[i]) != FUSION_OK)
				sched_yield();
		before = starved.got;
		jitter(&random);
		for (int i = 0; i < 8; i++)
			CHECK_EQ(fusion_page_release(&wakes->region, &pages[i]), FUSION_OK);
		fusion_wake_page_waiters(&wakes->region, &wakes->fds);
		while (starved.got == before)
			sched_yield();
	}
	wakes->stop = true;
	fusion_wake_executor(&wakes->region, 9);
	fusion_wake_regardless(&wakes->fds, FUSION_SLOT_SCAN, starved.scan.index);
	pthread_join(thread, NULL);
	CHECK_EQ(wakes->overdue, 0);
	clear_away(wakes);
}

static void
a_released_page_wakes_the_producer_that_waits_for_it(void)
{
	starve(starved_producer);
}

static void
a_released_page_wakes_the_executor_that_waits_for_it(void)
{
	starve(starved_executor);
}

int
main(void)
{
	RUN(the_worker_hears_every_doorbell);
	RUN(the_backend_hears_every_signal);
	RUN(the_executor_hears_every_futex);
	RUN(an_unassigned_executor_is_not_woken);
	RUN(a_released_page_wakes_the_producer_that_waits_for_it);
	RUN(a_released_page_wakes_the_executor_that_waits_for_it);
	return 0;
}
