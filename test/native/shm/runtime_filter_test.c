/*
 * runtime_filter_test.c
 *    Runtime filters: whose slots they are, that a ready one never rejects a key it holds, how often it lets a foreign
 *    one pass, and that hostile words in a slot reject nothing and end.
 */
#include "harness.h"

#include <math.h>

#include "runtime_filter.h"

#define BITS (1u << 20)
#define ROW_BYTES 48
#define FLAGS_AT 8
#define KEY_AT 16
#define MEMORY_BYTES (8u << 20)

static uint8_t *memory;
static uint32_t memory_used;

static const FusionRegionOptions options = {
	.page_bytes = 65536,
	.page_count = 8,
	.control_slot_count = 4,
	.scan_slot_count = 6,
	.control_ring_bytes = 4096,
	.metric_count = 16,
	.filter_slot_count = 3,
	.filter_bits = BITS,
	.incarnation = 7
};

static FusionRegion
open_region(FusionLease *control)
{
	FusionRegion region = make_region(&options);

	start_worker(&region);
	CHECK_EQ(fusion_control_acquire(&region, 1, 0, 1, control), FUSION_OK);
	memory_used = 4096;
	return region;
}

static void
close_region(FusionRegion *region, FusionLease control)
{
	fusion_slot_detach(region, FUSION_SLOT_CONTROL, control, FUSION_SLOT_OWNER_BACKEND);
	fusion_slot_detach(region, FUSION_SLOT_CONTROL, control, FUSION_SLOT_OWNER_WORKER);
	CHECK_EQ(fusion_filters_held(region), 0);
	check_clean(region);
	fusion_region_detach(region);
}

/* ---- rows as the engine keeps them ---- */

static FusionFilterRows
no_rows(uint32_t key_count)
{
	FusionFilterRows rows = {
		.memory = memory,
		.memory_bytes = MEMORY_BYTES,
		.first = memory_used,
		.end = memory_used,
		.row_bytes = ROW_BYTES,
		.flags_offset = FLAGS_AT,
		.flags_skip = 2,
		.key_count = key_count
	};

	return rows;
}

static uint8_t *
add_row(FusionFilterRows *rows)
{
	uint8_t    *row = memory + rows->end;

	CHECK(rows->end + ROW_BYTES <= MEMORY_BYTES);
	memset(row, 0, ROW_BYTES);
	rows->end += ROW_BYTES;
	memory_used = rows->end;
	return row;
}

static void
add_word(FusionFilterRows *rows, int64_t value)
{
	memcpy(add_row(rows) + KEY_AT, &value, sizeof(value));
}

static FusionFilterRows
word_rows(void)
{
	FusionFilterRows rows = no_rows(1);

	rows.keys[0] = (FusionFilterKey) {.kind = FUSION_FILTER_KEY_WORD, .offset = KEY_AT};
	return rows;
}

static FusionStatus
build(const FusionRegion *region, FusionLease filter, const FusionFilterRows *rows, bool one_word)
{
	FusionStatus status;

	CHECK_EQ(fusion_filter_begin(region, filter), FUSION_OK);
	if (one_word)
		CHECK_EQ(fusion_filter_measure(region, filter, rows), FUSION_OK);
	status = fusion_filter_size(region, filter, (rows->end - rows->first) / ROW_BYTES, one_word);
	if (status != FUSION_OK)
		return status;
	CHECK_EQ(fusion_filter_enter(region, filter, rows), FUSION_OK);
	return fusion_filter_publish(region, filter);
}

static bool
passes_word(const FusionFilterView *view, int64_t word)
{
	uint8_t		keep = 1;

	fusion_filter_test_words(view, &word, 1, &keep);
	return keep != 0;
}

/* ---- slots ---- */

static void
a_slot_belongs_to_one_lease_until_its_last_owner_leaves(void)
{
	FusionLease control;
	FusionLease other;
	FusionLease filters[4];
	FusionFilterView view;
	FusionRegion region = open_region(&control);

	CHECK_EQ(fusion_control_acquire(&region, 2, 0, 1, &other), FUSION_OK);
	for (int i = 0; i < 3; i++)
		CHECK_EQ(fusion_filter_acquire(&region, i == 2 ? other : control, &filters[i]), FUSION_OK);
	CHECK_EQ(fusion_filter_acquire(&region, control, &filters[3]), FUSION_FULL);
	CHECK_EQ(fusion_filters_held(&region), 3);

	/* The backend leaves; the worker may still be writing. */
	fusion_slot_detach(&region, FUSION_SLOT_CONTROL, control, FUSION_SLOT_OWNER_BACKEND);
	CHECK_EQ(fusion_filters_held(&region), 3);
	CHECK_EQ(fusion_filter_begin(&region, filters[0]), FUSION_OK);
	fusion_slot_detach(&region, FUSION_SLOT_CONTROL, control, FUSION_SLOT_OWNER_WORKER);
	CHECK_EQ(fusion_filters_held(&region), 1);

	/* What belonged to it is stale for everybody. */
	CHECK_EQ(fusion_filter_publish(&region, filters[0]), FUSION_STALE);
	CHECK_EQ(fusion_filter_attach(&region, filters[0], &view), FUSION_STALE);
	CHECK_EQ(fusion_filter_begin(&region, filters[1]), FUSION_STALE);
	CHECK_EQ(fusion_filter_attach(&region, filters[2], &view), FUSION_EMPTY);
	fusion_filters_release(&region, control);
	CHECK_EQ(fusion_filters_held(&region), 1);
	close_region(&region, other);
}

static void
a_filter_is_read_when_ready_and_by_its_generation_only(void)
{
	FusionLease control;
	FusionLease filter;
	FusionLease next;
	FusionFilterView view;
	FusionRegion region = open_region(&control);
	FusionFilterRows rows = word_rows();

	add_word(&rows, 5);
	CHECK_EQ(fusion_filter_acquire(&region, control, &filter), FUSION_OK);
	CHECK_EQ(fusion_filter_attach(&region, filter, &view), FUSION_EMPTY);
	CHECK_EQ(fusion_filter_publish(&region, filter), FUSION_STALE);
	CHECK_EQ(fusion_filter_begin(&region, filter), FUSION_OK);
	CHECK_EQ(fusion_filter_begin(&region, filter), FUSION_STALE);
	CHECK_EQ(fusion_filter_attach(&region, filter, &view), FUSION_EMPTY);
	CHECK_EQ(fusion_filter_measure(&region, filter, &rows), FUSION_OK);
	CHECK_EQ(fusion_filter_size(&region, filter, 1, true), FUSION_OK);
	CHECK_EQ(fusion_filter_enter(&region, filter, &rows), FUSION_OK);
	CHECK_EQ(fusion_filter_attach(&region, filter, &view), FUSION_EMPTY);
	CHECK_EQ(fusion_filter_publish(&region, filter), FUSION_OK);
	CHECK_EQ(fusion_filter_attach(&region, filter, &view), FUSION_OK);
	CHECK(passes_word(&view, 5));
	CHECK(!passes_word(&view, 6));

	/* Ready is final. */
	CHECK_EQ(fusion_filter_decline(&region, filter), FUSION_STALE);
	CHECK_EQ(fusion_filter_enter(&region, filter, &rows), FUSION_STALE);

	fusion_filters_release(&region, control);
	CHECK_EQ(fusion_filter_attach(&region, filter, &view), FUSION_STALE);
	do
		CHECK_EQ(fusion_filter_acquire(&region, control, &next), FUSION_OK);
	while (next.index != filter.index);
	CHECK(next.epoch != filter.epoch);
	CHECK_EQ(fusion_filter_attach(&region, filter, &view), FUSION_STALE);
	CHECK_EQ(fusion_filter_attach(&region, next, &view), FUSION_EMPTY);
	CHECK_EQ(fusion_filter_decline(&region, next), FUSION_OK);
	CHECK_EQ(fusion_filter_attach(&region, next, &view), FUSION_STALE);
	close_region(&region, control);
}

static void
a_region_may_have_no_filters(void)
{
	FusionRegion region = make_region(&small_options);
	FusionLease control;
	FusionLease filter = {.index = 0, .epoch = 1};
	FusionFilterView view;

	start_worker(&region);
	CHECK_EQ(fusion_control_acquire(&region, 1, 0, 1, &control), FUSION_OK);
	CHECK_EQ(fusion_filter_acquire(&region, control, &filter), FUSION_FULL);
	CHECK_EQ(fusion_filter_begin(&region, filter), FUSION_STALE);
	CHECK_EQ(fusion_filter_attach(&region, filter, &view), FUSION_STALE);
	close_region(&region, control);
}

/* ---- values ---- */

/* Values between `least` and `least + span`, `step` apart at random. */
static void
word_filter_holds_its_values(int64_t least, uint64_t span, uint32_t count, uint64_t seed, uint32_t expected_kind)
{
	FusionLease control;
	FusionLease filter;
	FusionFilterView view;
	FusionRegion region = open_region(&control);
	FusionFilterRows rows = word_rows();
	uint32_t	passed = 0;
	uint32_t	tried = 20000;

	for (uint32_t i = 0; i < count; i++)
		add_word(&rows, (int64_t) ((uint64_t) least + (span == UINT64_MAX ? next_random(&seed)
													  : next_random(&seed) % (span + 1))));
	CHECK_EQ(fusion_filter_acquire(&region, control, &filter), FUSION_OK);
	CHECK_EQ(build(&region, filter, &rows, true), FUSION_OK);
	CHECK_EQ(fusion_filter_attach(&region, filter, &view), FUSION_OK);
	CHECK_EQ(view.kind, expected_kind);
	for (uint32_t at = rows.first; at < rows.end; at += ROW_BYTES)
	{
		int64_t		value;

		memcpy(&value, memory + at + KEY_AT, sizeof(value));
		CHECK(passes_word(&view, value));
	}
	/* Outside of the range nothing passes, and inside few do that are not held. */
	if (least > INT64_MIN)
		CHECK(!passes_word(&view, INT64_MIN));
	for (uint32_t i = 0; i < tried; i++)
		passed += passes_word(&view, (int64_t) next_random(&seed));
	if (expected_kind != FUSION_FILTER_KIND_BITMAP)
		CHECK(passed < tried / 20 + 10);
	close_region(&region, control);
}

static void
exact_filters_hold_exactly_their_values(void)
{
	word_filter_holds_its_values(-1000, 2000, 700, 1, FUSION_FILTER_KIND_BITMAP);
	word_filter_holds_its_values(INT64_MAX - 5, 5, 3, 2, FUSION_FILTER_KIND_BITMAP);
	word_filter_holds_its_values(INT64_MIN, 3, 4, 3, FUSION_FILTER_KIND_BITMAP);
	word_filter_holds_its_values(-(1ll << 40), 1ull << 41, 300, 4, FUSION_FILTER_KIND_SET);
	word_filter_holds_its_values(INT64_MIN, UINT64_MAX, 512, 5, FUSION_FILTER_KIND_SET);
	word_filter_holds_its_values(-(1ll << 40), 1ull << 41, 30000, 6, FUSION_FILTER_KIND_BLOOM);
}

/* Both ends are taken: no value is left to mark entries of a set. */
static void
the_whole_range_needs_no_vacant_value(void)
{
	FusionLease control;
	FusionLease filter;
	FusionFilterView view;
	FusionRegion region = open_region(&control);
	FusionFilterRows rows = word_rows();

	add_word(&rows, INT64_MIN);
	add_word(&rows, INT64_MAX);
	add_word(&rows, 0);
	CHECK_EQ(fusion_filter_acquire(&region, control, &filter), FUSION_OK);
	CHECK_EQ(build(&region, filter, &rows, true), FUSION_OK);
	CHECK_EQ(fusion_filter_attach(&region, filter, &view), FUSION_OK);
	CHECK_EQ(view.kind, FUSION_FILTER_KIND_BLOOM);
	CHECK(passes_word(&view, INT64_MIN) && passes_word(&view, INT64_MAX) && passes_word(&view, 0));
	close_region(&region, control);
}

static void
nothing_matches_an_empty_build_side(void)
{
	FusionLease control;
	FusionLease filter;
	FusionFilterView view;
	FusionRegion region = open_region(&control);
	FusionFilterRows rows = word_rows();
	uint64_t	hash = 0;
	uint8_t		keep = 1;
	uint32_t	skipped = 2;

	/* Rows with a NULL key are kept for outer joins, unlinked: they match nothing either. */
	memcpy(add_row(&rows) + FLAGS_AT, &skipped, sizeof(skipped));
	CHECK_EQ(fusion_filter_acquire(&region, control, &filter), FUSION_OK);
	CHECK_EQ(build(&region, filter, &rows, true), FUSION_OK);
	CHECK_EQ(fusion_filter_attach(&region, filter, &view), FUSION_OK);
	CHECK_EQ(view.kind, FUSION_FILTER_KIND_EMPTY);
	CHECK(!passes_word(&view, 0));
	fusion_filter_test_hashes(&view, &hash, 1, &keep);
	CHECK_EQ(keep, 0);
	close_region(&region, control);
}

/* ---- hashes ---- */

/*
 * Chance that a foreign key finds its four bits set when `keys` have set theirs in `blocks` blocks of 64: the number
 * of keys of a block is Poisson distributed.
 */
static double
expected_rate(double keys, double blocks)
{
	double		mean = keys / blocks;
	double		chance = exp(-mean);
	double		rate = 0;

	for (int held = 0; held < 200; held++)
	{
		rate += chance * pow(1 - pow(1 - 1.0 / 64, 4.0 * held), 4);
		chance *= mean / (held + 1);
	}
	return rate;
}

static uint64_t
pair_hash(uint64_t low, uint64_t high)
{
	return fusion_filter_finish(fusion_filter_mix(fusion_filter_mix(0, low), high));
}

/* Keys as they come in tables: consecutive, multiples, random; two words, so that only hashes count. */
static void
bloom_rate_is_near_theory(void)
{
	for (uint64_t step = 1; step <= 1000000007; step *= 31623)
	{
		FusionLease control;
		FusionLease filter;
		FusionFilterView view;
		FusionRegion region = open_region(&control);
		FusionFilterRows rows = no_rows(1);
		uint32_t	count = 60000;
		uint32_t	passed = 0;
		uint32_t	tried = 400000;
		double		expected;

		rows.keys[0] = (FusionFilterKey) {.kind = FUSION_FILTER_KEY_PAIR, .offset = KEY_AT};
		for (uint32_t i = 0; i < count; i++)
			add_word(&rows, (int64_t) (i * step));
		CHECK_EQ(fusion_filter_acquire(&region, control, &filter), FUSION_OK);
		CHECK_EQ(build(&region, filter, &rows, false), FUSION_OK);
		CHECK_EQ(fusion_filter_attach(&region, filter, &view), FUSION_OK);
		CHECK_EQ(view.kind, FUSION_FILTER_KIND_BLOOM);
		for (uint32_t i = 0; i < count + tried; i++)
		{
			uint64_t	hash = pair_hash(i * step, 0);
			uint8_t		keep = 1;

			fusion_filter_test_hashes(&view, &hash, 1, &keep);
			if (i < count)
				CHECK_EQ(keep, 1);
			else
				passed += keep;
		}
		expected = expected_rate(count, (double) (view.last + 1));
		CHECK((double) passed / tried < expected * 1.5 + 0.001);
		close_region(&region, control);
	}
}

static void
put_view(uint8_t *row, uint32_t offset, const char *text, uint32_t length)
{
	memcpy(row + offset, &length, 4);
	if (length <= 12)
		memcpy(row + offset + 4, text, length);
	else
	{
		uint32_t	address = memory_used;

		memcpy(memory + address, text, length);
		memory_used += (length + 7) & ~7u;
		memcpy(row + offset + 4, text, 4);
		memcpy(row + offset + 12, &address, 4);
	}
}

/* A string and a number: the row's words and the producer's own give the same hash. */
static void
strings_are_hashed_by_their_bytes_alone(void)
{
	FusionLease control;
	FusionLease filter;
	FusionFilterView view;
	FusionRegion region = open_region(&control);
	FusionFilterRows rows = no_rows(2);
	char		text[64];

	rows.keys[0] = (FusionFilterKey) {.kind = FUSION_FILTER_KEY_BYTES, .offset = KEY_AT};
	rows.keys[1] = (FusionFilterKey) {.kind = FUSION_FILTER_KEY_WORD, .offset = KEY_AT + 16};
	/* Strings stand behind the rows. */
	rows.end = rows.first + 1000 * ROW_BYTES;
	memory_used = rows.end;
	for (uint32_t i = 0; i < 1000; i++)
	{
		uint8_t    *row = memory + rows.first + i * ROW_BYTES;
		int64_t		number = -(int64_t) i;

		memset(row, 0, ROW_BYTES);
		snprintf(text, sizeof(text), "%.*s%u", (int) (i % 40), "0123456789012345678901234567890123456789", i);
		put_view(row, KEY_AT, text, (uint32_t) strlen(text));
		memcpy(row + KEY_AT + 16, &number, sizeof(number));
	}
	CHECK_EQ(fusion_filter_acquire(&region, control, &filter), FUSION_OK);
	CHECK_EQ(build(&region, filter, &rows, false), FUSION_OK);
	CHECK_EQ(fusion_filter_attach(&region, filter, &view), FUSION_OK);
	for (uint32_t i = 0; i < 1000; i++)
	{
		uint8_t		keep = 1;
		uint64_t	hash;

		snprintf(text, sizeof(text), "%.*s%u", (int) (i % 40), "0123456789012345678901234567890123456789", i);
		hash = fusion_filter_mix_bytes(0, (const uint8_t *) text, (uint32_t) strlen(text));
		hash = fusion_filter_finish(fusion_filter_mix(hash, (uint64_t) -(int64_t) i));
		fusion_filter_test_hashes(&view, &hash, 1, &keep);
		CHECK_EQ(keep, 1);
	}
	close_region(&region, control);
}

static void
too_many_keys_are_declined(void)
{
	FusionLease control;
	FusionLease filter;
	FusionRegion region = open_region(&control);

	CHECK_EQ(fusion_filter_acquire(&region, control, &filter), FUSION_OK);
	CHECK_EQ(fusion_filter_begin(&region, filter), FUSION_OK);
	CHECK_EQ(fusion_filter_size(&region, filter, BITS / 4, false), FUSION_TOO_LARGE);
	CHECK_EQ(fusion_filter_size(&region, filter, UINT64_MAX, false), FUSION_TOO_LARGE);
	CHECK_EQ(fusion_filter_decline(&region, filter), FUSION_OK);
	close_region(&region, control);
}

static void
rows_outside_of_the_memory_are_refused(void)
{
	FusionLease control;
	FusionLease filter;
	FusionRegion region = open_region(&control);
	FusionFilterRows rows = word_rows();
	FusionFilterRows bad;
	uint64_t	view[2] = {100, (uint64_t) (MEMORY_BYTES - 50) << 32};

	memcpy(add_row(&rows) + KEY_AT, view, sizeof(view));
	CHECK_EQ(fusion_filter_acquire(&region, control, &filter), FUSION_OK);
	CHECK_EQ(fusion_filter_begin(&region, filter), FUSION_OK);
	bad = rows;
	bad.end = MEMORY_BYTES + 1;
	CHECK_EQ(fusion_filter_measure(&region, filter, &bad), FUSION_CORRUPT);
	bad = rows;
	bad.keys[0].offset = ROW_BYTES - 7;
	CHECK_EQ(fusion_filter_measure(&region, filter, &bad), FUSION_CORRUPT);
	CHECK_EQ(fusion_filter_size(&region, filter, 1, false), FUSION_OK);
	bad = rows;
	bad.keys[0].kind = FUSION_FILTER_KEY_BYTES;
	CHECK_EQ(fusion_filter_enter(&region, filter, &bad), FUSION_CORRUPT);
	close_region(&region, control);
}

static void
hostile_words_in_a_slot_end_and_stay_in_bounds(void)
{
	uint64_t	seed = 99;

	for (int round = 0; round < 2000; round++)
	{
		FusionLease control;
		FusionLease filter;
		FusionFilterView view;
		FusionRegion region = open_region(&control);
		FusionFilterRows rows = word_rows();
		FusionFilterSlot *slot;
		int64_t		word;
		uint64_t	hash;
		uint8_t		keep = 1;

		for (int i = 0; i < 20; i++)
			add_word(&rows, (int64_t) next_random(&seed));
		CHECK_EQ(fusion_filter_acquire(&region, control, &filter), FUSION_OK);
		CHECK_EQ(build(&region, filter, &rows, true), FUSION_OK);
		slot = &region.filter_slots[filter.index];
		slot->kind = (uint32_t) (next_random(&seed) % 6);
		slot->size_log2 = (uint32_t) (next_random(&seed) % 70);
		slot->least = (int64_t) next_random(&seed) >> (next_random(&seed) % 64);
		slot->largest = (int64_t) next_random(&seed) >> (next_random(&seed) % 64);
		slot->vacant = (int64_t) next_random(&seed);
		if (fusion_filter_attach(&region, filter, &view) == FUSION_OK)
			for (int i = 0; i < 50; i++)
			{
				word = (int64_t) next_random(&seed);
				hash = next_random(&seed);
				fusion_filter_test_words(&view, &word, 1, &keep);
				fusion_filter_test_hashes(&view, &hash, 1, &keep);
			}
		close_region(&region, control);
	}
}

int
main(void)
{
	memory = malloc(MEMORY_BYTES);
	CHECK(memory != NULL);
	RUN(a_slot_belongs_to_one_lease_until_its_last_owner_leaves);
	RUN(a_filter_is_read_when_ready_and_by_its_generation_only);
	RUN(a_region_may_have_no_filters);
	RUN(exact_filters_hold_exactly_their_values);
	RUN(the_whole_range_needs_no_vacant_value);
	RUN(nothing_matches_an_empty_build_side);
	RUN(bloom_rate_is_near_theory);
	RUN(strings_are_hashed_by_their_bytes_alone);
	RUN(too_many_keys_are_declined);
	RUN(rows_outside_of_the_memory_are_refused);
	RUN(hostile_words_in_a_slot_end_and_stay_in_bounds);
	free(memory);
	return 0;
}
