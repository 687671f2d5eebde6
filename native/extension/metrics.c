/*
 * metrics.c
 *    The SQL functions over the region's counters: pg_fusion_metrics() and pg_fusion_metrics_reset(). Who may call
 *    them is said by grants in sql/pg_fusion--0.1.sql. Counting itself is metrics.h.
 */
#include "postgres.h"

#include "decisions.h"
#include "fmgr.h"
#include "funcapi.h"
#include "metrics.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(pg_fusion_metrics);
PG_FUNCTION_INFO_V1(pg_fusion_metrics_reset);

/* The columns of pg_fusion_metrics(). */
enum
{
	COLUMN_COMPONENT,
	COLUMN_METRIC,
	COLUMN_KIND,
	COLUMN_UNIT,
	COLUMN_VALUE,
	COLUMN_RESET_EPOCH,
	COLUMN_COUNT
};

/* SQL has no unsigned integers; a counter that reaches this has stopped long ago. */
static Datum
counter_datum(uint64 value)
{
	return Int64GetDatum(value > (uint64) PG_INT64_MAX ? PG_INT64_MAX : (int64) value);
}

Datum
pg_fusion_metrics(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	uint64		epoch;

	fusion_require_region();
	InitMaterializedSRF(fcinfo, 0);
	if (result->setDesc->natts != COLUMN_COUNT)
		elog(ERROR, "pg_fusion_metrics is declared with another row type");
	epoch = atomic_load(&fusion_region.header->metrics_epoch);
	for (int metric = 0; metric < FUSION_METRIC_COUNT; metric++)
	{
		const FusionMetricRow *row = &fusion_metric_rows[metric];
		Datum		values[COLUMN_COUNT];
		bool		nulls[COLUMN_COUNT] = {false};

		values[COLUMN_COMPONENT] = CStringGetTextDatum(row->component);
		values[COLUMN_METRIC] = CStringGetTextDatum(row->metric);
		values[COLUMN_KIND] = CStringGetTextDatum(row->kind);
		values[COLUMN_UNIT] = CStringGetTextDatum(row->unit);
		values[COLUMN_VALUE] = counter_datum(atomic_load_explicit(&fusion_region.metrics[metric],
																  memory_order_relaxed));
		values[COLUMN_RESET_EPOCH] = counter_datum(epoch);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}

Datum
pg_fusion_metrics_reset(PG_FUNCTION_ARGS)
{
	fusion_require_region();
	fusion_decisions_reset();
	return counter_datum(fusion_metrics_reset(&fusion_region));
}
