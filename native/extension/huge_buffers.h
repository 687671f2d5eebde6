/*
 * huge_buffers.h
 *    PostgreSQL's shared buffers in huge pages, as far as batch scans read them, and a view that profits from it.
 *
 * Buffers in small pages cost every new process, a parallel worker above all, a page fault for each few of them and as
 * much again at its exit: a third of a selective scan's time. Not for writing, and nothing depends on it: a block has
 * the same bytes in either view, and stays where it is when the kernel has no huge page. Read next: heap/visible.c.
 */
#ifndef FUSION_HUGE_BUFFERS_H
#define FUSION_HUGE_BUFFERS_H

#include "postgres.h"

#include "storage/buf.h"

/* Registers the hooks for shared memory; _PG_init only. */
extern void fusion_huge_buffers_init(void);

/*
 * The bytes of a pinned buffer, for reading: where they are cheapest to reach. Asks the supervisor for huge pages
 * around the buffer if nobody has yet.
 */
extern const char *fusion_huge_buffers_read(Buffer buffer, bool *is_huge);

/* The supervisor's part: its latch is set when buffers are asked for. */
extern void fusion_huge_buffers_serve(void);

/* Moves some of the buffers asked for; false when none are left. */
extern bool fusion_huge_buffers_move(void);

#endif							/* FUSION_HUGE_BUFFERS_H */
