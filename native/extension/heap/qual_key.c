/*
 * qual_key.c
 *    Constants of simple quals as integer keys, in PostgreSQL's own order of the types involved.
 *
 * A constant need not be a value of the column's type (date < timestamp, numeric(15,2) > 0.055): it is then
 * placed between two keys. Read next: qual_compile.c.
 */
#include "postgres.h"

#include "predicate.h"

#include "catalog/pg_type.h"
#include "numeric_codec.h"
#include "utils/date.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

/* Most decimal digits of a decimal64. */
#define DECIMAL64_PRECISION_MAX 18

/*
 * typmod of numeric: precision in the upper half, scale in the lower eleven bits as two's complement, offset by
 * the header.
 */
static bool
numeric_typmod(int32 typmod, int *precision, int *scale)
{
	if (typmod < (int32) VARHDRSZ)
		return false;
	typmod -= VARHDRSZ;
	*precision = (typmod >> 16) & 0xFFFF;
	*scale = ((typmod & 0x7FF) ^ 1024) - 1024;
	return true;
}

bool
fusion_qual_type(Oid type, int32 typmod, FusionQualType *result)
{
	int			precision;

	memset(result, 0, sizeof(*result));
	result->type = getBaseTypeAndTypmod(type, &typmod);
	result->kind = FUSION_QUAL_INT;
	switch (result->type)
	{
		case BOOLOID:
			result->width = 1;
			return true;
		case INT2OID:
			result->width = 2;
			return true;
		case INT4OID:
		case DATEOID:
			result->width = 4;
			return true;
		case INT8OID:
		case TIMEOID:
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			result->width = 8;
			return true;
		case OIDOID:
			result->kind = FUSION_QUAL_OID;
			result->width = 4;
			return true;
		case FLOAT4OID:
		case FLOAT8OID:
			result->kind = FUSION_QUAL_FLOAT;
			result->width = result->type == FLOAT4OID ? 4 : 8;
			return true;
		case NUMERICOID:
			result->kind = FUSION_QUAL_DECIMAL;
			result->width = 8;
			/*
			 * A scale above the precision is legal (numeric(3,5)); then digits are bounded by the precision all
			 * the same.
			 */
			return numeric_typmod(typmod, &precision, &result->scale) && precision <= DECIMAL64_PRECISION_MAX;
		case TEXTOID:
		case VARCHAROID:
		case BPCHAROID:
			result->kind = FUSION_QUAL_TEXT;
			result->trims_blanks = result->type == BPCHAROID;
			return true;
		default:
			return false;
	}
}

static int64
floor_divide(int64 dividend, int64 divisor)
{
	int64		quotient = dividend / divisor;

	return dividend % divisor < 0 ? quotient - 1 : quotient;
}

/* A timestamp among dates. Infinities of both types are the extremes of their integers and equal each other. */
static void
floor_timestamp_to_date(Timestamp timestamp, int64 *floor, bool *exact)
{
	*exact = true;
	if (TIMESTAMP_IS_NOBEGIN(timestamp))
		*floor = DATEVAL_NOBEGIN;
	else if (TIMESTAMP_IS_NOEND(timestamp))
		*floor = DATEVAL_NOEND;
	else
	{
		*floor = floor_divide(timestamp, USECS_PER_DAY);
		*exact = *floor * USECS_PER_DAY == timestamp;
	}
}

/* A date among timestamps. Dates reach further than finite timestamps, yet are below infinity. */
static void
floor_date_to_timestamp(DateADT date, int64 *floor, bool *exact)
{
	*exact = true;
	if (DATE_IS_NOBEGIN(date))
		*floor = DT_NOBEGIN;
	else if (DATE_IS_NOEND(date))
		*floor = DT_NOEND;
	else if (date >= TIMESTAMP_END_JULIAN - POSTGRES_EPOCH_JDATE)
	{
		*floor = DT_NOEND - 1;
		*exact = false;
	}
	else
		*floor = (int64) date * USECS_PER_DAY;
}

bool
fusion_qual_floor_key(const FusionQualType *column, Oid constant_type, Datum constant, int64 *floor, bool *exact)
{
	*exact = true;
	switch (constant_type)
	{
		case BOOLOID:
			*floor = DatumGetBool(constant) ? 1 : 0;
			return column->type == BOOLOID;
		case INT2OID:
			*floor = DatumGetInt16(constant);
			return column->type == INT2OID || column->type == INT4OID || column->type == INT8OID;
		case INT4OID:
			*floor = DatumGetInt32(constant);
			return column->type == INT2OID || column->type == INT4OID || column->type == INT8OID;
		case INT8OID:
			*floor = DatumGetInt64(constant);
			return column->type == INT2OID || column->type == INT4OID || column->type == INT8OID;
		case TIMEOID:
		case TIMESTAMPTZOID:
			*floor = DatumGetInt64(constant);
			return column->type == constant_type;
		case OIDOID:
			*floor = DatumGetObjectId(constant);
			return column->type == OIDOID;
		case FLOAT4OID:
			*floor = fusion_float_key(DatumGetFloat4(constant));
			return column->kind == FUSION_QUAL_FLOAT;
		case FLOAT8OID:
			*floor = fusion_float_key(DatumGetFloat8(constant));
			return column->kind == FUSION_QUAL_FLOAT;
		case DATEOID:
			*floor = DatumGetDateADT(constant);
			if (column->type == TIMESTAMPOID)
				floor_date_to_timestamp(DatumGetDateADT(constant), floor, exact);
			return column->type == DATEOID || column->type == TIMESTAMPOID;
		case TIMESTAMPOID:
			*floor = DatumGetTimestamp(constant);
			if (column->type == DATEOID)
				floor_timestamp_to_date(DatumGetTimestamp(constant), floor, exact);
			return column->type == DATEOID || column->type == TIMESTAMPOID;
		case NUMERICOID:
			{
				struct varlena *image = PG_DETOAST_DATUM_PACKED(constant);

				if (column->kind != FUSION_QUAL_DECIMAL)
					return false;
				fusion_numeric_floor_key((const uint8 *) VARDATA_ANY(image), VARSIZE_ANY_EXHDR(image),
										 column->scale, floor, exact);
				return true;
			}
		default:
			return false;
	}
}

/* Least and greatest key a column can hold. */
static void
key_limits(const FusionQualType *column, int64 *low, int64 *high)
{
	*low = PG_INT64_MIN;
	*high = PG_INT64_MAX;
	if (column->kind == FUSION_QUAL_OID)
	{
		*low = 0;
		*high = PG_UINT32_MAX;
	}
	else if (column->kind == FUSION_QUAL_INT && column->width < 8)
	{
		*high = (INT64CONST(1) << (8 * column->width - 1)) - 1;
		*low = -*high - 1;
	}
}

void
fusion_qual_range(const FusionQualType *column, int strategy, int64 floor, bool exact, int64 *low, int64 *high)
{
	int64		least;
	int64		greatest;
	bool		empty = false;

	key_limits(column, &least, &greatest);
	*low = least;
	*high = greatest;
	switch (strategy)
	{
		case BTLessStrategyNumber:
			/* key < constant: up to the floor itself when the constant lies above it */
			empty = exact && floor == PG_INT64_MIN;
			*high = exact && !empty ? floor - 1 : floor;
			break;
		case BTLessEqualStrategyNumber:
			*high = floor;
			break;
		case BTEqualStrategyNumber:
			empty = !exact;
			*low = *high = floor;
			break;
		case BTGreaterEqualStrategyNumber:
			empty = !exact && floor == PG_INT64_MAX;
			*low = exact || empty ? floor : floor + 1;
			break;
		case BTGreaterStrategyNumber:
			empty = floor == PG_INT64_MAX;
			*low = empty ? floor : floor + 1;
			break;
		default:
			elog(ERROR, "pg_fusion: unexpected comparison strategy %d", strategy);
	}
	if (empty || *low > greatest || *high < least || *low > *high)
	{
		*low = 1;
		*high = 0;
		return;
	}
	*low = Max(*low, least);
	*high = Min(*high, greatest);
}
