/*
 * runtime_filter.c
 *    Slots of runtime filters, and the three things a filter can be: one bit for each value between the least and the
 *    largest, a small set of the values themselves, or a blocked Bloom filter over hashes of the keys.
 *
 * Bloom: a block is one 64-bit word, a key sets four bits of one block, so that a test is one load. With 16 bits a key
 * a block holds 4 keys on average, and a foreign key finds its bits set in about 1 of 200 cases; with 8 bits a key in
 * 1 of 30 (see the test for the sum). Putze, Sanders, Singler: Cache-, hash- and space-efficient Bloom filters, 2009.
 */
#include "runtime_filter.h"

#include "words.h"

/* Wanted for each key, and the least that is worth publishing. */
#define BITS_PER_KEY 16
#define BITS_PER_KEY_MIN 6
/* A set stays in the first-level cache: 4 entries of 8 bytes for each of 512 keys are 16 KiB. */
#define SET_KEYS_MAX 512
#define SET_ENTRIES_PER_KEY 4
/* A bitmap may be this much larger than the Bloom filter it replaces: it is exact, and its test is shorter. */
#define BITMAP_EXCESS 8

/* ---- slots ---- */

static FusionFilterSlot *
slot_in(const FusionRegion *region, FusionLease filter, uint32_t state)
{
	FusionFilterSlot *slot;
	FusionPageWord w;

	if (filter.index >= region->filter_slot_count)
		return NULL;
	slot = &region->filter_slots[filter.index];
	w = fusion_page_unpack(atomic_load(&slot->word));
	return w.generation == filter.epoch && w.state == state ? slot : NULL;
}

static uint64_t *
data_of(const FusionRegion *region, uint32_t index)
{
	return (uint64_t *) (region->filter_data + (uint64_t) index * (region->filter_bits / 8));
}

FusionStatus
fusion_filter_acquire(const FusionRegion *region, FusionLease control, FusionLease *filter)
{
	for (uint32_t i = 0; i < region->filter_slot_count; i++)
	{
		/* Executions begin apart, so that they seldom meet on a word. */
		uint32_t	index = (control.index * 4 + i) % region->filter_slot_count;
		_Atomic uint64_t *at = &region->filter_slots[index].word;
		uint64_t	word = atomic_load(at);
		FusionPageWord w = fusion_page_unpack(word);

		if (w.state != FUSION_FILTER_FREE)
			continue;
		/* Generation 0 means "none" to callers, so the rise skips it. */
		w.generation = (w.generation + 1) & FUSION_PAGE_GENERATION_MASK;
		if (w.generation == 0)
			w.generation = 1;
		w.slot = (uint16_t) control.index;
		w.epoch = (uint16_t) control.epoch;
		w.side = 0;
		w.state = FUSION_FILTER_LEASED;
		/* Linearization point: owner and state appear at once, so a release of an earlier owner cannot hit it. */
		if (atomic_compare_exchange_strong(at, &word, fusion_page_pack(w)))
		{
			*filter = (FusionLease) {.index = index, .epoch = w.generation};
			return FUSION_OK;
		}
	}
	return FUSION_FULL;
}

void
fusion_filters_release(const FusionRegion *region, FusionLease control)
{
	for (uint32_t i = 0; i < region->filter_slot_count; i++)
	{
		_Atomic uint64_t *at = &region->filter_slots[i].word;
		uint64_t	word = atomic_load(at);

		for (int attempt = 0; attempt < FUSION_CAS_ATTEMPTS; attempt++)
		{
			FusionPageWord w = fusion_page_unpack(word);

			if (w.state == FUSION_FILTER_FREE || !fusion_page_owned_by(w, control))
				break;
			w.state = FUSION_FILTER_FREE;
			if (atomic_compare_exchange_strong(at, &word, fusion_page_pack(w)))
				break;
		}
	}
}

uint32_t
fusion_filters_held(const FusionRegion *region)
{
	uint32_t	held = 0;

	for (uint32_t i = 0; i < region->filter_slot_count; i++)
		if (fusion_page_unpack(atomic_load(&region->filter_slots[i].word)).state != FUSION_FILTER_FREE)
			held++;
	return held;
}

static FusionStatus
move(const FusionRegion *region, FusionLease filter, uint32_t from, uint32_t to)
{
	FusionFilterSlot *slot = slot_in(region, filter, from);
	uint64_t	word;
	FusionPageWord w;

	if (slot == NULL)
		return FUSION_STALE;
	word = atomic_load(&slot->word);
	w = fusion_page_unpack(word);
	if (w.generation != filter.epoch || w.state != from)
		return FUSION_STALE;
	w.state = (uint8_t) to;
	/* Linearization point; READY also orders all that was written before it. */
	return atomic_compare_exchange_strong(&slot->word, &word, fusion_page_pack(w)) ? FUSION_OK : FUSION_STALE;
}

/* ---- building ---- */

FusionStatus
fusion_filter_begin(const FusionRegion *region, FusionLease filter)
{
	FusionStatus status = move(region, filter, FUSION_FILTER_LEASED, FUSION_FILTER_BUILDING);

	if (status == FUSION_OK)
	{
		FusionFilterSlot *slot = &region->filter_slots[filter.index];

		slot->kind = FUSION_FILTER_KIND_EMPTY;
		slot->size_log2 = 0;
		slot->rows = 0;
		slot->least = INT64_MAX;
		slot->largest = INT64_MIN;
		slot->vacant = 0;
	}
	return status;
}

FusionStatus
fusion_filter_publish(const FusionRegion *region, FusionLease filter)
{
	return move(region, filter, FUSION_FILTER_BUILDING, FUSION_FILTER_READY);
}

FusionStatus
fusion_filter_decline(const FusionRegion *region, FusionLease filter)
{
	if (move(region, filter, FUSION_FILTER_BUILDING, FUSION_FILTER_DECLINED) == FUSION_OK)
		return FUSION_OK;
	return move(region, filter, FUSION_FILTER_LEASED, FUSION_FILTER_DECLINED);
}

/* Rows and their keys lie within the memory. Strings are checked one by one. */
static bool
rows_fit(const FusionFilterRows *rows)
{
	if (rows->row_bytes < 8 || rows->first > rows->end || rows->end > rows->memory_bytes || rows->key_count == 0 ||
		rows->key_count > FUSION_FILTER_KEYS_MAX || rows->flags_offset > rows->row_bytes - 4)
		return false;
	for (uint32_t i = 0; i < rows->key_count; i++)
	{
		uint32_t	bytes = rows->keys[i].kind == FUSION_FILTER_KEY_WORD ? 8 : 16;

		if (rows->row_bytes < bytes || rows->keys[i].offset > rows->row_bytes - bytes)
			return false;
	}
	return true;
}

static inline bool
is_skipped(const FusionFilterRows *rows, const uint8_t *row)
{
	uint32_t	flags;

	memcpy(&flags, row + rows->flags_offset, sizeof(flags));
	return (flags & rows->flags_skip) != 0;
}

static inline uint64_t
word_at(const uint8_t *at)
{
	uint64_t	word;

	memcpy(&word, at, sizeof(word));
	return word;
}

/* Views of up to 12 bytes hold them behind their length. */
#define VIEW_INLINE_BYTES 12

static bool
mix_view(const FusionFilterRows *rows, const uint8_t *view, uint64_t *hash)
{
	uint32_t	length = (uint32_t) word_at(view);
	uint64_t	address;

	if (length <= VIEW_INLINE_BYTES)
	{
		*hash = fusion_filter_mix_bytes(*hash, view + 4, length);
		return true;
	}
	address = word_at(view + 8) >> 32;
	if (address > rows->memory_bytes || length > rows->memory_bytes - address)
		return false;
	*hash = fusion_filter_mix_bytes(*hash, rows->memory + address, length);
	return true;
}

static bool
hash_row(const FusionFilterRows *rows, const uint8_t *row, uint64_t *hash)
{
	*hash = 0;
	for (uint32_t i = 0; i < rows->key_count; i++)
	{
		const uint8_t *at = row + rows->keys[i].offset;

		switch (rows->keys[i].kind)
		{
			case FUSION_FILTER_KEY_WORD:
				*hash = fusion_filter_mix(*hash, word_at(at));
				break;
			case FUSION_FILTER_KEY_PAIR:
				*hash = fusion_filter_mix(fusion_filter_mix(*hash, word_at(at)), word_at(at + 8));
				break;
			case FUSION_FILTER_KEY_BYTES:
				if (!mix_view(rows, at, hash))
					return false;
				break;
		}
	}
	*hash = fusion_filter_finish(*hash);
	return true;
}

static bool
has_one_word(const FusionFilterRows *rows)
{
	return rows->key_count == 1 && rows->keys[0].kind == FUSION_FILTER_KEY_WORD;
}

FusionStatus
fusion_filter_measure(const FusionRegion *region, FusionLease filter, const FusionFilterRows *rows)
{
	FusionFilterSlot *slot = slot_in(region, filter, FUSION_FILTER_BUILDING);
	int64_t		least;
	int64_t		largest;

	if (slot == NULL)
		return FUSION_STALE;
	if (!rows_fit(rows) || !has_one_word(rows))
		return FUSION_CORRUPT;
	least = slot->least;
	largest = slot->largest;
	for (uint32_t at = rows->first; rows->end - at >= rows->row_bytes; at += rows->row_bytes)
	{
		const uint8_t *row = rows->memory + at;
		int64_t		value = (int64_t) word_at(row + rows->keys[0].offset);

		if (is_skipped(rows, row))
			continue;
		least = value < least ? value : least;
		largest = value > largest ? value : largest;
	}
	slot->least = least;
	slot->largest = largest;
	return FUSION_OK;
}

/* The power of two that is at least `value`. */
static uint32_t
log2_above(uint64_t value)
{
	uint32_t	log2 = 0;

	while (log2 < 63 && (1ull << log2) < value)
		log2++;
	return log2;
}

/* A value that no key has; false when every one is taken between the least and the largest. */
static bool
choose_vacant(FusionFilterSlot *slot)
{
	if (slot->least > INT64_MIN)
		slot->vacant = slot->least - 1;
	else if (slot->largest < INT64_MAX)
		slot->vacant = slot->largest + 1;
	else
		return false;
	return true;
}

FusionStatus
fusion_filter_size(const FusionRegion *region, FusionLease filter, uint64_t rows, bool one_word)
{
	FusionFilterSlot *slot = slot_in(region, filter, FUSION_FILTER_BUILDING);
	uint64_t   *data;
	uint64_t	span;
	uint64_t	bloom_bits;

	if (slot == NULL)
		return FUSION_STALE;
	data = data_of(region, filter.index);
	/* All rows may be left out for a NULL key. */
	if (rows == 0 || (one_word && slot->least > slot->largest))
	{
		slot->kind = FUSION_FILTER_KIND_EMPTY;
		return FUSION_OK;
	}
	if (rows > region->filter_bits)
		return FUSION_TOO_LARGE;
	bloom_bits = 1ull << log2_above(rows * BITS_PER_KEY < 64 ? 64 : rows * BITS_PER_KEY);
	if (bloom_bits > region->filter_bits)
		bloom_bits = region->filter_bits;
	span = (uint64_t) slot->largest - (uint64_t) slot->least;
	if (one_word && span < region->filter_bits && span / BITMAP_EXCESS < bloom_bits)
	{
		slot->kind = FUSION_FILTER_KIND_BITMAP;
		memset(data, 0, (span / 64 + 1) * sizeof(uint64_t));
		return FUSION_OK;
	}
	if (one_word && rows <= SET_KEYS_MAX && choose_vacant(slot))
	{
		slot->kind = FUSION_FILTER_KIND_SET;
		slot->size_log2 = log2_above(rows * SET_ENTRIES_PER_KEY);
		for (uint64_t i = 0; i < 1ull << slot->size_log2; i++)
			data[i] = (uint64_t) slot->vacant;
		return FUSION_OK;
	}
	if (bloom_bits < rows * BITS_PER_KEY_MIN)
		return FUSION_TOO_LARGE;
	slot->kind = FUSION_FILTER_KIND_BLOOM;
	slot->size_log2 = log2_above(bloom_bits / 64);
	memset(data, 0, bloom_bits / 8);
	return FUSION_OK;
}

/* ---- what a place is ---- */

static inline uint64_t
place_of(uint64_t hash, uint32_t shift)
{
	/* A shift by 64 is undefined, and a filter of one block has no choice. */
	return shift >= 64 ? 0 : hash >> shift;
}

static inline uint64_t
block_bits(uint64_t hash)
{
	return 1ull << (hash & 63) | 1ull << ((hash >> 6) & 63) | 1ull << ((hash >> 12) & 63) | 1ull << ((hash >> 18) & 63);
}

static inline uint64_t
hash_word(int64_t word)
{
	return fusion_filter_finish(fusion_filter_mix(0, (uint64_t) word));
}

static void
enter_word(FusionFilterSlot *slot, uint64_t *data, int64_t value)
{
	uint64_t	place;
	uint64_t	last;

	if (slot->kind == FUSION_FILTER_KIND_BITMAP)
	{
		place = (uint64_t) value - (uint64_t) slot->least;
		data[place / 64] |= 1ull << (place % 64);
		return;
	}
	last = (1ull << slot->size_log2) - 1;
	place = place_of(hash_word(value), 64 - slot->size_log2);
	/* There are four entries for each row, so the walk ends at a vacant one. */
	while (data[place] != (uint64_t) slot->vacant && data[place] != (uint64_t) value)
		place = (place + 1) & last;
	data[place] = (uint64_t) value;
}

FusionStatus
fusion_filter_enter(const FusionRegion *region, FusionLease filter, const FusionFilterRows *rows)
{
	FusionFilterSlot *slot = slot_in(region, filter, FUSION_FILTER_BUILDING);
	uint64_t   *data;
	uint64_t	hash;
	uint64_t	entered = 0;

	if (slot == NULL)
		return FUSION_STALE;
	if (!rows_fit(rows))
		return FUSION_CORRUPT;
	data = data_of(region, filter.index);
	for (uint32_t at = rows->first; rows->end - at >= rows->row_bytes; at += rows->row_bytes)
	{
		const uint8_t *row = rows->memory + at;

		if (is_skipped(rows, row))
			continue;
		entered++;
		if (slot->kind == FUSION_FILTER_KIND_BLOOM)
		{
			if (!hash_row(rows, row, &hash))
				return FUSION_CORRUPT;
			data[place_of(hash, 64 - slot->size_log2)] |= block_bits(hash);
		}
		else if (slot->kind != FUSION_FILTER_KIND_EMPTY)
		{
			int64_t		value = (int64_t) word_at(row + rows->keys[0].offset);

			/* Only what was measured has a place. */
			if (!has_one_word(rows) || value < slot->least || value > slot->largest)
				return FUSION_CORRUPT;
			enter_word(slot, data, value);
		}
		else
			return FUSION_CORRUPT;
	}
	slot->rows += entered;
	return FUSION_OK;
}

/* ---- testing ---- */

FusionStatus
fusion_filter_attach(const FusionRegion *region, FusionLease filter, FusionFilterView *view)
{
	FusionFilterSlot *slot;
	FusionPageWord w;
	uint32_t	size_log2;

	if (filter.index >= region->filter_slot_count)
		return FUSION_STALE;
	slot = &region->filter_slots[filter.index];
	w = fusion_page_unpack(atomic_load(&slot->word));
	if (w.generation != filter.epoch || w.state == FUSION_FILTER_FREE || w.state == FUSION_FILTER_DECLINED)
		return FUSION_STALE;
	if (w.state != FUSION_FILTER_READY)
		return FUSION_EMPTY;
	size_log2 = slot->size_log2;
	*view = (FusionFilterView) {
		.kind = slot->kind,
		.least = slot->least,
		.largest = slot->largest,
		.vacant = slot->vacant,
		.data = data_of(region, filter.index)
	};
	/* The words were written by another process: a size that does not fit is no filter. */
	switch (view->kind)
	{
		case FUSION_FILTER_KIND_EMPTY:
			return FUSION_OK;
		case FUSION_FILTER_KIND_BITMAP:
			view->last = (uint64_t) view->largest - (uint64_t) view->least;
			return view->least <= view->largest && view->last < region->filter_bits ? FUSION_OK : FUSION_STALE;
		case FUSION_FILTER_KIND_SET:
		case FUSION_FILTER_KIND_BLOOM:
			if (size_log2 > 32 || (64ull << size_log2) > region->filter_bits)
				return FUSION_STALE;
			view->shift = 64 - size_log2;
			view->last = (1ull << size_log2) - 1;
			return FUSION_OK;
		default:
			return FUSION_STALE;
	}
}

static inline bool
set_has(const FusionFilterView *view, int64_t value)
{
	uint64_t	place = place_of(hash_word(value), view->shift);

	/* Bounded, because the entries may be a hostile peer's. */
	for (uint64_t step = 0; step <= view->last; step++)
	{
		if (view->data[place] == (uint64_t) value)
			return true;
		if (view->data[place] == (uint64_t) view->vacant)
			return false;
		place = (place + 1) & view->last;
	}
	return true;
}

static inline bool
bloom_has(const FusionFilterView *view, uint64_t hash)
{
	uint64_t	bits = block_bits(hash);

	return (view->data[place_of(hash, view->shift)] & bits) == bits;
}

void
fusion_filter_test_words(const FusionFilterView *view, const int64_t *words, uint32_t count, uint8_t *keep)
{
	switch (view->kind)
	{
		case FUSION_FILTER_KIND_EMPTY:
			memset(keep, 0, count);
			break;
		case FUSION_FILTER_KIND_BITMAP:
			for (uint32_t i = 0; i < count; i++)
			{
				uint64_t	place = (uint64_t) words[i] - (uint64_t) view->least;
				bool		in_range = place <= view->last;

				place = in_range ? place : 0;
				keep[i] &= in_range & (uint8_t) (view->data[place / 64] >> (place % 64));
			}
			break;
		case FUSION_FILTER_KIND_SET:
			for (uint32_t i = 0; i < count; i++)
				if (keep[i] != 0)
					keep[i] = words[i] >= view->least && words[i] <= view->largest && set_has(view, words[i]);
			break;
		default:
			for (uint32_t i = 0; i < count; i++)
				if (keep[i] != 0)
					keep[i] = words[i] >= view->least && words[i] <= view->largest &&
						bloom_has(view, hash_word(words[i]));
			break;
	}
}

void
fusion_filter_test_hashes(const FusionFilterView *view, const uint64_t *hashes, uint32_t count, uint8_t *keep)
{
	if (view->kind == FUSION_FILTER_KIND_EMPTY)
		memset(keep, 0, count);
	/* A set or bitmap holds values: whoever has hashes only has come to the wrong filter, and rejects nothing. */
	if (view->kind != FUSION_FILTER_KIND_BLOOM)
		return;
	for (uint32_t i = 0; i < count; i++)
		keep[i] &= (uint8_t) bloom_has(view, hashes[i]);
}
