/*
 * whole_rows.h
 *    References to a whole row of a FROM item that has no table behind it, written as a row of its columns.
 *    What is carried between steps are columns; PostgreSQL makes the row where it is asked for.
 */
#ifndef FUSION_WHOLE_ROWS_H
#define FUSION_WHOLE_ROWS_H

#include "postgres.h"

#include "nodes/parsenodes.h"

/*
 * Changes the query and the queries inside it in place, as far as they refer to this level's items. Items
 * an outer join may leave without a row keep their references: there the row itself is NULL, and a row of NULLs
 * is not. Follows pullup_replace_vars_callback (prepjointree.c).
 */
extern void fusion_spell_out_rows(Query *query);

#endif							/* FUSION_WHOLE_ROWS_H */
