/*
 * letter_table.h
 *    The letters of a locale of the C library as the engine reads them: what upper(), lower() and initcap() make of
 *    each character, which they take one by one. ICU's look at the characters around, and are not here. The bytes are
 *    those of schemas/layout/letters.json.
 */
#ifndef FUSION_LETTER_TABLE_H
#define FUSION_LETTER_TABLE_H

#include "postgres.h"

#include "messages.h"

/* Whether a collation's letters are the C library's, in a database of UTF-8. */
extern bool fusion_has_library_letters(Oid collation);

/* The table of such a collation, in `context`. */
extern FusionBytes fusion_letter_table(Oid collation, MemoryContext context);

#endif							/* FUSION_LETTER_TABLE_H */
