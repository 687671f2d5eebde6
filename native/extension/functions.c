/*
 * functions.c
 *    The SQL functions that show the state of the shared region as a whole (sql/pg_fusion--0.1.sql). They read, and
 *    change nothing: numbers are those of a moment, exact when no statement runs. Sessions are activity.c's, counters
 *    metrics.c's.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "fmgr.h"
#include "funcapi.h"
#include "region_host.h"
#include "utils/builtins.h"

#define FUSION_EXTENSION_VERSION "0.1.0"

PG_FUNCTION_INFO_V1(pg_fusion_audit);
PG_FUNCTION_INFO_V1(pg_fusion_worker_state);
PG_FUNCTION_INFO_V1(pg_fusion_version);

static const char *
worker_state_name(void)
{
	if (!fusion_region_available())
		return "unavailable";
	switch (fusion_worker_state(&fusion_region, NULL))
	{
		case FUSION_WORKER_STARTING:
			return "starting";
		case FUSION_WORKER_READY:
			return "ready";
		case FUSION_WORKER_DISABLED:
			return "disabled";
		default:
			return "offline";
	}
}

/* What is held in the shared region; all zero but free_pages while no statement runs and none was killed. */
Datum
pg_fusion_audit(PG_FUNCTION_ARGS)
{
	TupleDesc	descriptor;
	Datum		values[11];
	bool		nulls[11] = {false};
	FusionAudit audit = {0};
	int			column = 0;

	if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE || descriptor->natts != lengthof(values))
		elog(ERROR, "pg_fusion_audit is declared with another row type");
	fusion_require_region();
	fusion_audit(&fusion_region, &audit);
	values[column++] = Int32GetDatum((int32) audit.control_slots_held);
	values[column++] = Int32GetDatum((int32) audit.scan_slots_held);
	values[column++] = Int32GetDatum((int32) audit.pages_held);
	values[column++] = Int32GetDatum((int32) audit.permits_missing);
	values[column++] = Int32GetDatum((int32) audit.free_pages);
	values[column++] = CStringGetTextDatum(worker_state_name());
	values[column++] = Int32GetDatum((int32) atomic_load(&fusion_region.header->worker_pid));
	values[column++] = Int64GetDatum((int64) atomic_load(&fusion_region.header->swept_pages));
	values[column++] = Int64GetDatum((int64) atomic_load(&fusion_region.header->stale_drops));
	values[column++] = Int64GetDatum((int64) atomic_load(&fusion_region.header->protocol_violations));
	values[column++] = Int32GetDatum((int32) audit.filters_held);
	Assert(column == lengthof(values));
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(descriptor), values, nulls)));
}

Datum
pg_fusion_worker_state(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(worker_state_name()));
}

Datum
pg_fusion_version(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(FUSION_EXTENSION_VERSION));
}
