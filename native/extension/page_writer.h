/*
 * page_writer.h
 *    Lays rows out in a page (schemas/layout/page.json): header, column table, validity bitmaps, values, and a
 *    tail for long values.
 *
 * It knows nothing of where pages come from or go to. Two ways in: fusion_page_append takes one row of datums
 * (executor path, awkward heap rows); the batch heap path writes whole columns behind the last complete row and
 * then raises `rows`.
 */
#ifndef FUSION_PAGE_WRITER_H
#define FUSION_PAGE_WRITER_H

#include "postgres.h"

#include "fusion_encodings.h"
#include "fusion_layout.h"
#include "producer.h"
#include "scan_plan.h"

/*
 * Kernels copy up to this many bytes at once and past the end of a value, so the batch path keeps this much of
 * the tail free.
 */
#define FUSION_TAIL_SLACK 64

/* Rows in a page of no columns; each costs nothing, but consumers size per-row state by it. */
#define FUSION_EMPTY_ROWS_MAX 65536

/* One column of the page being written. */
typedef struct FusionColumnWriter
{
	uint8		encoding;		/* FusionEncoding */
	uint8		width;
	int16		scale;
	int16		typlen;
	bool		typbyval;
	bool		is_view;
	bool		is_varlena;		/* a view over a varlena: detoast, strip the header */
	bool		trims_blanks;	/* char(n): the padding is left out and put back by import.c */
	struct FusionOrderKeys *order_keys; /* keys of the values go to the page in their place; else NULL */
	bool		has_special;	/* NaN seen in this page */
	uint32		null_count;
	uint8	   *validity;
	uint8	   *values;
	struct varlena *payload;	/* of the row being appended */
	uint32		payload_bytes;
} FusionColumnWriter;

typedef struct FusionPageWriter
{
	const FusionPageSchema *schema;
	int			column_count;
	int			view_count;
	FusionColumnWriter *columns;
	uint32		row_bytes;		/* fixed part of a row, without bitmaps */
	double		tail_per_row;	/* measured on earlier pages, guessed before the first */
	uint32		tail_reserve;	/* for a batch at once: left over when the last row is expected in */

	/* the page being written */
	uint8	   *page;
	uint32		page_bytes;
	uint32		row_capacity;	/* 0: not even one row fits the page that was given */
	uint32		rows;
	uint32		tail_offset;
	uint32		tail_bytes;		/* used */
	uint32		tail_room;		/* tail_bytes may rise to this */
	MemoryContext detoast;		/* reset with every page */
	uint8	   *large;			/* the page being written, of one row that fits no other; in `detoast` */
} FusionPageWriter;

/* Allocates in CurrentMemoryContext; the schema must outlive the writer. */
extern FusionPageWriter *fusion_page_writer_create(const FusionPageSchema *schema);

/* Starts an empty page in `page`. */
extern void fusion_page_begin(FusionPageWriter *writer, uint8 *page, uint32 page_bytes);

/*
 * Appends one row; false when the page has no room for it: finish the page, begin the next, append the row
 * again. A row that does not fit an empty page either gets a larger one, which is the writer's. Values may be toasted.
 */
extern bool fusion_page_append(FusionPageWriter *writer, const Datum *values, const bool *nulls);

/* No row goes into the page any more, however short. */
static inline bool
fusion_page_full(const FusionPageWriter *writer)
{
	return writer->rows == writer->row_capacity && writer->row_capacity > 0;
}

/* Undoes columns written for the `count` rows behind the last complete one, some perhaps only in part. */
extern void fusion_page_forget(FusionPageWriter *writer, uint32 count, uint32 tail_bytes);

/*
 * Writes header and column table; says what the page came to be, but not whether it is the last. A larger page stands
 * until the next begins.
 */
extern FusionFill fusion_page_finish(FusionPageWriter *writer);

/* Marks a row of the column null; its value must be zeroed by the caller. */
static inline void
fusion_page_set_null(FusionColumnWriter *column, uint32 row)
{
	column->validity[row >> 3] &= (uint8) ~(1 << (row & 7));
	column->null_count++;
}

/* The same for the rows from `row` on whose flag is 1. */
static inline void
fusion_page_set_nulls(FusionColumnWriter *column, uint32 row, const uint8 *is_null, uint32 count)
{
	for (uint32 i = 0; i < count; i++)
	{
		column->validity[(row + i) >> 3] &= (uint8) ~(is_null[i] << ((row + i) & 7));
		column->null_count += is_null[i];
	}
}

static inline bool
fusion_is_packed_text(uint8 encoding)
{
	return encoding == FUSION_ENCODING_TEXT4 || encoding == FUSION_ENCODING_TEXT8;
}

/* The image of a char(n) payload as packed text of `width` bytes. */
extern uint64 fusion_pack_text(const uint8 *payload, uint32 length, uint32 width);

/* Length of a char(n) payload without its padding. */
static inline uint32
fusion_trimmed_length(const char *payload, uint32 length)
{
	while (length > 0 && payload[length - 1] == ' ')
		length--;
	return length;
}

#endif							/* FUSION_PAGE_WRITER_H */
