/*
 * wake.c
 *    Doorbells, sleeping flags and futexes: decides whether a peer needs a signal and rings it. What the peer then
 *    finds is in the rings and owner words; a wake-up never carries information, so a spare one does no harm.
 *
 * Every pair below has the same proof. The sleeper exchanges its flag to 1 and looks again; the waker publishes and
 * exchanges the flag to 0. Both exchanges hit one word, so one comes second: if the sleeper's does, it sees what was
 * published; if the waker's does, it gets the 1 and signals.
 */
#define _GNU_SOURCE
#include "wake.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "words.h"

#define WAIT_MS_MAX 1000u

FusionStatus
fusion_wake_create(int *fds, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
	{
		fds[i] = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
		if (fds[i] < 0)
		{
			int			saved = errno;

			while (i-- > 0)
				close(fds[i]);
			errno = saved;
			return FUSION_SYSTEM;
		}
	}
	return FUSION_OK;
}

/* An eventfd that cannot take more is already readable; errno is the interrupted caller's. */
static void
ring(int fd)
{
	int			saved = errno;
	uint64_t	one = 1;
	ssize_t		written;

	if (fd < 0)
		return;
	do
		written = write(fd, &one, sizeof(one));
	while (written < 0 && errno == EINTR);
	errno = saved;
}

void
fusion_wake_worker(const FusionRegion *region, const FusionWakeFds *fds, uint32_t slot)
{
	if (slot >= region->control_slot_count)
		return;
	atomic_fetch_or(&region->header->doorbell[slot / 64], 1ull << (slot % 64));
	if (atomic_exchange(&region->header->worker_sleeping, 0) != 0)
		ring(fds->worker);
}

uint64_t
fusion_doorbell_take(const FusionRegion *region, uint32_t word)
{
	if (word >= FUSION_CONTROL_SLOTS_MAX / 64)
		return 0;
	return atomic_exchange(&region->header->doorbell[word], 0);
}

bool
fusion_worker_may_sleep(const FusionRegion *region)
{
	atomic_exchange(&region->header->worker_sleeping, 1);
	for (uint32_t word = 0; word * 64 < region->control_slot_count; word++)
	{
		if (atomic_load(&region->header->doorbell[word]) != 0)
		{
			atomic_exchange(&region->header->worker_sleeping, 0);
			return false;
		}
	}
	return true;
}

void
fusion_wake_executor_of(const FusionRegion *region, uint32_t control_slot)
{
	if (control_slot < region->control_slot_count)
		fusion_wake_executor(region, atomic_load(&region->control_slots[control_slot].executor));
}

void
fusion_wake_executor(const FusionRegion *region, uint32_t executor)
{
	if (executor >= FUSION_EXECUTORS_MAX)
		return;
	atomic_fetch_add(&region->header->executor_wake[executor], 1);
	if (atomic_exchange(&region->header->executor_sleeping[executor], 0) != 0)
		syscall(SYS_futex, &region->header->executor_wake[executor], FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

uint32_t
fusion_executor_seen(const FusionRegion *region, uint32_t executor)
{
	return executor < FUSION_EXECUTORS_MAX ? atomic_load(&region->header->executor_wake[executor]) : 0;
}

uint32_t
fusion_executor_wait(const FusionRegion *region, uint32_t executor, uint32_t seen, uint32_t timeout_ms)
{
	_Atomic uint32_t *word;
	struct timespec timeout;

	if (executor >= FUSION_EXECUTORS_MAX)
		return seen;
	if (timeout_ms > WAIT_MS_MAX)
		timeout_ms = WAIT_MS_MAX;
	timeout = (struct timespec) {.tv_sec = timeout_ms / 1000, .tv_nsec = (long) (timeout_ms % 1000) * 1000000};
	word = &region->header->executor_wake[executor];

	/*
	 * The kernel compares the word with `seen` itself, atomically with going to sleep. An interrupted or timed out wait
	 * returns like any other: the caller looks at its sources either way.
	 */
	atomic_exchange(&region->header->executor_sleeping[executor], 1);
	if (atomic_load(word) == seen)
		syscall(SYS_futex, word, FUTEX_WAIT, seen, &timeout, NULL, 0);
	atomic_exchange(&region->header->executor_sleeping[executor], 0);
	return atomic_load(word);
}

void
fusion_wake_backend(const FusionRegion *region, const FusionWakeFds *fds, uint32_t control_slot)
{
	if (control_slot < region->control_slot_count &&
		atomic_exchange(&region->control_slots[control_slot].result_sleeping, 0) != 0)
		ring(fds->control[control_slot]);
}

void
fusion_wake_producer(const FusionRegion *region, const FusionWakeFds *fds, uint32_t scan_slot)
{
	if (scan_slot < region->scan_slot_count && atomic_exchange(&region->scan_slots[scan_slot].sleeping, 0) != 0)
		ring(fds->scan[scan_slot]);
}

void
fusion_wake_regardless(void *fds, FusionSlotKind kind, uint32_t index)
{
	const FusionWakeFds *wake = fds;

	ring(kind == FUSION_SLOT_CONTROL ? wake->control[index] : wake->scan[index]);
}

void
fusion_backend_sleeping(const FusionRegion *region, uint32_t control_slot, bool sleeping)
{
	if (control_slot < region->control_slot_count)
		atomic_exchange(&region->control_slots[control_slot].result_sleeping, sleeping);
}

void
fusion_producer_sleeping(const FusionRegion *region, uint32_t scan_slot, bool sleeping)
{
	if (scan_slot < region->scan_slot_count)
		atomic_exchange(&region->scan_slots[scan_slot].sleeping, sleeping);
}

/* The bitmap word for a waiter; NULL when the index is out of range. */
static _Atomic uint64_t *
waiter_word(const FusionRegion *region, FusionSlotKind kind, uint32_t index)
{
	if (fusion_slot_word(region, kind, index) == NULL)
		return NULL;
	return kind == FUSION_SLOT_CONTROL ? &region->header->page_waiters_control[index / 64]
		: &region->header->page_waiters_scan[index / 64];
}

void
fusion_page_wait_begin(const FusionRegion *region, FusionSlotKind kind, uint32_t index)
{
	_Atomic uint64_t *word = waiter_word(region, kind, index);

	if (word != NULL)
		atomic_fetch_or(word, 1ull << (index % 64));
}

void
fusion_page_wait_end(const FusionRegion *region, FusionSlotKind kind, uint32_t index)
{
	_Atomic uint64_t *word = waiter_word(region, kind, index);

	if (word != NULL)
		atomic_fetch_and(word, ~(1ull << (index % 64)));
}

/*
 * The release of the page came before; the waiter set its bit before it looked for pages. All four accesses are
 * sequentially consistent, so a waiter that missed the page has its bit seen here.
 */
static uint64_t
take_waiters(_Atomic uint64_t *word)
{
	return atomic_load(word) == 0 ? 0 : atomic_exchange(word, 0);
}

void
fusion_wake_page_waiters(const FusionRegion *region, const FusionWakeFds *fds)
{
	for (uint32_t word = 0; word * 64 < region->control_slot_count; word++)
	{
		for (uint64_t bits = take_waiters(&region->header->page_waiters_control[word]); bits != 0; bits &= bits - 1)
		{
			uint32_t	slot = word * 64 + (uint32_t) __builtin_ctzll(bits);

			fusion_wake_executor_of(region, slot);
			fusion_wake_backend(region, fds, slot);
		}
	}
	for (uint32_t word = 0; word * 64 < region->scan_slot_count; word++)
		for (uint64_t bits = take_waiters(&region->header->page_waiters_scan[word]); bits != 0; bits &= bits - 1)
			fusion_wake_producer(region, fds, word * 64 + (uint32_t) __builtin_ctzll(bits));
}
