/*
 * plan_tables.c
 *    From the worker's wish for a table to the parameter that holds it. See plan_tables.h; the tables themselves are
 *    made by zone_table.c and enum_table.c.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "enum_table.h"
#include "fusion_encodings.h"
#include "nodes/value.h"
#include "plan_tables.h"
#include "utils/memutils.h"
#include "zone_table.h"

List *
fusion_plan_tables(const FusionPlanReady *ready)
{
	List	   *tables = NIL;

	for (uint32 i = 0; i < ready->table_count; i++)
	{
		FusionTableAnswer table;

		fusion_plan_ready_table(ready, i, &table);
		tables = lappend(tables, list_make3(makeInteger((int) table.id), makeString(pstrdup(table.zone)),
											makeInteger((int) table.enum_type)));
	}
	return tables;
}

FusionParameterValue *
fusion_table_parameters(const List *tables, MemoryContext context)
{
	int			count = list_length(tables);
	FusionParameterValue *parameters = MemoryContextAllocZero(context, (count + 1) * sizeof(FusionParameterValue));

	for (int i = 0; i < count; i++)
	{
		const List *table = list_nth_node(List, tables, i);
		Oid			enum_type = (Oid) intVal(lthird(table));

		parameters[i].id = (uint32) intVal(linitial(table));
		parameters[i].type = BYTEAOID;
		parameters[i].encoding = FUSION_ENCODING_DATUM;
		parameters[i].value = OidIsValid(enum_type) ? fusion_enum_table(enum_type, context)
			: fusion_zone_table(strVal(lsecond(table)), context);
	}
	return parameters;
}
