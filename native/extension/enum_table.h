/*
 * enum_table.h
 *    The order of an enum's values as the engine reads it: which place each value has, and which value each place. Sent
 *    with each execution whose plan orders values of the type, so that a prepared plan follows ALTER TYPE.
 */
#ifndef FUSION_ENUM_TABLE_H
#define FUSION_ENUM_TABLE_H

#include "postgres.h"

#include "messages.h"

/* The table of an enum as the catalogue has it now, in `context`. */
extern FusionBytes fusion_enum_table(Oid type, MemoryContext context);

#endif							/* FUSION_ENUM_TABLE_H */
