/*
 * plan_tables.c
 *    From the worker's wish for a table to the parameter that holds it. See plan_tables.h; the tables themselves are
 *    made by zone_table.c, enum_table.c, format_table.c and letter_table.c.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "enum_table.h"
#include "format_table.h"
#include "fusion_encodings.h"
#include "letter_table.h"
#include "nodes/value.h"
#include "own_parameter.h"
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
		tables = lappend(tables, list_make4(makeInteger((int) table.id), makeInteger((int) table.kind),
											makeString(pstrdup(table.zone)), makeInteger((int) table.object)));
	}
	return tables;
}

static FusionBytes
table_bytes(FusionTableKind kind, const char *zone, Oid object, MemoryContext context)
{
	switch (kind)
	{
		case FUSION_TABLE_ZONE:
			return fusion_zone_table(zone, context);
		case FUSION_TABLE_ENUM:
			return fusion_enum_table(object, context);
		case FUSION_TABLE_FORMATS:
			return fusion_format_table(context);
		case FUSION_TABLE_LETTERS:
			return fusion_letter_table(object, context);
		case FUSION_TABLE_OWN:
			break;
	}
	elog(ERROR, "pg_fusion: unknown kind of table %d", (int) kind);
}

FusionParameterValue *
fusion_plan_parameters(const List *tables, const EState *estate, MemoryContext context)
{
	int			count = list_length(tables);
	FusionParameterValue *parameters = MemoryContextAllocZero(context, (count + 1) * sizeof(FusionParameterValue));

	for (int i = 0; i < count; i++)
	{
		const List *table = list_nth_node(List, tables, i);

		if (intVal(lsecond(table)) == FUSION_TABLE_OWN)
		{
			parameters[i] = fusion_own_parameter(estate->es_param_list_info, intVal(linitial(table)), context);
			continue;
		}
		parameters[i].id = (uint32) intVal(linitial(table));
		parameters[i].type = BYTEAOID;
		parameters[i].encoding = FUSION_ENCODING_DATUM;
		parameters[i].value = table_bytes((FusionTableKind) intVal(lsecond(table)), strVal(lthird(table)),
										  (Oid) intVal(lfourth(table)), context);
	}
	return parameters;
}
