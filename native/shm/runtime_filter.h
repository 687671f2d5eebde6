/*
 * runtime_filter.h
 *    Runtime filters: what a hash join's build side holds, published in a slot of the region, so that the producers of
 *    a probed table can leave out rows that match nothing. Always advisory: a filter that is not ready, or not this
 *    execution's, is no filter. Who builds one when is src/worker/job_filters.ts; who tests rows is the extension.
 *
 *    FREE --acquire--> LEASED --begin--> BUILDING --publish--> READY
 *                         \-- decline ------\----------------> DECLINED        (any) --release--> FREE
 *
 * A slot belongs to a control lease. Every reader is an owner of that lease for as long as it reads, and only the
 * lease's last owner releases, so a filter that was ready once stays as it is under its readers.
 *
 * Keys are 64-bit words of the engine (src/lowering/group_keys.ts): values of one word, decimals of two, and strings.
 * Floats are the word by which the engine compares them.
 * This file is the only definition of how they are hashed and entered, and of how they are looked up.
 */
#ifndef FUSION_RUNTIME_FILTER_H
#define FUSION_RUNTIME_FILTER_H

#include <string.h>

#include "slot.h"

/* Keys of one filter, at most: a join on more columns is filtered by the first ones. */
#define FUSION_FILTER_KEYS_MAX 8

/* Where the worker's side of a join keeps one key within a row, and as what. */
typedef enum FusionFilterKeyKind
{
	FUSION_FILTER_KEY_WORD,		/* a value, sign-extended */
	FUSION_FILTER_KEY_PAIR,		/* a decimal: low word, high word */
	FUSION_FILTER_KEY_BYTES		/* a view: its bytes in place, or an address in the upper half of its second word */
} FusionFilterKeyKind;

typedef struct FusionFilterKey
{
	FusionFilterKeyKind kind;
	uint32_t	offset;
} FusionFilterKey;

/* Rows of equal length that follow each other in the engine's memory. */
typedef struct FusionFilterRows
{
	const uint8_t *memory;
	uint64_t	memory_bytes;
	uint32_t	first;
	uint32_t	end;
	uint32_t	row_bytes;
	uint32_t	flags_offset;	/* of a word in each row; a row in which it has a bit of flags_skip matches nothing */
	uint32_t	flags_skip;
	uint32_t	key_count;
	FusionFilterKey keys[FUSION_FILTER_KEYS_MAX];
} FusionFilterRows;

/* Backend: a slot for filter `number` of the execution. FULL: none is left, which is no error. */
extern FusionStatus fusion_filter_acquire(const FusionRegion *region, FusionLease control, FusionLease *filter);

/* The last owner of a control lease frees its slots; idempotent. */
extern void fusion_filters_release(const FusionRegion *region, FusionLease control);
/* Slots that are not FREE. */
extern uint32_t fusion_filters_held(const FusionRegion *region);

/*
 * Worker: LEASED to BUILDING, then the rows twice: measured for their least and largest value, then entered into what
 * fusion_filter_size() chose for `rows` of them, then published. STALE: the slot is not in that state. CORRUPT: rows
 * outside of the memory. TOO_LARGE: so many keys do not fit; the filter is to be declined.
 */
extern FusionStatus fusion_filter_begin(const FusionRegion *region, FusionLease filter);
extern FusionStatus fusion_filter_measure(const FusionRegion *region, FusionLease filter, const FusionFilterRows *rows);
extern FusionStatus fusion_filter_size(const FusionRegion *region, FusionLease filter, uint64_t rows, bool one_word);
extern FusionStatus fusion_filter_enter(const FusionRegion *region, FusionLease filter, const FusionFilterRows *rows);
extern FusionStatus fusion_filter_publish(const FusionRegion *region, FusionLease filter);
extern FusionStatus fusion_filter_decline(const FusionRegion *region, FusionLease filter);

/* A ready filter as its readers see it: numbers checked and copied once. */
typedef struct FusionFilterView
{
	uint32_t	kind;			/* FILTER_KIND_* */
	uint32_t	shift;			/* takes a hash to a place: 64 - size_log2 */
	uint64_t	last;			/* last place */
	int64_t		least;
	int64_t		largest;
	int64_t		vacant;
	const uint64_t *data;
} FusionFilterView;

/* OK: *view may be used while the caller owns the control lease. EMPTY: not yet. STALE: never. */
extern FusionStatus fusion_filter_attach(const FusionRegion *region, FusionLease filter, FusionFilterView *view);

/* Clears keep[i] for each row i that matches nothing. */
extern void fusion_filter_test_words(const FusionFilterView *view, const int64_t *words, uint32_t count, uint8_t *keep);
extern void fusion_filter_test_hashes(const FusionFilterView *view, const uint64_t *hashes, uint32_t count,
									  uint8_t *keep);

/* ---- floats ---- */

/* One zero and one NaN; the word of NaN is no number's. */
static inline int64_t
fusion_filter_float32_word(float value)
{
	uint32_t	bits;

	memcpy(&bits, &value, sizeof(bits));
	return value != value ? -1 : value == 0 ? 0 : (int64_t) bits;
}

static inline int64_t
fusion_filter_float64_word(double value)
{
	int64_t		bits;

	memcpy(&bits, &value, sizeof(bits));
	return value != value ? -1 : value == 0 ? 0 : bits;
}

/* ---- the hash ---- */

#define FUSION_FILTER_MIX_WORD 0x9e3779b97f4a7c15ull
#define FUSION_FILTER_MIX_LAST 0xd6e8feb86659fd93ull

/* Takes one more word; a hash begins as 0. The product's upper half depends on every bit so far. */
static inline uint64_t
fusion_filter_mix(uint64_t hash, uint64_t word)
{
	hash ^= word;
	return (hash ^ (hash >> 32)) * FUSION_FILTER_MIX_WORD;
}

/* Spreads the upper half over the lower one, from which the bits within a block are taken. */
static inline uint64_t
fusion_filter_finish(uint64_t hash)
{
	hash = (hash ^ (hash >> 32)) * FUSION_FILTER_MIX_LAST;
	return hash ^ (hash >> 32);
}

/* Length first, so that no string is another one's beginning. */
static inline uint64_t
fusion_filter_mix_bytes(uint64_t hash, const uint8_t *bytes, uint32_t length)
{
	uint64_t	word;

	hash = fusion_filter_mix(hash, length);
	for (; length >= 8; length -= 8, bytes += 8)
	{
		memcpy(&word, bytes, 8);
		hash = fusion_filter_mix(hash, word);
	}
	if (length == 0)
		return hash;
	word = 0;
	memcpy(&word, bytes, length);
	return fusion_filter_mix(hash, word);
}

#endif							/* FUSION_RUNTIME_FILTER_H */
