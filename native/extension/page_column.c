/*
 * page_column.c
 *    Checks that an encoding named by the worker keeps every value of the SQL type. Encoding and decoding
 *    themselves are in page_writer.c and import.c, which rely on these rules.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fusion_encodings.h"
#include "mb/pg_wchar.h"
#include "page_column.h"
#include "utils/lsyscache.h"

/* Limits of the two decimal encodings; see schemas/tables/encodings.json. */
#define DECIMAL64_DIGITS 18
#define DECIMAL128_DIGITS 38

/* A numeric typmod is ((precision << 16) | scale) + VARHDRSZ, the scale an 11-bit signed number. */
static int
typmod_precision(int32 typmod)
{
	return ((typmod - VARHDRSZ) >> 16) & 0xffff;
}

static int
typmod_scale(int32 typmod)
{
	return (((typmod - VARHDRSZ) & 0x7ff) ^ 1024) - 1024;
}

/*
 * A typmod of that very scale fixes digits and display scale of every value. Without one (round(x, 1) in a scan, sums
 * of the engine) the worker vouches for them, and numeric_codec.c checks each value it encodes: a wrong claim is an
 * error.
 */
static const char *
decimal_problem(const FusionColumn *column, int digits)
{
	if (column->type != NUMERICOID)
		return "a decimal encoding needs type numeric";
	if (column->scale < 0 || column->scale > digits)
		return "the decimal scale is out of range";
	if (column->typmod < VARHDRSZ)
		return NULL;
	if (typmod_scale(column->typmod) != column->scale)
		return "the decimal scale differs from the type's";
	if (typmod_precision(column->typmod) > digits)
		return "the type's precision exceeds the decimal encoding";
	return NULL;
}

static const char *
text_problem(const FusionColumn *column)
{
	switch (column->type)
	{
		case TEXTOID:
		case VARCHAROID:
			return NULL;
		case BPCHAROID:
			/* Trailing blanks are not sent; only the typmod can bring them back. */
			return column->typmod > VARHDRSZ ? NULL : "character without a length cannot travel trimmed";
		default:
			return "the text encoding needs a character type";
	}
}

/* Every value must fit: what a character may take depends on the database's encoding. */
static const char *
packed_text_problem(const FusionColumn *column, int width)
{
	int			characters = column->typmod - VARHDRSZ;

	if (column->type != BPCHAROID || characters <= 0)
		return "the packed text encoding needs type character with a length";
	if (characters * pg_database_encoding_max_length() > width)
		return "the packed text encoding is too narrow for the type";
	return NULL;
}

static const char *
datum_problem(const FusionColumn *column)
{
	if (column->typbyval)
		return "the datum encoding needs a type passed by reference";
	if (column->typlen != -1 && column->typlen <= 0)
		return "cstring values cannot be carried";
	return NULL;
}

static const char *
by_value_problem(const FusionColumn *column, int width)
{
	if (!column->typbyval || column->typlen != width)
		return "the integer encoding has another width than the type";
	return NULL;
}

static const char *
encoding_problem(const FusionColumn *column)
{
	switch ((FusionEncoding) column->encoding)
	{
		case FUSION_ENCODING_BOOL8:
			return column->type == BOOLOID ? NULL : "the bool encoding needs type boolean";
		case FUSION_ENCODING_INT8:
			return by_value_problem(column, 1);
		case FUSION_ENCODING_INT16:
			return by_value_problem(column, 2);
		case FUSION_ENCODING_INT32:
			return by_value_problem(column, 4);
		case FUSION_ENCODING_INT64:
			return by_value_problem(column, 8);
		case FUSION_ENCODING_FLOAT32:
			return column->type == FLOAT4OID ? NULL : "the float32 encoding needs type real";
		case FUSION_ENCODING_FLOAT64:
			return column->type == FLOAT8OID ? NULL : "the float64 encoding needs type double precision";
		case FUSION_ENCODING_DECIMAL64:
			return decimal_problem(column, DECIMAL64_DIGITS);
		case FUSION_ENCODING_DECIMAL128:
			return decimal_problem(column, DECIMAL128_DIGITS);
		case FUSION_ENCODING_TEXT:
			return text_problem(column);
		case FUSION_ENCODING_DATUM:
			return datum_problem(column);
		case FUSION_ENCODING_TEXT4:
			return packed_text_problem(column, 4);
		case FUSION_ENCODING_TEXT8:
			return packed_text_problem(column, 8);
	}
	return "the encoding is unknown";
}

const char *
fusion_page_column(Oid type, int32 typmod, Oid collation, uint8 encoding, int16 scale, FusionColumn *column)
{
	char		kind = get_typtype(type);

	memset(column, 0, sizeof(FusionColumn));
	if (kind == '\0')
		return "the type does not exist";
	/* Pseudo-types have no values of their own, but a row is a value of type record. */
	if (kind == TYPTYPE_PSEUDO && type != RECORDOID)
		return "a pseudo-type cannot be carried";
	column->encoding = encoding;
	column->scale = scale;
	column->typmod = typmod;
	column->type = getBaseTypeAndTypmod(type, &column->typmod);
	column->collation = collation;
	get_typlenbyvalalign(column->type, &column->typlen, &column->typbyval, &column->typalign);
	return encoding_problem(column);
}
