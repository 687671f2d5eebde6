/*
 * answer_cache.h
 *    Answers of the worker's planner, kept in this backend by the bytes of the request. All facts an answer
 *    rests on are in the request, so nothing ever has to be invalidated: another schema, statistic or
 *    parameter makes another request.
 */
#ifndef FUSION_ANSWER_CACHE_H
#define FUSION_ANSWER_CACHE_H

#include "postgres.h"

/* A copy of the answer in the current context, 8-byte aligned; NULL when there is none. */
extern uint8 *fusion_answer_cache_find(const uint8 *request, size_t length, size_t *answer_length);

/* Keeps copies of both; the least recently used answer makes room. */
extern void fusion_answer_cache_add(const uint8 *request, size_t length, const uint8 *answer, size_t answer_length);

#endif							/* FUSION_ANSWER_CACHE_H */
