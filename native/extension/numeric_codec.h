/*
 * numeric_codec.h
 *    PostgreSQL's numeric on-disk image to scaled integers and back.
 *
 * PostgreSQL keeps the layout of numeric private to numeric.c, but it is an on-disk format and has not changed
 * since 9.1. This is not arithmetic on numerics: only the exact change of representation. Column kernels that
 * do many values are in heap/decode_numeric.c.
 */
#ifndef FUSION_NUMERIC_CODEC_H
#define FUSION_NUMERIC_CODEC_H

#include "postgres.h"

/* NaN of the two decimal encodings; no finite value reaches it. */
#define FUSION_DECIMAL64_NAN PG_INT64_MIN
#define FUSION_DECIMAL128_NAN ((int128) ((uint128) 1 << 127))

/*
 * First 16-bit word of the image. Two top bits: 00 positive and 01 negative in the long form (a second word
 * holds the weight), 10 short form (sign, scale and weight in this word), 11 special values.
 */
#define FUSION_NUMERIC_FORM_MASK 0xC000
#define FUSION_NUMERIC_LONG_NEGATIVE 0x4000
#define FUSION_NUMERIC_SHORT 0x8000
#define FUSION_NUMERIC_SPECIAL 0xC000
#define FUSION_NUMERIC_SPECIAL_MASK 0xF000
#define FUSION_NUMERIC_NAN 0xC000
#define FUSION_NUMERIC_POSITIVE_INFINITY 0xD000
#define FUSION_NUMERIC_NEGATIVE_INFINITY 0xF000
#define FUSION_NUMERIC_SHORT_NEGATIVE 0x2000
#define FUSION_NUMERIC_SHORT_SCALE_SHIFT 7
#define FUSION_NUMERIC_SHORT_SCALE_MASK 0x3F
#define FUSION_NUMERIC_SHORT_WEIGHT_MASK 0x7F	/* seven bits, two's complement */
#define FUSION_NUMERIC_LONG_SCALE_MASK 0x3FFF

/* Decimal digits in one base-10000 digit. */
#define FUSION_NUMERIC_DIGIT_DECIMALS 4

/*
 * The value times 10^scale. `payload` is the image without its varlena header. ERROR (data corrupted) when the
 * value has another display scale than max(scale, 0), does not fit the encoding, or is infinite: a column of a
 * decimal encoding promised otherwise.
 */
extern int64 fusion_numeric_to_int64(const uint8 *payload, size_t bytes, int scale);
extern int128 fusion_numeric_to_int128(const uint8 *payload, size_t bytes, int scale);

/*
 * The numeric PostgreSQL itself would have built: stripped zeros, short header where it fits, display scale
 * max(scale, 0). palloc'd.
 */
extern Datum fusion_numeric_from_int64(int64 value, int scale);
extern Datum fusion_numeric_from_int128(int128 value, int scale);

/*
 * Where a numeric constant stands among the integers v of a decimal64 column with this scale, in PostgreSQL's
 * order (finite < infinity < NaN): *floor is the greatest integer key <= constant, *exact whether it equals it.
 * Keys: finite values themselves, NaN is PG_INT64_MAX; constants out of the column's range saturate to keys no
 * finite value has.
 */
extern void fusion_numeric_floor_key(const uint8 *payload, size_t bytes, int scale, int64 *floor, bool *exact);

#endif							/* FUSION_NUMERIC_CODEC_H */
