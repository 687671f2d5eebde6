/*
 * enum_table.c
 *    Reads an enum's values in their order and writes them down twice. See enum_table.h; src/functions/enum_table.ts
 *    reads the bytes: the count, pairs of OID and place in the order of OIDs, then OIDs in the order of places.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/indexing.h"
#include "catalog/pg_enum.h"
#include "enum_table.h"
#include "lib/stringinfo.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"

typedef struct RankedValue
{
	uint32		oid;
	uint32		rank;
} RankedValue;

static int
compare_oids(const void *a, const void *b)
{
	uint32		left = ((const RankedValue *) a)->oid;
	uint32		right = ((const RankedValue *) b)->oid;

	return left < right ? -1 : left > right ? 1 : 0;
}

/* OIDs in their order, appended to `values`. */
static void
read_values(Oid type, StringInfo values)
{
	Relation	relation = table_open(EnumRelationId, AccessShareLock);
	Relation	index = index_open(EnumTypIdSortOrderIndexId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, Anum_pg_enum_enumtypid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(type));
	scan = systable_beginscan_ordered(relation, index, NULL, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext_ordered(scan, ForwardScanDirection)))
	{
		uint32		oid = ((Form_pg_enum) GETSTRUCT(tuple))->oid;

		appendBinaryStringInfo(values, (const char *) &oid, sizeof(oid));
	}
	systable_endscan_ordered(scan);
	index_close(index, AccessShareLock);
	table_close(relation, AccessShareLock);
}

FusionBytes
fusion_enum_table(Oid type, MemoryContext context)
{
	MemoryContext outer = MemoryContextSwitchTo(context);
	StringInfoData values;
	StringInfoData table;
	RankedValue *pairs;
	uint32		count;

	initStringInfo(&values);
	read_values(type, &values);
	count = values.len / sizeof(uint32);
	pairs = palloc(sizeof(RankedValue) * (count + 1));
	for (uint32 i = 0; i < count; i++)
		pairs[i] = (RankedValue) {.oid = ((const uint32 *) values.data)[i], .rank = i};
	qsort(pairs, count, sizeof(RankedValue), compare_oids);

	initStringInfo(&table);
	appendBinaryStringInfo(&table, (const char *) &count, sizeof(count));
	appendBinaryStringInfo(&table, (const char *) pairs, sizeof(RankedValue) * count);
	appendBinaryStringInfo(&table, values.data, values.len);
	MemoryContextSwitchTo(outer);
	return (FusionBytes) {.data = (const uint8 *) table.data, .length = table.len};
}
