/*
 * own_parameter.c
 *    The bytes of one of the statement's own parameters. See own_parameter.h; what reads them is
 *    src/worker/parameter_values.ts.
 */
#include "postgres.h"

#include "access/tupmacs.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "fusion_encodings.h"
#include "own_parameter.h"
#include "pg_compat.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

static FusionEncoding
encoding_of(Oid type, int16 length, bool by_value)
{
	switch (type)
	{
		case BOOLOID:
			return FUSION_ENCODING_BOOL8;
		case FLOAT4OID:
			return FUSION_ENCODING_FLOAT32;
		case FLOAT8OID:
			return FUSION_ENCODING_FLOAT64;
		case TEXTOID:
		case VARCHAROID:
			return FUSION_ENCODING_TEXT;
		default:
			break;
	}
	if (!by_value)
		return FUSION_ENCODING_DATUM;
	switch (length)
	{
		case 1:
			return FUSION_ENCODING_INT8;
		case 2:
			return FUSION_ENCODING_INT16;
		case 4:
			return FUSION_ENCODING_INT32;
		default:
			return FUSION_ENCODING_INT64;
	}
}

/* What a value keeps of itself where it is stored, without a varlena's header. */
static FusionBytes
bytes_of(Datum value, int16 length, bool by_value)
{
	if (by_value)
	{
		uint8	   *copy = palloc(length);

		store_att_byval(copy, value, length);
		return (FusionBytes) {.data = copy, .length = (size_t) length};
	}
	if (length == -1)
	{
		struct varlena *whole = PG_DETOAST_DATUM_COPY(value);

		return (FusionBytes) {.data = (const uint8 *) VARDATA_ANY(whole), .length = VARSIZE_ANY_EXHDR(whole)};
	}
	return (FusionBytes) {.data = memcpy(palloc(length), DatumGetPointer(value), length), .length = (size_t) length};
}

/* As ExecEvalParamExtern() finds it: functions of languages give their variables one by one. */
static ParamExternData
given_parameter(ParamListInfo parameters, int id)
{
	ParamExternData found = {0};

	if (parameters != NULL && id > 0 && id <= parameters->numParams)
		found = parameters->paramFetch != NULL ? *parameters->paramFetch(parameters, id, false, &found)
			: parameters->params[id - 1];
	if (!OidIsValid(found.ptype))
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("no value found for parameter %d", id)));
	return found;
}

FusionParameterValue
fusion_own_parameter(ParamListInfo parameters, int id, MemoryContext context)
{
	ParamExternData given = given_parameter(parameters, id);
	Oid			type = getBaseType(given.ptype);
	FusionParameterValue value = {.id = (uint32) id, .type = type, .is_null = given.isnull};
	MemoryContext before = MemoryContextSwitchTo(context);
	int16		length;
	bool		by_value;

	get_typlenbyval(type, &length, &by_value);
	value.encoding = encoding_of(type, length, by_value);
	if (!given.isnull)
		value.value = bytes_of(given.value, length, by_value);
	MemoryContextSwitchTo(before);
	return value;
}
