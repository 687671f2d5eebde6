/*
 * qual_text.h
 *    Simple predicates over text, varchar and char(n): equality and lists, order under byte collations, LIKE.
 */
#ifndef FUSION_QUAL_TEXT_H
#define FUSION_QUAL_TEXT_H

#include "predicate.h"

/*
 * column <strategy> one of the constants (several only for equality); NULL when the collation does not allow
 * it.
 */
extern FusionPredicate *fusion_text_compile(const FusionQualType *column, int attribute, int strategy,
											Oid collation, const Datum *constants, int count);

/* A private copy of the constant's bytes. */
extern FusionPayload fusion_constant_payload(Datum constant, bool trims_blanks);

/* [NOT] LIKE of built-in operators, in an encoding where matching needs no more than bytes. */
extern bool fusion_like_is_simple(const OpExpr *operation, const FusionQualType *column);

/* NULL when the pattern ends with a lone escape, which PostgreSQL may have to report. */
extern FusionPredicate *fusion_like_compile(const OpExpr *operation, const FusionQualType *column, int attribute,
											Datum pattern);
extern void fusion_like_run(const FusionPredicate *predicate, const FusionPayload *payloads, int count, uint8 *yes);

/*
 * yes[row] for the rows of the column: 1 where the predicate, not negated, holds for the payload. Null rows
 * hold anything.
 */
extern void fusion_text_run(const FusionPredicate *predicate, const FusionPayload *payloads, int count, uint8 *yes);

#endif							/* FUSION_QUAL_TEXT_H */
