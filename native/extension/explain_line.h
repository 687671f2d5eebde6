/*
 * explain_line.h
 *    Lines of EXPLAIN's TEXT format, which PostgreSQL's ExplainProperty functions do not cover. Properties of the other
 *    formats are theirs.
 */
#ifndef FUSION_EXPLAIN_LINE_H
#define FUSION_EXPLAIN_LINE_H

#include "postgres.h"

#include "commands/explain.h"
#if PG_VERSION_NUM >= 180000
#include "commands/explain_format.h"
#include "commands/explain_state.h"
#endif

static inline bool
fusion_explain_is_text(const ExplainState *es)
{
	return es->format == EXPLAIN_FORMAT_TEXT;
}

/* One heading or line, indented like the properties around it. */
extern void fusion_explain_line(ExplainState *es, const char *format,...) pg_attribute_printf(2, 3);

static inline double
fusion_milliseconds(uint64 nanoseconds)
{
	return (double) nanoseconds / 1e6;
}

/* Bytes as EXPLAIN shows memory: rounded up. */
static inline uint64
fusion_kilobytes(uint64 bytes)
{
	return (bytes + 1023) / 1024;
}

#endif							/* FUSION_EXPLAIN_LINE_H */
