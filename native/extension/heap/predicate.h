/*
 * predicate.h
 *    The compiled form of simple quals. Built by qual_compile.c, run by qual_filter.c.
 *
 * All ordered types become integer keys in PostgreSQL's order (qual_key.c), so that every comparison is a range
 * and every IN list a set.
 */
#ifndef FUSION_PREDICATE_H
#define FUSION_PREDICATE_H

#include "postgres.h"

#include "decode.h"
#include "access/stratnum.h"
#include "nodes/primnodes.h"

/* <> beside the btree strategies, as PostgreSQL numbers it. */
#define FUSION_STRATEGY_NOT_EQUAL 6

/* How the values of a qual column are held while its predicates run. */
typedef enum FusionQualClass
{
	FUSION_QUAL_NULLS,			/* only IS NULL is asked */
	FUSION_QUAL_INT,			/* signed integers of `width` bytes */
	FUSION_QUAL_OID,			/* unsigned 32-bit */
	FUSION_QUAL_FLOAT,			/* widened to double, then to ordered integers */
	FUSION_QUAL_DECIMAL,		/* numeric(p <= 18, s): scaled integers, NaN above all */
	FUSION_QUAL_TEXT			/* payloads */
} FusionQualClass;

typedef struct FusionQualColumn
{
	int			attribute;
	FusionQualClass kind;
	uint8		width;			/* of the stored value */
	bool		trims_blanks;	/* char(n) */
	int			scale;			/* of decimals */
	int			last_conjunct;	/* the vector is needed up to this one */
	const struct FusionPredicate *only_range;	/* all that is asked of the column; NULL: more, or something else */
	FusionRangeFilter range_filter;
	FusionRange range;			/* of only_range */
	FusionDecode decode;
	FusionColumnWriter writer;

	/* values of the rows in flight */
	bool		any_null;
	uint8	   *nulls;			/* one byte per row */
	void	   *values;
	FusionPayload *payloads;
} FusionQualColumn;

typedef enum FusionPredicateKind
{
	FUSION_PREDICATE_CONSTANT,	/* outcome */
	FUSION_PREDICATE_RANGE,		/* low <= key <= high, or its negation */
	FUSION_PREDICATE_SET,		/* key is one of `keys` */
	FUSION_PREDICATE_COMPARE,	/* key <strategy> key of the child, a column of the same type */
	FUSION_PREDICATE_COLUMN,	/* no condition: the other side of a COMPARE */
	FUSION_PREDICATE_TEXT_SET,	/* payload is one of `texts` */
	FUSION_PREDICATE_TEXT_ORDER,	/* payload compared with texts[0] by bytes */
	FUSION_PREDICATE_LIKE,		/* parts in their order */
	FUSION_PREDICATE_IS_NULL,
	FUSION_PREDICATE_AND,
	FUSION_PREDICATE_OR,
	FUSION_PREDICATE_NOT,
	FUSION_PREDICATE_IS_TRUE,
	FUSION_PREDICATE_IS_FALSE,
	FUSION_PREDICATE_IS_UNKNOWN
} FusionPredicateKind;

typedef enum FusionOutcome
{
	FUSION_OUTCOME_FALSE,
	FUSION_OUTCOME_TRUE,
	FUSION_OUTCOME_NULL
} FusionOutcome;

typedef struct FusionPredicate FusionPredicate;

/* What a LIKE pattern has between two percent signs. */
typedef struct FusionLikePart
{
	FusionPayload text;			/* a place per underscore, of no meaning */
	const bool *is_any;			/* by byte of the text: an underscore; NULL: none */
	int			characters;
} FusionLikePart;

struct FusionPredicate
{
	FusionPredicateKind kind;
	FusionOutcome outcome;		/* CONSTANT */
	int			attribute;		/* -1: none of its own */
	int			last_attribute; /* of a conjunct: the last one it or its children need */
	FusionQualColumn *column;
	bool		negated;		/* RANGE, SET, TEXT_SET, LIKE: NOT, null stays null */
	bool		null_if_absent; /* SET, TEXT_SET: the list holds a null */
	int64		low;
	int64		high;
	int			key_count;
	int64	   *keys;			/* ascending */
	int			text_count;
	FusionPayload *texts;
	StrategyNumber strategy;	/* TEXT_ORDER, COMPARE */
	int			part_count;
	FusionLikePart *parts;
	bool		padded;			/* LIKE of char(n): blanks take part */
	bool		anchored_start; /* LIKE: pattern does not begin with a percent sign */
	bool		anchored_end;
	int			child_count;
	FusionPredicate **children;

	/* outcome per row; neither is null. A conjunct of its own need not say where it is false. */
	bool		wants_no;
	uint8	   *yes;
	uint8	   *no;
};

/* A column's type as quals see it; false when no simple predicate but IS NULL exists for it. */
typedef struct FusionQualType
{
	FusionQualClass kind;
	Oid			type;			/* domains resolved */
	uint8		width;
	int			scale;
	bool		trims_blanks;
} FusionQualType;

extern bool fusion_qual_type(Oid type, int32 typmod, FusionQualType *result);

/*
 * Where a constant of `constant_type` stands among the keys of the column; false when this pair is not simple.
 */
extern bool fusion_qual_floor_key(const FusionQualType *column, Oid constant_type, Datum constant,
								  int64 *floor, bool *exact);

/*
 * The range of keys that satisfy `key <strategy> constant`; an empty one has low > high. Clamped to the
 * column's width.
 */
extern void fusion_qual_range(const FusionQualType *column, int strategy, int64 floor, bool exact,
							  int64 *low, int64 *high);

/* Ordered integer of a double: PostgreSQL's order, NaN greatest, both zeros equal. */
static inline int64
fusion_float_key(double value)
{
	int64		bits;

	if (unlikely(value != value))
		return PG_INT64_MAX;
	value += 0.0;				/* the negative zero becomes the positive */
	memcpy(&bits, &value, sizeof(bits));
	return bits < 0 ? bits ^ PG_INT64_MAX : bits;
}

extern FusionPredicate *fusion_predicate_make(FusionPredicateKind kind, int attribute);

/* One conjunct; NULL when it is not simple. Parameters are bound to their present values. */
extern FusionPredicate *fusion_predicate_compile(Node *expression, Index relation, TupleDesc descriptor,
												 ParamListInfo params);

/* Overwrites one row's value of a qual column with a later one's. */
extern void fusion_predicate_move_value(FusionQualColumn *column, int to, int from);

/* Fills yes[] and no[] of the predicate and its children for `count` rows. */
extern void fusion_predicate_run(FusionPredicate *predicate, int count);

#endif							/* FUSION_PREDICATE_H */
