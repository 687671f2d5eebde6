/*
 * scan_probe.h
 *    A scan leaf made by hand, to run producers without the worker: for measuring (scan_bench.c) and for
 *    comparing (scan_check.c). No part of how statements are executed.
 */
#ifndef FUSION_SCAN_PROBE_H
#define FUSION_SCAN_PROBE_H

#include "postgres.h"

#include "executor/execdesc.h"
#include "producer.h"
#include "scan_plan.h"
#include "utils/rel.h"

/* The size of the pages a probe fills: pg_fusion.page_size's default. */
#define FUSION_PROBE_PAGE_BYTES (256 * 1024)

typedef struct FusionProbe
{
	PlannedStmt *plan;
	const char *sql;
	FusionPageSchema schema;
} FusionProbe;

/*
 * Plans SELECT <columns> FROM <relation> WHERE <qual> as a sequential scan with PostgreSQL's planner. `columns`
 * is a list as in SQL, or NULL for the leading column_count attributes (0: all). `qual` may be NULL. ERROR
 * unless the caller is a superuser.
 */
extern FusionProbe *fusion_probe_plan(Oid relation, int column_count, const char *columns, const char *qual);

extern QueryDesc *fusion_probe_start(FusionProbe *probe);
extern void fusion_probe_finish(QueryDesc *query);

/*
 * A producer of the given path ("heap batches" or "executor") over a started probe; ERROR with the reason when
 * it is not eligible.
 */
extern FusionProducer *fusion_probe_producer(FusionProbe *probe, QueryDesc *query, const char *path);

/* Memory for pages, aligned as the pool's. */
extern uint8 *fusion_probe_pages(int count);

#endif							/* FUSION_SCAN_PROBE_H */
