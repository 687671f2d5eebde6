/*
 * scan_bench.c
 *    pg_fusion_scan_bench(): the cost of scan production in one process and in two, without worker and rings.
 *    Paths are measured in turn, run by run, so that a disturbance of the machine meets all of them.
 */
#include "postgres.h"

#include "access/table.h"
#include "fmgr.h"
#include "funcapi.h"
#include "line_prefetch.h"
#include "miscadmin.h"
#include "scan_bench_pair.h"
#include "scan_probe.h"
#include "storage/bufmgr.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"

PG_FUNCTION_INFO_V1(pg_fusion_scan_bench);

typedef struct Path
{
	const char *name;
	int			step;			/* bytes between the words that are merely read; 0: pages are filled */
	bool		by_two;
} Path;

static const Path all_paths[] = {
	{"touch", sizeof(uint64), false},
	{"lines", FUSION_CACHE_LINE_BYTES, false},
	{"executor", 0, false},
	{"heap batches", 0, false},
	{"two producers", 0, true},
	{"touch by two", sizeof(uint64), true},
	{"lines by two", FUSION_CACHE_LINE_BYTES, true},
};

typedef struct Measurement
{
	int64		rows;
	double		cpu_ns;
	double		wall_ns;
} Measurement;

double
fusion_bench_clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * 1e9 + now.tv_nsec;
}

void
fusion_bench_drain(FusionProducer *producer, uint8 *pages)
{
	FusionFill	filled;
	int			page = 0;

	do
	{
		filled = producer->fill(producer, pages + (size_t) page * FUSION_PROBE_PAGE_BYTES, FUSION_PROBE_PAGE_BYTES);
		page = (page + 1) % FUSION_BENCH_PAGES;
	} while (!filled.end);
}

/* Returns the rows produced. */
static int64
run_producer(FusionProbe *probe, const char *path, uint8 *pages)
{
	QueryDesc  *query = fusion_probe_start(probe);
	FusionProducer *producer = fusion_probe_producer(probe, query, path);
	int64		rows;

	fusion_bench_drain(producer, pages);
	rows = (int64) producer->rows_produced;
	producer->end(producer);
	fusion_probe_finish(query);
	return rows;
}

static void
measure(FusionProbe *probe, Oid relation_oid, const Path *path, uint8 *pages, Measurement *result)
{
	double		cpu = fusion_bench_clock_ns(CLOCK_THREAD_CPUTIME_ID);
	double		wall = fusion_bench_clock_ns(CLOCK_MONOTONIC);

	if (path->by_two)
	{
		fusion_bench_pair(probe, path->step > 0 ? relation_oid : InvalidOid, path->step, pages,
						  &result->cpu_ns, &result->wall_ns);
		return;
	}
	if (path->step > 0)
	{
		Relation	relation = table_open(relation_oid, AccessShareLock);
		FusionBlockCursor all;
		volatile uint64 sum;

		fusion_block_cursor_init(&all, RelationGetNumberOfBlocks(relation), 1);
		table_close(relation, NoLock);
		sum = fusion_bench_touch(relation_oid, &all, path->step);
		(void) sum;
	}
	else
		run_producer(probe, path->name, pages);
	result->cpu_ns = fusion_bench_clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu;
	result->wall_ns = fusion_bench_clock_ns(CLOCK_MONOTONIC) - wall;
}

static void
put_measurement(ReturnSetInfo *result, const char *path, const Measurement *measurement)
{
	Datum		values[4];
	bool		nulls[4] = {false};
	double		rows = Max(measurement->rows, 1);

	values[0] = CStringGetTextDatum(path);
	values[1] = Int64GetDatum(measurement->rows);
	values[2] = Float8GetDatum(measurement->cpu_ns / rows);
	values[3] = Float8GetDatum(measurement->wall_ns / rows);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

static char *
text_argument(FunctionCallInfo fcinfo, int argument)
{
	return PG_ARGISNULL(argument) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(argument));
}

/* NULL: all of them. */
static const Path *
named_path(const char *name)
{
	if (name == NULL)
		return NULL;
	for (int i = 0; i < (int) lengthof(all_paths); i++)
	{
		if (strcmp(all_paths[i].name, name) == 0)
			return &all_paths[i];
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("pg_fusion: no scan path is called \"%s\"", name),
			 errhint("Leave the path out to run all of them; the answer names them.")));
}

/*
 * (relation, leading columns, path or NULL for all, runs, qual, column list) -> (path, rows, CPU and wall ns
 * per row), a row per run
 */
Datum
pg_fusion_scan_bench(PG_FUNCTION_ARGS)
{
	Oid			relation = PG_GETARG_OID(0);
	const Path *only = named_path(text_argument(fcinfo, 2));
	int			runs = PG_GETARG_INT32(3);
	FusionProbe *probe = fusion_probe_plan(relation, PG_GETARG_INT32(1), text_argument(fcinfo, 5),
										   text_argument(fcinfo, 4));
	uint8	   *pages = fusion_probe_pages(FUSION_BENCH_PAGES);

	/* Everything is stated per row of the table, whatever the qual lets through. */
	int64		rows = run_producer(fusion_probe_plan(relation, 1, NULL, NULL), "executor", pages);

	InitMaterializedSRF(fcinfo, 0);
	for (int run = 0; run < runs; run++)
	{
		for (int i = 0; i < (int) lengthof(all_paths); i++)
		{
			const Path *path = &all_paths[i];
			Measurement measurement = {0};

			if (only != NULL && only != path)
				continue;
			measurement.rows = rows;
			measure(probe, relation, path, pages, &measurement);
			put_measurement((ReturnSetInfo *) fcinfo->resultinfo, path->name, &measurement);
		}
	}
	return (Datum) 0;
}
