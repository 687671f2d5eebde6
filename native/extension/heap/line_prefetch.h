/*
 * line_prefetch.h
 *    Cache lines that will be read soon, asked for a few at a time between pieces of other work.
 *
 * Asked for at once, the lines of a block overrun the processor's miss buffers: it stalls, and what was asked for
 * comes late. Only a hint: the memory is not read, and may have become something else meanwhile.
 */
#ifndef FUSION_LINE_PREFETCH_H
#define FUSION_LINE_PREFETCH_H

#include "postgres.h"

#define FUSION_CACHE_LINE_BYTES 64

typedef struct FusionLinePrefetch
{
	const char *next;
	const char *end;
} FusionLinePrefetch;

/* Asks for up to `lines` more of them. */
static pg_attribute_always_inline void
fusion_prefetch_lines(FusionLinePrefetch *wanted, int lines)
{
	const char *next = wanted->next;
	const char *end = wanted->end;

	for (; lines > 0 && next < end; lines--, next += FUSION_CACHE_LINE_BYTES)
		__builtin_prefetch(next);
	wanted->next = next;
}

#endif							/* FUSION_LINE_PREFETCH_H */
