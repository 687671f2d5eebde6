/*
 * catalog_facts.h
 *    What the worker cannot know about the objects of a query: types, collations, functions, relations.
 *    Read from PostgreSQL's caches; the facts are part of the request, so an answer kept for the same
 *    request can never be out of date.
 */
#ifndef FUSION_CATALOG_FACTS_H
#define FUSION_CATALOG_FACTS_H

#include "postgres.h"

#include "messages.h"
#include "query_text.h"

/* Fills the fact vectors of `request` (palloc'd in the current context) for everything `text` mentions. */
extern void fusion_collect_facts(const FusionQueryText *text, FusionPlanRequest *request);

#endif							/* FUSION_CATALOG_FACTS_H */
