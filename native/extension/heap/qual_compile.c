/*
 * qual_compile.c
 *    Expressions of a scan's qual to predicates, where they are simple: comparisons of a column with a constant, a
 *    parameter or a column of its type, IN lists, LIKE, IS NULL, boolean columns, and AND/OR/NOT/IS TRUE over those.
 *
 * Everything accepted here is free of errors and of side effects. What is not accepted is no error: PostgreSQL
 * evaluates it. Text predicates are in qual_text.c; running is in qual_filter.c.
 */
#include "postgres.h"

#include "predicate.h"

#include "catalog/pg_opfamily.h"
#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "nodes/params.h"
#include "qual_text.h"
#include "utils/array.h"
#include "utils/lsyscache.h"

/* Built-in operator families without a symbol in pg_opfamily_d.h; their OIDs are fixed in pg_opfamily.dat. */
#define FLOAT_BTREE_FAMILY 1970
#define NUMERIC_BTREE_FAMILY 1988
#define DATETIME_BTREE_FAMILY 434
#define TIME_BTREE_FAMILY 1996

/* The values of CompareType, new in 18, are the btree strategies. */
#if PG_VERSION_NUM >= 180000
#define OpInterpretation OpIndexInterpretation
#define get_op_interpretation get_op_index_interpretation
#define STRATEGY_FIELD cmptype
StaticAssertDecl(FUSION_STRATEGY_NOT_EQUAL == COMPARE_NE, "not equal");
#else
#define OpInterpretation OpBtreeInterpretation
#define get_op_interpretation get_op_btree_interpretation
#define STRATEGY_FIELD strategy
StaticAssertDecl(FUSION_STRATEGY_NOT_EQUAL == ROWCOMPARE_NE, "not equal");
#endif

/* A deeper expression is left to PostgreSQL: compiling and running recurse. */
#define DEPTH_MAX 32

typedef struct Compiler
{
	Index		relation;
	TupleDesc	descriptor;
	ParamListInfo params;
	int			depth;
} Compiler;

/* column <strategy> constant, with the column on the left */
typedef struct Comparison
{
	int			attribute;
	FusionQualType column;
	int			strategy;
	Oid			type;			/* of the constant, or of the array's elements */
	Oid			collation;
	Datum		value;
	bool		is_null;
} Comparison;

static FusionPredicate *compile(Compiler *compiler, Node *expression);

FusionPredicate *
fusion_predicate_make(FusionPredicateKind kind, int attribute)
{
	FusionPredicate *predicate = palloc0(sizeof(FusionPredicate));

	predicate->kind = kind;
	predicate->attribute = attribute;
	return predicate;
}

static FusionPredicate *
make_constant(FusionOutcome outcome)
{
	FusionPredicate *predicate = fusion_predicate_make(FUSION_PREDICATE_CONSTANT, -1);

	predicate->outcome = outcome;
	return predicate;
}

static Node *
strip_relabels(Node *node)
{
	while (IsA(node, RelabelType))
		node = (Node *) ((RelabelType *) node)->arg;
	return node;
}

/* A plain column of the scanned relation: its attribute, else -1. */
static int
column_of(const Compiler *compiler, Node *node)
{
	Var		   *var;

	node = strip_relabels(node);
	if (!IsA(node, Var))
		return -1;
	var = (Var *) node;
	if (var->varno != (int) compiler->relation || var->varlevelsup != 0 || var->varattno <= 0 ||
		var->varattno > compiler->descriptor->natts)
		return -1;
	return var->varattno - 1;
}

static bool
type_of_column(const Compiler *compiler, int attribute, FusionQualType *type)
{
	Form_pg_attribute form = TupleDescAttr(compiler->descriptor, attribute);

	return fusion_qual_type(form->atttypid, form->atttypmod, type);
}

/* A value known before the scan: constants and external parameters. */
static bool
constant_of(const Compiler *compiler, Node *node, Datum *value, bool *is_null)
{
	node = strip_relabels(node);
	if (IsA(node, Const))
	{
		*value = ((Const *) node)->constvalue;
		*is_null = ((Const *) node)->constisnull;
		return true;
	}
	if (IsA(node, Param) && ((Param *) node)->paramkind == PARAM_EXTERN && compiler->params != NULL)
	{
		ParamListInfo params = compiler->params;
		int			id = ((Param *) node)->paramid;
		ParamExternData buffer;
		ParamExternData *data;

		if (id < 1 || id > params->numParams)
			return false;
		data = params->paramFetch != NULL ? params->paramFetch(params, id, false, &buffer) :
			&params->params[id - 1];
		*value = data->value;
		*is_null = data->isnull;
		return data->ptype == ((Param *) node)->paramtype;
	}
	return false;
}

/*
 * Strategy of a built-in comparison operator, FUSION_STRATEGY_NOT_EQUAL for <>; 0 when it does not order or
 * equate the types of simple quals. char(n) has operators of its own, blind to trailing blanks; others must not
 * be applied to it.
 */
static int
comparison_strategy(Oid operator_oid, const FusionQualType *column)
{
	int			strategy = 0;
	List	   *interpretations = get_op_interpretation(operator_oid);
	ListCell   *cell;

	foreach(cell, interpretations)
	{
		OpInterpretation *interpretation = lfirst(cell);
		bool		matches;

		switch (interpretation->opfamily_id)
		{
			case BOOL_BTREE_FAM_OID:
			case INTEGER_BTREE_FAM_OID:
			case OID_BTREE_FAM_OID:
			case FLOAT_BTREE_FAMILY:
			case NUMERIC_BTREE_FAMILY:
			case DATETIME_BTREE_FAMILY:
			case TIME_BTREE_FAMILY:
				matches = column->kind != FUSION_QUAL_TEXT;
				break;
			case TEXT_BTREE_FAM_OID:
				matches = column->kind == FUSION_QUAL_TEXT && !column->trims_blanks;
				break;
			case BPCHAR_BTREE_FAM_OID:
				matches = column->kind == FUSION_QUAL_TEXT && column->trims_blanks;
				break;
			default:
				matches = false;
				break;
		}
		if (matches)
			strategy = (int) interpretation->STRATEGY_FIELD;
	}
	list_free_deep(interpretations);
	return strategy;
}

static int
commuted(int strategy)
{
	switch (strategy)
	{
		case BTLessStrategyNumber:
			return BTGreaterStrategyNumber;
		case BTLessEqualStrategyNumber:
			return BTGreaterEqualStrategyNumber;
		case BTGreaterEqualStrategyNumber:
			return BTLessEqualStrategyNumber;
		case BTGreaterStrategyNumber:
			return BTLessStrategyNumber;
		default:
			return strategy;
	}
}

static bool
is_text_type(Oid type)
{
	return type == TEXTOID || type == VARCHAROID || type == BPCHAROID;
}

/* A comparison that is not null; NULL when the pair of types is not simple. */
static FusionPredicate *
compile_comparison(const Comparison *comparison)
{
	FusionPredicate *predicate;
	int64		floor;
	bool		exact;
	bool		negated = comparison->strategy == FUSION_STRATEGY_NOT_EQUAL;

	if (comparison->column.kind == FUSION_QUAL_TEXT)
		return fusion_text_compile(&comparison->column, comparison->attribute, comparison->strategy,
								   comparison->collation, &comparison->value, 1);
	if (!fusion_qual_floor_key(&comparison->column, comparison->type, comparison->value, &floor, &exact))
		return NULL;
	predicate = fusion_predicate_make(FUSION_PREDICATE_RANGE, comparison->attribute);
	predicate->negated = negated;
	fusion_qual_range(&comparison->column, negated ? BTEqualStrategyNumber : comparison->strategy, floor, exact,
					  &predicate->low, &predicate->high);
	return predicate;
}

/* Whether the operator sees the column as what it is: a cast in name only may order its images otherwise. */
static bool
is_seen_as(Node *argument, const FusionQualType *type)
{
	return getBaseType(exprType(argument)) == type->type;
}

/* Two columns of one type, whose keys compare as the values do; NULL when they are not that simple. */
static FusionPredicate *
compile_columns(Compiler *compiler, OpExpr *operation, int left, int right)
{
	FusionPredicate *predicate;
	FusionQualType type;
	FusionQualType other;
	int			strategy;

	if (!type_of_column(compiler, left, &type) || !type_of_column(compiler, right, &other) ||
		type.kind == FUSION_QUAL_TEXT || type.kind != other.kind || type.type != other.type ||
		type.width != other.width || type.scale != other.scale ||
		!is_seen_as(linitial(operation->args), &type) || !is_seen_as(lsecond(operation->args), &type))
		return NULL;
	strategy = comparison_strategy(operation->opno, &type);
	if (strategy == 0)
		return NULL;
	predicate = fusion_predicate_make(FUSION_PREDICATE_COMPARE, left);
	predicate->strategy = (StrategyNumber) strategy;
	predicate->children = palloc(sizeof(FusionPredicate *));
	predicate->children[predicate->child_count++] = fusion_predicate_make(FUSION_PREDICATE_COLUMN, right);
	return predicate;
}

static FusionPredicate *
compile_operator(Compiler *compiler, OpExpr *operation)
{
	Comparison	comparison = {0};
	Node	   *left;
	Node	   *right;
	bool		swapped;

	if (list_length(operation->args) != 2)
		return NULL;
	left = linitial(operation->args);
	right = lsecond(operation->args);
	comparison.attribute = column_of(compiler, left);
	if (comparison.attribute >= 0 && column_of(compiler, right) >= 0)
		return compile_columns(compiler, operation, comparison.attribute, column_of(compiler, right));
	swapped = comparison.attribute < 0;
	if (swapped)
	{
		comparison.attribute = column_of(compiler, right);
		right = left;
	}
	if (comparison.attribute < 0 || !type_of_column(compiler, comparison.attribute, &comparison.column) ||
		!constant_of(compiler, right, &comparison.value, &comparison.is_null))
		return NULL;
	comparison.type = getBaseType(exprType(right));
	comparison.collation = operation->inputcollid;

	/* All operators met here are strict; a null constant needs no more than knowing which operator it is. */
	if (!swapped && is_text_type(comparison.type) && fusion_like_is_simple(operation, &comparison.column))
		return comparison.is_null ? make_constant(FUSION_OUTCOME_NULL) :
			fusion_like_compile(operation, &comparison.column, comparison.attribute, comparison.value);
	comparison.strategy = comparison_strategy(operation->opno, &comparison.column);
	if (comparison.strategy == 0 || is_text_type(comparison.type) != (comparison.column.kind == FUSION_QUAL_TEXT))
		return NULL;
	if (swapped)
		comparison.strategy = commuted(comparison.strategy);
	return comparison.is_null ? make_constant(FUSION_OUTCOME_NULL) : compile_comparison(&comparison);
}

static int
compare_keys(const void *left, const void *right)
{
	int64		a = *(const int64 *) left;
	int64		b = *(const int64 *) right;

	return a < b ? -1 : a > b ? 1 : 0;
}

/* The elements of an array constant that are not null; *has_null tells about the others. */
static int
array_elements(Datum array_datum, Oid element_type, Datum **elements, bool *has_null)
{
	ArrayType  *array = DatumGetArrayTypeP(array_datum);
	int16		length;
	bool		by_value;
	char		alignment;
	bool	   *nulls;
	int			count;
	int			kept = 0;

	get_typlenbyvalalign(element_type, &length, &by_value, &alignment);
	deconstruct_array(array, element_type, length, by_value, alignment, elements, &nulls, &count);
	for (int i = 0; i < count; i++)
	{
		if (!nulls[i])
			(*elements)[kept++] = (*elements)[i];
	}
	*has_null = kept < count;
	return kept;
}

static FusionPredicate *
compile_key_set(const Comparison *comparison, const Datum *elements, int count)
{
	FusionPredicate *predicate = fusion_predicate_make(FUSION_PREDICATE_SET, comparison->attribute);

	predicate->keys = palloc(sizeof(int64) * Max(count, 1));
	for (int i = 0; i < count; i++)
	{
		int64		floor;
		bool		exact;
		int64		low;
		int64		high;

		if (!fusion_qual_floor_key(&comparison->column, comparison->type, elements[i], &floor, &exact))
			return NULL;
		fusion_qual_range(&comparison->column, BTEqualStrategyNumber, floor, exact, &low, &high);
		if (low == high)
			predicate->keys[predicate->key_count++] = low;
	}
	qsort(predicate->keys, predicate->key_count, sizeof(int64), compare_keys);
	return predicate;
}

/* column = ANY (array) and column <> ALL (array): IN and NOT IN lists. */
static FusionPredicate *
compile_list(Compiler *compiler, ScalarArrayOpExpr *operation)
{
	Comparison	comparison = {0};
	FusionPredicate *predicate;
	Node	   *array = lsecond(operation->args);
	Datum	   *elements;
	int			count;
	bool		has_null;

	comparison.attribute = column_of(compiler, linitial(operation->args));
	if (comparison.attribute < 0 || !type_of_column(compiler, comparison.attribute, &comparison.column) ||
		!constant_of(compiler, array, &comparison.value, &comparison.is_null))
		return NULL;
	comparison.type = get_element_type(getBaseType(exprType(array)));
	if (!OidIsValid(comparison.type) || comparison.type != getBaseType(comparison.type) ||
		is_text_type(comparison.type) != (comparison.column.kind == FUSION_QUAL_TEXT))
		return NULL;
	comparison.strategy = comparison_strategy(operation->opno, &comparison.column);
	if (comparison.strategy != (operation->useOr ? BTEqualStrategyNumber : FUSION_STRATEGY_NOT_EQUAL))
		return NULL;
	if (comparison.is_null)
		return make_constant(FUSION_OUTCOME_NULL);

	count = array_elements(comparison.value, comparison.type, &elements, &has_null);
	if (count == 0 && !has_null)
		return make_constant(operation->useOr ? FUSION_OUTCOME_FALSE : FUSION_OUTCOME_TRUE);
	predicate = comparison.column.kind == FUSION_QUAL_TEXT ?
		fusion_text_compile(&comparison.column, comparison.attribute, BTEqualStrategyNumber, operation->inputcollid,
							elements, count) :
		compile_key_set(&comparison, elements, count);
	if (predicate != NULL)
	{
		predicate->negated = !operation->useOr;
		predicate->null_if_absent = has_null;
	}
	return predicate;
}

static FusionPredicate *
compile_children(Compiler *compiler, FusionPredicateKind kind, List *arguments)
{
	FusionPredicate *predicate = fusion_predicate_make(kind, -1);
	ListCell   *cell;

	predicate->children = palloc(sizeof(FusionPredicate *) * list_length(arguments));
	foreach(cell, arguments)
	{
		FusionPredicate *child = compile(compiler, lfirst(cell));

		if (child == NULL)
			return NULL;
		predicate->children[predicate->child_count++] = child;
	}
	return predicate;
}

static FusionPredicate *
negate(FusionPredicate *child)
{
	FusionPredicate *predicate = fusion_predicate_make(FUSION_PREDICATE_NOT, -1);

	predicate->children = palloc(sizeof(FusionPredicate *));
	predicate->children[predicate->child_count++] = child;
	return predicate;
}

static FusionPredicate *
compile_boolean_test(Compiler *compiler, BooleanTest *test)
{
	FusionPredicateKind kind =
		test->booltesttype == IS_TRUE || test->booltesttype == IS_NOT_TRUE ? FUSION_PREDICATE_IS_TRUE :
		test->booltesttype == IS_FALSE || test->booltesttype == IS_NOT_FALSE ? FUSION_PREDICATE_IS_FALSE :
		FUSION_PREDICATE_IS_UNKNOWN;
	FusionPredicate *predicate = compile_children(compiler, kind, list_make1(test->arg));

	if (predicate == NULL)
		return NULL;
	return test->booltesttype == IS_NOT_TRUE || test->booltesttype == IS_NOT_FALSE ||
		test->booltesttype == IS_NOT_UNKNOWN ? negate(predicate) : predicate;
}

static FusionPredicate *
compile_null_test(Compiler *compiler, NullTest *test)
{
	int			attribute = column_of(compiler, (Node *) test->arg);
	FusionPredicate *predicate;

	/* A composite value is null field by field. */
	if (attribute < 0 || test->argisrow)
		return NULL;
	predicate = fusion_predicate_make(FUSION_PREDICATE_IS_NULL, attribute);
	return test->nulltesttype == IS_NULL ? predicate : negate(predicate);
}

/* A boolean column, or a constant of that type, as a condition of its own. */
static FusionPredicate *
compile_boolean(Compiler *compiler, Node *expression)
{
	int			attribute = column_of(compiler, expression);
	FusionPredicate *predicate;
	FusionQualType type;
	Datum		value;
	bool		is_null;

	if (attribute < 0)
	{
		if (!constant_of(compiler, expression, &value, &is_null) || exprType(expression) != BOOLOID)
			return NULL;
		return make_constant(is_null ? FUSION_OUTCOME_NULL :
							 DatumGetBool(value) ? FUSION_OUTCOME_TRUE : FUSION_OUTCOME_FALSE);
	}
	if (!type_of_column(compiler, attribute, &type) || type.type != BOOLOID)
		return NULL;
	predicate = fusion_predicate_make(FUSION_PREDICATE_RANGE, attribute);
	predicate->low = 1;
	predicate->high = 1;
	return predicate;
}

static FusionPredicate *
compile_boolean_expression(Compiler *compiler, BoolExpr *expression)
{
	switch (expression->boolop)
	{
		case AND_EXPR:
			return compile_children(compiler, FUSION_PREDICATE_AND, expression->args);
		case OR_EXPR:
			return compile_children(compiler, FUSION_PREDICATE_OR, expression->args);
		case NOT_EXPR:
			return compile_children(compiler, FUSION_PREDICATE_NOT, expression->args);
	}
	return NULL;
}

static FusionPredicate *
compile(Compiler *compiler, Node *expression)
{
	FusionPredicate *predicate = NULL;

	if (compiler->depth >= DEPTH_MAX)
		return NULL;
	compiler->depth++;
	switch (nodeTag(expression))
	{
		case T_OpExpr:
			predicate = compile_operator(compiler, (OpExpr *) expression);
			break;
		case T_ScalarArrayOpExpr:
			predicate = compile_list(compiler, (ScalarArrayOpExpr *) expression);
			break;
		case T_BoolExpr:
			predicate = compile_boolean_expression(compiler, (BoolExpr *) expression);
			break;
		case T_BooleanTest:
			predicate = compile_boolean_test(compiler, (BooleanTest *) expression);
			break;
		case T_NullTest:
			predicate = compile_null_test(compiler, (NullTest *) expression);
			break;
		default:
			predicate = compile_boolean(compiler, expression);
			break;
	}
	compiler->depth--;
	return predicate;
}

FusionPredicate *
fusion_predicate_compile(Node *expression, Index relation, TupleDesc descriptor, ParamListInfo params)
{
	Compiler	compiler = {.relation = relation, .descriptor = descriptor, .params = params};

	return compile(&compiler, expression);
}
