/*
 * catalog_facts.c
 *    Collects the facts of a planning request with one walk over the query tree and look-ups in the system
 *    caches. It judges nothing: which facts make a construct unsupported is decided by the worker. See
 *    schemas/control/planning.fbs.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/nbtree.h"
#include "access/relation.h"
#include "access/transam.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "catalog_facts.h"
#include "collation_order.h"
#include "letter_table.h"
#include "nodes/nodeFuncs.h"
#include "node_check.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"
#include "utils/typcache.h"
#include "zone_table.h"

/* What the walk meets, each OID once. A query mentions a few dozen, so lists are searched linearly. */
typedef struct Mentioned
{
	List	   *types;
	List	   *collations;
	List	   *functions;
	List	   *zones;			/* char * */
} Mentioned;

static void
mention_type(Mentioned *mentioned, Oid type)
{
	if (OidIsValid(type))
		mentioned->types = list_append_unique_oid(mentioned->types, type);
}

static void
mention_collation(Mentioned *mentioned, Oid collation)
{
	if (OidIsValid(collation))
		mentioned->collations = list_append_unique_oid(mentioned->collations, collation);
}

/* Below FirstGenbkiObjectId stand the functions with hand-assigned OIDs, which the worker's registry knows. */
static bool
mention_function(Oid function, void *context)
{
	Mentioned  *mentioned = context;

	if (function >= FirstGenbkiObjectId)
		mentioned->functions = list_append_unique_oid(mentioned->functions, function);
	return false;
}

/* A time zone that a call names by a constant, where it can be looked up without evaluating anything. */
static void
mention_zone(Mentioned *mentioned, const FuncExpr *call)
{
	const Node *argument;
	const Const *constant;
	char	   *name;
	ListCell   *cell;

	switch (call->funcid)
	{
		case F_TIMEZONE_TEXT_TIMESTAMPTZ:
		case F_TIMEZONE_TEXT_TIMESTAMP:
		case F_TIMEZONE_TEXT_TIMETZ:
			argument = linitial(call->args);
			break;
		case F_DATE_TRUNC_TEXT_TIMESTAMPTZ_TEXT:
			argument = lthird(call->args);
			break;
		case F_MAKE_TIMESTAMPTZ_INT4_INT4_INT4_INT4_INT4_FLOAT8_TEXT:
			argument = llast(call->args);
			break;
		default:
			return;
	}
	constant = (const Const *) argument;
	if (!IsA(argument, Const) || constant->constisnull)
		return;
	name = TextDatumGetCString(constant->constvalue);
	foreach(cell, mentioned->zones)
	{
		if (strcmp(lfirst(cell), name) == 0)
			return;
	}
	if (fusion_zone_is_known(name))
		mentioned->zones = lappend(mentioned->zones, name);
}

static bool
mention_walker(Node *node, Mentioned *mentioned)
{
	if (node == NULL)
		return false;
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, mention_walker, mentioned, 0);
	if (IsA(node, FuncExpr))
		mention_zone(mentioned, (const FuncExpr *) node);
	if (fusion_is_expression(node))
	{
		mention_type(mentioned, exprType(node));
		mention_collation(mentioned, exprCollation(node));
		mention_collation(mentioned, exprInputCollation(node));
		(void) check_functions_in_node(node, mention_function, mentioned);
	}
	return expression_tree_walker(node, mention_walker, mentioned);
}

/* ---- types ---- */

/*
 * Whether equal values always have equal images, by the promise B-tree deduplication relies on. The support
 * function for strings answers by collation; here it counts as yes, because collations are facts of their
 * own.
 */
static bool
equality_is_bitwise(const TypeCacheEntry *entry)
{
	Oid			promise;

	if (!OidIsValid(entry->btree_opf))
		return false;
	promise = get_opfamily_proc(entry->btree_opf, entry->btree_opintype, entry->btree_opintype, BTEQUALIMAGE_PROC);
	return promise == F_BTEQUALIMAGE || promise == F_BTVARSTREQUALIMAGE;
}

static void
type_fact(Oid type, FusionTypeFact *fact)
{
	HeapTuple	tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
	TypeCacheEntry *entry;
	Form_pg_type form;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for type %u", type);
	form = (Form_pg_type) GETSTRUCT(tuple);
	fact->oid = type;
	fact->name = pstrdup(NameStr(form->typname));
	fact->length = form->typlen;
	fact->by_value = form->typbyval;
	fact->kind = (uint8) form->typtype;
	fact->base = form->typbasetype;
	fact->element = IsTrueArrayType(form) ? form->typelem : InvalidOid;
	ReleaseSysCache(tuple);

	entry = lookup_type_cache(type, TYPECACHE_HASH_PROC | TYPECACHE_BTREE_OPFAMILY);
	fact->hashable = OidIsValid(entry->hash_proc);
	fact->bitwise_equal = equality_is_bitwise(entry);
}

/* The list grows while it is read: base and element types are mentioned by the types that have them. */
static void
collect_types(Mentioned *mentioned, FusionPlanRequest *request)
{
	FusionTypeFact *facts = NULL;
	int			capacity = 0;

	for (int i = 0; i < list_length(mentioned->types); i++)
	{
		if (i >= capacity)
		{
			capacity = list_length(mentioned->types) * 2;
			facts = facts == NULL ? palloc(sizeof(FusionTypeFact) * capacity)
				: repalloc(facts, sizeof(FusionTypeFact) * capacity);
		}
		type_fact(list_nth_oid(mentioned->types, i), &facts[i]);
		mention_type(mentioned, facts[i].base);
		mention_type(mentioned, facts[i].element);
	}
	request->types = facts;
	request->type_count = list_length(mentioned->types);
}

/* ---- collations and functions ---- */

static void
collect_collations(const Mentioned *mentioned, FusionPlanRequest *request)
{
	FusionCollationFact *facts = palloc(sizeof(FusionCollationFact) * (list_length(mentioned->collations) + 1));
	ListCell   *cell;

	foreach(cell, mentioned->collations)
	{
		FusionCollationFact *fact = &facts[foreach_current_index(cell)];

		fact->oid = lfirst_oid(cell);
		fact->deterministic = get_collation_isdeterministic(fact->oid);
		fact->byte_order = fusion_orders_by_bytes(fact->oid);
		fact->ascii_letters = fusion_has_ascii_letters(fact->oid);
		fact->library_letters = fusion_has_library_letters(fact->oid);
		fact->order_keys = fusion_makes_order_keys(fact->oid);
	}
	request->collations = facts;
	request->collation_count = list_length(mentioned->collations);
}

static void
collect_functions(const Mentioned *mentioned, FusionPlanRequest *request)
{
	FusionFunctionFact *facts = palloc(sizeof(FusionFunctionFact) * (list_length(mentioned->functions) + 1));
	ListCell   *cell;

	foreach(cell, mentioned->functions)
	{
		FusionFunctionFact *fact = &facts[foreach_current_index(cell)];
		HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(lfirst_oid(cell)));
		Form_pg_proc form;

		if (!HeapTupleIsValid(tuple))
			elog(ERROR, "cache lookup failed for function %u", lfirst_oid(cell));
		form = (Form_pg_proc) GETSTRUCT(tuple);
		fact->oid = lfirst_oid(cell);
		fact->name = pstrdup(NameStr(form->proname));
		fact->volatility = (uint8) form->provolatile;
		fact->parallel = (uint8) form->proparallel;
		fact->strict = form->proisstrict;
		fact->leakproof = form->proleakproof;
		ReleaseSysCache(tuple);
	}
	request->functions = facts;
	request->function_count = list_length(mentioned->functions);
}

/* ---- relations ---- */

/*
 * The OID of a relation's entry, or InvalidOid for other kinds. Read from the text: names there hold no
 * plain space.
 */
static Oid
entry_relation(const FusionQueryText *text, uint32 id)
{
	const FusionNodeSpan *span = &text->spans[id];
	char	   *entry;
	char	   *kind;
	char	   *relid;
	Oid			relation = InvalidOid;

	if (!fusion_span_is(text, id, "RTE") && !fusion_span_is(text, id, "RANGETBLENTRY"))
		return InvalidOid;
	entry = pnstrdup(text->text + span->start, span->end - span->start);
	kind = strstr(entry, " :rtekind ");
	relid = strstr(entry, " :relid ");
	if (kind != NULL && relid != NULL && atoi(kind + strlen(" :rtekind ")) == RTE_RELATION)
		relation = (Oid) strtoul(relid + strlen(" :relid "), NULL, 10);
	pfree(entry);
	return relation;
}

/*
 * NOT NULL as a fact about every row a scan of the table can return: not for foreign tables (nobody
 * enforces it), nor for parents, whose children may have dropped it.
 */
static bool
column_is_not_null(Relation relation, int attribute)
{
	if (relation->rd_rel->relkind != RELKIND_RELATION || relation->rd_rel->relhassubclass)
		return false;
#if PG_VERSION_NUM >= 180000
	return TupleDescCompactAttr(RelationGetDescr(relation), attribute)->attnullability == ATTNULLABLE_VALID;
#else
	return TupleDescAttr(RelationGetDescr(relation), attribute)->attnotnull;
#endif
}

static void
relation_columns(Relation relation, FusionRelationFact *fact, Mentioned *mentioned)
{
	TupleDesc	descriptor = RelationGetDescr(relation);
	FusionColumnFact *columns = palloc(sizeof(FusionColumnFact) * (descriptor->natts + 1));
	int			count = 0;

	for (int i = 0; i < descriptor->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(descriptor, i);
		FusionColumnFact *column = &columns[count];

		if (attribute->attisdropped)
			continue;
		column->attribute = attribute->attnum;
		column->type = attribute->atttypid;
		column->typmod = attribute->atttypmod;
		column->collation = attribute->attcollation;
		column->not_null = column_is_not_null(relation, i);
		/* The planner's own look-up, which any statement's EXPLAIN shows as its width. */
		column->average_width = get_attavgwidth(RelationGetRelid(relation), attribute->attnum);
		if (column->average_width <= 0)
			column->average_width = -1;
		column->distinct = 0;
		column->null_fraction = 0;
		mention_type(mentioned, attribute->atttypid);
		mention_collation(mentioned, attribute->attcollation);
		count++;
	}
	fact->columns = columns;
	fact->column_count = count;
}

static void
relation_fact(uint32 node, Oid oid, FusionRelationFact *fact, Mentioned *mentioned)
{
	/* Parse analysis or the plan cache locked it. */
	Relation	relation = relation_open(oid, NoLock);
	char	   *schema = get_namespace_name(RelationGetNamespace(relation));

	fact->rte_node = node;
	fact->relation = oid;
	fact->name = quote_qualified_identifier(schema, RelationGetRelationName(relation));
	fact->kind = (uint8) relation->rd_rel->relkind;
	fact->rows = relation->rd_rel->reltuples;
	fact->pages = (uint32) relation->rd_rel->relpages;
	fact->unique_keys = NULL;
	fact->unique_key_count = 0;
	relation_columns(relation, fact, mentioned);
	relation_close(relation, NoLock);
}

static void
collect_relations(const FusionQueryText *text, Mentioned *mentioned, FusionPlanRequest *request)
{
	FusionRelationFact *facts = NULL;
	int			count = 0;
	int			capacity = 0;

	for (uint32 id = 0; id < text->count; id++)
	{
		Oid			relation = entry_relation(text, id);

		/* Before PostgreSQL 16 the query of a view lists the view itself, for its privileges; nobody reads it. */
		if (!OidIsValid(relation) || get_rel_relkind(relation) == RELKIND_VIEW)
			continue;
		if (count == capacity)
		{
			capacity = capacity == 0 ? 8 : capacity * 2;
			facts = facts == NULL ? palloc(sizeof(FusionRelationFact) * capacity)
				: repalloc(facts, sizeof(FusionRelationFact) * capacity);
		}
		relation_fact(id, relation, &facts[count++], mentioned);
	}
	request->relations = facts;
	request->relation_count = count;
}

static void
collect_zones(const Mentioned *mentioned, FusionPlanRequest *request)
{
	const char **names = palloc(sizeof(char *) * (list_length(mentioned->zones) + 1));

	for (int i = 0; i < list_length(mentioned->zones); i++)
		names[i] = list_nth(mentioned->zones, i);
	request->zones = names;
	request->zone_count = list_length(mentioned->zones);
}

void
fusion_collect_facts(const FusionQueryText *text, FusionPlanRequest *request)
{
	Mentioned	mentioned = {NIL, NIL, NIL, NIL};

	(void) mention_walker((Node *) text->query, &mentioned);
	collect_relations(text, &mentioned, request);
	collect_types(&mentioned, request);
	collect_collations(&mentioned, request);
	collect_functions(&mentioned, request);
	collect_zones(&mentioned, request);
}
