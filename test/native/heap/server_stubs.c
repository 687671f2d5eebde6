/*
 * server_stubs.c
 *    The few server functions that page_writer.c, import.c, numeric_codec.c and the heap kernels call. See
 *    server_stubs.h.
 */
#include "server_stubs.h"

#include <time.h>

#include "access/detoast.h"
#include "collation_order.h"
#include "executor/tuptable.h"
#include "mb/pg_wchar.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

/* malloc, not an arena: the sanitizer must see the end of every single allocation. */
#define ALLOCATIONS_MAX (1 << 20)

jmp_buf		stub_error_jump;
char		stub_error_message[256];
MemoryContext CurrentMemoryContext = NULL;

static void *allocations[ALLOCATIONS_MAX];
static int	allocation_count = 0;

void
stub_free_memory(void)
{
	while (allocation_count > 0)
		free(allocations[--allocation_count]);
}

void *
palloc(Size size)
{
	void	   *memory = malloc(size > 0 ? size : 1);

	CHECK(memory != NULL && allocation_count < ALLOCATIONS_MAX);
	allocations[allocation_count++] = memory;
	return memory;
}

void *
palloc0(Size size)
{
	return memset(palloc(size), 0, size);
}

void *
MemoryContextAllocHuge(MemoryContext context, Size size)
{
	(void) context;
	return palloc(size);
}

void *
repalloc_huge(void *pointer, Size size)
{
	int			at = 0;

	while (at < allocation_count && allocations[at] != pointer)
		at++;
	CHECK(at < allocation_count);
	allocations[at] = realloc(pointer, size);
	CHECK(allocations[at] != NULL);
	return allocations[at];
}

/* Freed with everything else. */
void
pfree(void *pointer)
{
	(void) pointer;
}

MemoryContext
AllocSetContextCreateInternal(MemoryContext parent, const char *name, Size minimum, Size initial, Size maximum)
{
	(void) parent, (void) name, (void) minimum, (void) initial, (void) maximum;
	return NULL;
}

void
MemoryContextReset(MemoryContext context)
{
	(void) context;
}

/* Made of ICU's order by the server alone: no column here asks for them. */
FusionOrderKeys *
fusion_order_keys_create(Oid collation)
{
	(void) collation;
	abort();
}

StringInfo
fusion_order_key(FusionOrderKeys *keys, const char *text, uint32 length)
{
	(void) keys, (void) text, (void) length;
	abort();
}

bool
errstart(int level, const char *domain)
{
	(void) level, (void) domain;
	return true;
}

bool
errstart_cold(int level, const char *domain)
{
	return errstart(level, domain);
}

int
errcode(int code)
{
	return code;
}

int
errmsg(const char *format,...)
{
	va_list		arguments;

	va_start(arguments, format);
	vsnprintf(stub_error_message, sizeof(stub_error_message), format, arguments);
	va_end(arguments);
	return 0;
}

int
errmsg_internal(const char *format,...)
{
	(void) format;
	return 0;
}

int
errhint(const char *format,...)
{
	(void) format;
	return 0;
}

void
errfinish(const char *file, int line, const char *function)
{
	(void) file, (void) line, (void) function;
	longjmp(stub_error_jump, 1);
}

/* The tests call nothing that is toasted. */
struct varlena *
detoast_attr(struct varlena *attribute)
{
	(void) attribute;
	abort();
}

Oid
getBaseTypeAndTypmod(Oid type, int32 *typmod)
{
	(void) typmod;
	return type;
}

/*
 * As for UTF-8; a wrong lead byte counts as one character, and the last may reach past the end as in the
 * server.
 */
int
pg_mbstrlen_with_len(const char *text, int limit)
{
	int			length = 0;

	while (limit > 0 && *text)
	{
		int			bytes = (*text & 0x80) == 0 ? 1 : (*text & 0xe0) == 0xc0 ? 2 : (*text & 0xf0) == 0xe0 ? 3 :
			(*text & 0xf8) == 0xf0 ? 4 : 1;

		limit -= bytes;
		text += bytes;
		length++;
	}
	return length;
}

TupleTableSlot *
ExecStoreVirtualTuple(TupleTableSlot *slot)
{
	return slot;
}

double
seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

double
soak_seconds(double usual)
{
	const char *text = getenv("PG_FUSION_SOAK");

	return text != NULL && atof(text) > 0 ? atof(text) : usual;
}
