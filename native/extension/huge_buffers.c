/*
 * huge_buffers.c
 *    The view and the moves. See huge_buffers.h for the reason.
 *
 *    small -> asked (a scan read a buffer there) -> huge, or refused (the kernel has none)
 *
 * PostgreSQL's segment stands at an address that huge pages cannot have, so each process that scans maps it a second
 * time, aligned and for reading alone. The kernel is asked to move pages there (MADV_COLLAPSE, Linux 6.1), which works
 * whatever the machine's settings for transparent huge pages. Only the supervisor does so: a move copies 2 MB, and
 * other processes go on meanwhile. Each piece is moved once in the life of the segment and with it what it holds later.
 * Nothing is done where huge_pages already had effect.
 */
#include "postgres.h"

#include <stdatomic.h>
#include <sys/mman.h>

#include "huge_buffers.h"
#include "metrics.h"
#include "miscadmin.h"
#include "settings.h"
#include "storage/bufmgr.h"
#include "storage/fd.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/lwlock.h"
#include "storage/proc.h"
#include "storage/shmem.h"

/* Of Linux 6.1; older headers do not know it, and older kernels refuse it. */
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

#define PIECE_SIZE_FILE "/sys/kernel/mm/transparent_hugepage/hpage_pmd_size"
/* Larger ones, as on some machines with large base pages, are not worth their weight. */
#define PIECE_BYTES_MAX (32 * 1024 * 1024)

/* 16 MB on ordinary machines: some milliseconds, after which the supervisor looks at its other duties. */
#define PIECES_PER_MOVE 8

typedef enum PieceState
{
	PIECE_SMALL,
	PIECE_ASKED,
	PIECE_HUGE,
	PIECE_REFUSED
} PieceState;

/* In PostgreSQL's shared memory. */
typedef struct SharedPieces
{
	Latch	   *volatile supervisor;	/* NULL while nobody serves */
	_Atomic uint8 states[FLEXIBLE_ARRAY_MEMBER];	/* PieceState, by piece of the view */
} SharedPieces;

/* Found out in the postmaster, the same in all its children. */
typedef struct ViewGeometry
{
	size_t		piece_bytes;	/* of a huge page; 0: no view is possible */
	char	   *source;			/* where PostgreSQL has what the view begins with */
	size_t		bytes;			/* of the view: whole pieces, except for the last */
	size_t		first_buffer;	/* where in the view buffer 1 is */
} ViewGeometry;

static SharedPieces *pieces = NULL;
static ViewGeometry geometry;
static const char *view = NULL; /* this process's */
static bool view_failed = false;
static shmem_request_hook_type previous_request_hook = NULL;
static shmem_startup_hook_type previous_startup_hook = NULL;

/* ---- where everything stands ---- */

/* Bytes of a huge page; 0 when the kernel has none that suit. */
static size_t
find_piece_bytes(void)
{
	FILE	   *file = AllocateFile(PIECE_SIZE_FILE, "r");
	size_t		bytes = 0;

	if (file == NULL)
		return 0;
	if (fscanf(file, "%zu", &bytes) != 1 || bytes > PIECE_BYTES_MAX || (bytes & (bytes - 1)) != 0)
		bytes = 0;
	FreeFile(file);
	return bytes;
}

static size_t
buffer_bytes(void)
{
	return (size_t) NBuffers * BLCKSZ;
}

/* The buffers may begin and end within a piece. */
static size_t
pieces_max(void)
{
	return geometry.piece_bytes == 0 ? 0 : buffer_bytes() / geometry.piece_bytes + 2;
}

static size_t
shared_bytes(void)
{
	return offsetof(SharedPieces, states) + pieces_max();
}

/*
 * The mapping around an address: where it begins, and the offset of that in the object mapped; false when it is not
 * ordinary shared memory. This is what tells where in that object huge pages begin.
 */
static bool
find_mapping(const char *address, char **begin, char **end, size_t *offset)
{
	FILE	   *file = AllocateFile("/proc/self/maps", "r");
	char		line[MAXPGPATH + 128];
	bool		found = false;

	if (file == NULL)
		return false;
	while (!found && fgets(line, sizeof(line), file) != NULL)
	{
		unsigned long from;
		unsigned long to;
		unsigned long place;
		char		permissions[8];

		if (sscanf(line, "%lx-%lx %4s %lx", &from, &to, permissions, &place) != 4 ||
			(uintptr_t) address < from || (uintptr_t) address >= to)
			continue;
		if (permissions[3] != 's' || strstr(line, "hugepage") != NULL)
			break;
		*begin = (char *) from;
		*end = (char *) to;
		*offset = place;
		found = true;
	}
	FreeFile(file);
	return found;
}

static void
find_geometry(void)
{
	size_t		piece_bytes = geometry.piece_bytes;
	char	   *begin;
	char	   *end;
	size_t		offset;
	size_t		first;

	geometry.bytes = 0;
	if (piece_bytes == 0 || !find_mapping(BufferBlocks, &begin, &end, &offset) ||
		BufferBlocks + buffer_bytes() > end)
		return;
	first = TYPEALIGN_DOWN(piece_bytes, offset + (size_t) (BufferBlocks - begin));
	if (first < offset)
		return;
	geometry.source = begin + (first - offset);
	geometry.first_buffer = (size_t) (BufferBlocks - geometry.source);
	geometry.bytes = Min(TYPEALIGN(piece_bytes, geometry.first_buffer + buffer_bytes()),
						 (size_t) (end - geometry.source));
}

static void
request_hook(void)
{
	if (previous_request_hook)
		previous_request_hook();
	geometry.piece_bytes = fusion_setting_huge_buffers ? find_piece_bytes() : 0;
	RequestAddinShmemSpace(MAXALIGN(shared_bytes()));
}

static void
startup_hook(void)
{
	bool		found;

	if (previous_startup_hook)
		previous_startup_hook();
	if (!IsPostmasterEnvironment || IsUnderPostmaster)
		return;
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	pieces = ShmemInitStruct("pg_fusion huge buffers", shared_bytes(), &found);
	memset(pieces, 0, shared_bytes());
	LWLockRelease(AddinShmemInitLock);
	find_geometry();
}

void
fusion_huge_buffers_init(void)
{
	previous_request_hook = shmem_request_hook;
	shmem_request_hook = request_hook;
	previous_startup_hook = shmem_startup_hook;
	shmem_startup_hook = startup_hook;
}

/* ---- the view ---- */

/*
 * Maps the segment a second time. A process that cannot goes without. The postmaster never does: what it forks would
 * inherit the view, and one that outlives a crash restart (the log collector) keep the old segment's memory.
 */
static const char *
make_view(void)
{
	size_t		align = geometry.piece_bytes;
	const int	reserving = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
	char	   *room = mmap(NULL, geometry.bytes + align, PROT_NONE, reserving, -1, 0);
	char	   *begin;
	size_t		before;

	if (room == MAP_FAILED)
		return NULL;
	begin = (char *) TYPEALIGN(align, room);
	before = (size_t) (begin - room);
	if (before > 0)
		munmap(room, before);
	munmap(begin + geometry.bytes, align - before);
	/* An old length of 0 leaves the old mapping as it is. */
	if (mremap(geometry.source, 0, geometry.bytes, MREMAP_MAYMOVE | MREMAP_FIXED, begin) == MAP_FAILED ||
		mprotect(begin, geometry.bytes, PROT_READ) != 0)
	{
		munmap(begin, geometry.bytes);
		return NULL;
	}
	/* A core file has these bytes once. */
	(void) madvise(begin, geometry.bytes, MADV_DONTDUMP);
	return begin;
}

static bool
has_view(void)
{
	if (view == NULL && !view_failed && geometry.bytes > 0)
	{
		view = make_view();
		view_failed = view == NULL;
	}
	return view != NULL;
}

static void
ask(size_t piece)
{
	uint8		expected = PIECE_SMALL;
	Latch	   *supervisor = pieces->supervisor;

	if (supervisor != NULL && atomic_compare_exchange_strong(&pieces->states[piece], &expected, PIECE_ASKED))
		SetLatch(supervisor);
}

const char *
fusion_huge_buffers_read(Buffer buffer, bool *is_huge)
{
	size_t		at;
	uint8		state;

	*is_huge = false;
	if (BufferIsLocal(buffer) || !has_view())
		return (const char *) BufferGetBlock(buffer);
	at = geometry.first_buffer + (size_t) (buffer - 1) * BLCKSZ;
	/* A block across two pieces follows the first: either view has all of it. */
	state = atomic_load_explicit(&pieces->states[at / geometry.piece_bytes], memory_order_relaxed);
	if (state == PIECE_SMALL)
		ask(at / geometry.piece_bytes);
	*is_huge = state == PIECE_HUGE;
	return *is_huge ? view + at : (const char *) BufferGetBlock(buffer);
}

/* ---- the moves ---- */

static void
stop_serving(int code, Datum argument)
{
	pieces->supervisor = NULL;
}

void
fusion_huge_buffers_serve(void)
{
	if (geometry.bytes == 0)
		return;
	before_shmem_exit(stop_serving, (Datum) 0);
	pieces->supervisor = MyLatch;
}

static void
set_states(size_t first, size_t count, PieceState state)
{
	for (size_t piece = first; piece < first + count; piece++)
		atomic_store_explicit(&pieces->states[piece], (uint8) state, memory_order_relaxed);
	if (state == PIECE_HUGE)
		fusion_count(FUSION_METRIC_SCAN_HUGE_BUFFERS, count * geometry.piece_bytes);
}

static bool
collapse(size_t first, size_t count)
{
	return madvise((char *) view + first * geometry.piece_bytes, count * geometry.piece_bytes, MADV_COLLAPSE) == 0;
}

static void
move_one(size_t piece)
{
	if (collapse(piece, 1))
		set_states(piece, 1, PIECE_HUGE);
	else if (errno == EAGAIN)
		/* Somebody holds a page of it just now; the next scan asks again. */
		set_states(piece, 1, PIECE_SMALL);
	else
		set_states(piece, 1, PIECE_REFUSED);
}

static bool
is_asked(size_t piece)
{
	return atomic_load_explicit(&pieces->states[piece], memory_order_relaxed) == PIECE_ASKED;
}

bool
fusion_huge_buffers_move(void)
{
	size_t		whole = geometry.piece_bytes == 0 ? 0 : geometry.bytes / geometry.piece_bytes;
	size_t		first = 0;
	size_t		count = 0;

	if (geometry.bytes == 0 || !has_view())
		return false;
	while (first < whole && !is_asked(first))
		first++;
	while (count < PIECES_PER_MOVE && first + count < whole && is_asked(first + count))
		count++;
	if (count == 0)
		return false;
	/* Together they cost the kernel one pause instead of several. */
	if (collapse(first, count))
		set_states(first, count, PIECE_HUGE);
	else
		for (size_t piece = first; piece < first + count; piece++)
			move_one(piece);
	return true;
}
