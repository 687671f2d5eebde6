/*
 * answer_cache.c
 *    A small array of request and answer bytes with least-recently-used replacement. See answer_cache.h.
 */
#include "postgres.h"

#include "answer_cache.h"
#include "common/hashfn.h"
#include "utils/memutils.h"

/* A session repeats few statements; at some 20 KB each the cache stays near a megabyte. */
#define ENTRY_COUNT 64

/* Requests beyond this (thousands of nodes) are rare and their planning is not what costs. */
#define ENTRY_BYTES_MAX (256 * 1024)

typedef struct CacheEntry
{
	uint64		hash;
	uint64		used;			/* value of `clock` at the last use; 0: free */
	size_t		request_length;
	size_t		answer_length;
	uint8	   *answer;			/* the request's bytes follow, at the next 8-byte boundary */
} CacheEntry;

static CacheEntry entries[ENTRY_COUNT];
static uint64 uses = 0;
static MemoryContext cache_context = NULL;

static uint8 *
request_of(const CacheEntry *entry)
{
	return entry->answer + MAXALIGN(entry->answer_length);
}

static CacheEntry *
find_entry(const uint8 *request, size_t length, uint64 hash)
{
	for (int i = 0; i < ENTRY_COUNT; i++)
	{
		CacheEntry *entry = &entries[i];

		if (entry->used != 0 && entry->hash == hash && entry->request_length == length &&
			memcmp(request_of(entry), request, length) == 0)
			return entry;
	}
	return NULL;
}

static CacheEntry *
oldest_entry(void)
{
	CacheEntry *oldest = &entries[0];

	for (int i = 1; i < ENTRY_COUNT; i++)
	{
		if (entries[i].used < oldest->used)
			oldest = &entries[i];
	}
	return oldest;
}

uint8 *
fusion_answer_cache_find(const uint8 *request, size_t length, size_t *answer_length)
{
	CacheEntry *entry;
	uint8	   *copy;

	if (length > ENTRY_BYTES_MAX)
		return NULL;
	entry = find_entry(request, length, hash_bytes_extended(request, (int) length, 0));
	if (entry == NULL)
		return NULL;
	entry->used = ++uses;
	/* A copy, because planning the leaves may plan other statements, which may drop this entry. */
	copy = palloc(entry->answer_length);
	memcpy(copy, entry->answer, entry->answer_length);
	*answer_length = entry->answer_length;
	return copy;
}

void
fusion_answer_cache_add(const uint8 *request, size_t length, const uint8 *answer, size_t answer_length)
{
	CacheEntry *entry;
	uint8	   *bytes;

	if (length > ENTRY_BYTES_MAX || answer_length > ENTRY_BYTES_MAX)
		return;
	if (cache_context == NULL)
		cache_context = AllocSetContextCreate(TopMemoryContext, "pg_fusion plan answers", ALLOCSET_DEFAULT_SIZES);
	bytes = MemoryContextAlloc(cache_context, MAXALIGN(answer_length) + length);
	memcpy(bytes, answer, answer_length);
	memcpy(bytes + MAXALIGN(answer_length), request, length);

	entry = oldest_entry();
	if (entry->used != 0)
		pfree(entry->answer);
	entry->hash = hash_bytes_extended(request, (int) length, 0);
	entry->used = ++uses;
	entry->request_length = length;
	entry->answer_length = answer_length;
	entry->answer = bytes;
}
