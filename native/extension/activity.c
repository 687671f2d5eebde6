/*
 * activity.c
 *    The SQL functions behind pg_stat_fusion_activity and pg_stat_fusion_pages: sessions with the worker as
 *    native/shm/activity.h finds them. What they say comes from memory the worker can write too: numbers are in range
 *    there, names and roles are looked up here from PostgreSQL's own tables, and nothing decides anything.
 *
 * As in pg_stat_activity, everybody sees that a session is there; the rest of it is for its own user and for members of
 * pg_read_all_stats.
 */
#include "postgres.h"

#include "activity.h"
#include "catalog/pg_authid.h"
#include "fmgr.h"
#include "funcapi.h"
#include "fusion_machines.h"
#include "miscadmin.h"
#include "region_host.h"
#include "storage/proc.h"
#include "storage/procarray.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(pg_fusion_activity);
PG_FUNCTION_INFO_V1(pg_fusion_pages);

/* The columns of pg_fusion_activity(); those up to the epoch are for everybody. */
enum
{
	ACTIVITY_PID,
	ACTIVITY_SLOT,
	ACTIVITY_LEASE_EPOCH,
	ACTIVITY_ROLE,
	ACTIVITY_MACHINE,
	ACTIVITY_STATE,
	ACTIVITY_WAITING_ON,
	ACTIVITY_EXECUTOR,
	ACTIVITY_SCAN_PRODUCERS,
	ACTIVITY_PERMITS_SCAN,
	ACTIVITY_PERMITS_RESULT,
	ACTIVITY_PAGES_RESERVED,
	ACTIVITY_PAGES_LEASED,
	ACTIVITY_PAGES_ISSUED,
	ACTIVITY_PAGES_IMPORTED,
	ACTIVITY_STARTED,
	ACTIVITY_ROWS_SCANNED,
	ACTIVITY_RESULT_PAGES,
	ACTIVITY_BYTES_ON_DISK,
	ACTIVITY_COLUMNS
};

/* The columns of pg_fusion_pages(). */
enum
{
	PAGES_PID,
	PAGES_SLOT,
	PAGES_LEASE_EPOCH,
	PAGES_SIDE,
	PAGES_STATE,
	PAGES_COUNT,
	PAGES_COLUMNS
};

static const char *const page_states[FUSION_PAGE_STATES] = {
	[FUSION_PAGE_FREE] = "free",
	[FUSION_PAGE_LEASED] = "leased",
	[FUSION_PAGE_ISSUED] = "issued",
	[FUSION_PAGE_IMPORTED] = "imported",
	[FUSION_PAGE_RESERVED] = "reserved"
};
static const char *const page_sides[FUSION_PAGE_SIDES] = {
	[FUSION_PAGE_SIDE_SCAN] = "scan",
	[FUSION_PAGE_SIDE_RESULT] = "result"
};

static ReturnSetInfo *
begin_rows(FunctionCallInfo fcinfo, int columns)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	fusion_require_region();
	InitMaterializedSRF(fcinfo, 0);
	if (result->setDesc->natts != columns)
		elog(ERROR, "a function of pg_fusion is declared with another row type");
	return result;
}

static FusionSessionActivity *
read_sessions(uint32 *count, FusionPoolActivity *pool)
{
	FusionSessionActivity *sessions = palloc(fusion_region.control_slot_count * sizeof(FusionSessionActivity));

	*count = fusion_activity_read(&fusion_region, sessions, pool);
	return sessions;
}

/* Of the backend that holds the session, by PostgreSQL's own word; invalid when there is no such backend. */
static Oid
role_of(const FusionSessionActivity *session)
{
	PGPROC	   *proc;

	if (session->backend_pid == 0 || session->backend_pid > PG_INT32_MAX)
		return InvalidOid;
	proc = BackendPidGetProc((int) session->backend_pid);
	return proc != NULL ? proc->roleId : InvalidOid;
}

static bool
may_see(Oid role)
{
	return has_privs_of_role(GetUserId(), ROLE_PG_READ_ALL_STATS) ||
		(OidIsValid(role) && has_privs_of_role(GetUserId(), role));
}

static void
put_text(Datum *values, bool *nulls, int column, const char *text)
{
	nulls[column] = text == NULL;
	values[column] = text != NULL ? CStringGetTextDatum(text) : (Datum) 0;
}

static void
put_int(Datum *values, bool *nulls, int column, uint32 value)
{
	nulls[column] = false;
	values[column] = Int32GetDatum((int32) value);
}

static void
put_count(Datum *values, bool *nulls, int column, uint64 value)
{
	nulls[column] = false;
	values[column] = Int64GetDatum((int64) (value & PG_INT64_MAX));
}

/* Only the two machines a backend runs for a session are named, and only states they have. */
static void
put_machine(const FusionSessionActivity *session, Datum *values, bool *nulls)
{
	FusionMachine machine = (FusionMachine) session->machine;

	if (session->closing)
		put_text(values, nulls, ACTIVITY_STATE, "closing");
	else if (machine == 0)
		put_text(values, nulls, ACTIVITY_STATE, "opening");
	if (machine != FUSION_MACHINE_PLANNING_BACKEND && machine != FUSION_MACHINE_EXECUTION_BACKEND)
		return;
	put_text(values, nulls, ACTIVITY_MACHINE, fusion_machine_tables[machine].name);
	if (!session->closing && session->state < fusion_machine_tables[machine].state_count)
		put_text(values, nulls, ACTIVITY_STATE, fusion_machine_state_name(machine, (int) session->state));
}

/* NULL: on nothing, it works. */
static const char *
waiting_on(const FusionSessionActivity *session)
{
	if (session->activity == FUSION_ACTIVITY_READ)
		return "reader";
	if (session->activity != FUSION_ACTIVITY_WAITING)
		return NULL;
	if (session->waits_for_page)
		return "page";
	return session->waits_for_ring ? "ring" : "worker";
}

static uint32
pages_in(const FusionSessionActivity *session, int state)
{
	return session->pages[FUSION_PAGE_SIDE_SCAN][state] + session->pages[FUSION_PAGE_SIDE_RESULT][state];
}

static void
put_session(const FusionSessionActivity *session, Datum *values, bool *nulls)
{
	Oid			role = role_of(session);

	for (int column = 0; column < ACTIVITY_COLUMNS; column++)
		nulls[column] = true;
	if (session->backend_pid != 0)
		put_int(values, nulls, ACTIVITY_PID, session->backend_pid);
	put_int(values, nulls, ACTIVITY_SLOT, session->lease.index);
	values[ACTIVITY_LEASE_EPOCH] = Int64GetDatum((int64) session->lease.epoch);
	nulls[ACTIVITY_LEASE_EPOCH] = false;
	if (!may_see(role))
		return;

	values[ACTIVITY_ROLE] = ObjectIdGetDatum(role);
	nulls[ACTIVITY_ROLE] = !OidIsValid(role);
	put_machine(session, values, nulls);
	put_text(values, nulls, ACTIVITY_WAITING_ON, waiting_on(session));
	if (session->executor < FUSION_EXECUTORS_MAX)
		put_int(values, nulls, ACTIVITY_EXECUTOR, session->executor);
	put_int(values, nulls, ACTIVITY_SCAN_PRODUCERS, session->producers);
	put_int(values, nulls, ACTIVITY_PERMITS_SCAN, session->permits_scan);
	put_int(values, nulls, ACTIVITY_PERMITS_RESULT, session->permits_result);
	put_int(values, nulls, ACTIVITY_PAGES_RESERVED, pages_in(session, FUSION_PAGE_RESERVED));
	put_int(values, nulls, ACTIVITY_PAGES_LEASED, pages_in(session, FUSION_PAGE_LEASED));
	put_int(values, nulls, ACTIVITY_PAGES_ISSUED, pages_in(session, FUSION_PAGE_ISSUED));
	put_int(values, nulls, ACTIVITY_PAGES_IMPORTED, pages_in(session, FUSION_PAGE_IMPORTED));
	put_count(values, nulls, ACTIVITY_ROWS_SCANNED, session->rows_scanned);
	put_count(values, nulls, ACTIVITY_RESULT_PAGES, session->result_pages);
	put_count(values, nulls, ACTIVITY_BYTES_ON_DISK, session->bytes_on_disk);
	values[ACTIVITY_STARTED] = TimestampTzGetDatum((TimestampTz) session->started);
	nulls[ACTIVITY_STARTED] = session->started == 0 || !IS_VALID_TIMESTAMP((TimestampTz) session->started);
}

Datum
pg_fusion_activity(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = begin_rows(fcinfo, ACTIVITY_COLUMNS);
	FusionPoolActivity pool;
	uint32		count;
	FusionSessionActivity *sessions = read_sessions(&count, &pool);

	for (uint32 i = 0; i < count; i++)
	{
		Datum		values[ACTIVITY_COLUMNS];
		bool		nulls[ACTIVITY_COLUMNS];

		put_session(&sessions[i], values, nulls);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/* `session` NULL: pages of the pool. */
static void
put_pages(ReturnSetInfo *result, const FusionSessionActivity *session, const char *side, const char *state,
		  uint32 count)
{
	Datum		values[PAGES_COLUMNS];
	bool		nulls[PAGES_COLUMNS] = {[PAGES_PID] = true, [PAGES_SLOT] = true, [PAGES_LEASE_EPOCH] = true};

	if (session != NULL)
	{
		if (session->backend_pid != 0)
			put_int(values, nulls, PAGES_PID, session->backend_pid);
		put_int(values, nulls, PAGES_SLOT, session->lease.index);
		values[PAGES_LEASE_EPOCH] = Int64GetDatum((int64) session->lease.epoch);
		nulls[PAGES_LEASE_EPOCH] = false;
	}
	put_text(values, nulls, PAGES_SIDE, side);
	put_text(values, nulls, PAGES_STATE, state);
	put_int(values, nulls, PAGES_COUNT, count);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

Datum
pg_fusion_pages(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = begin_rows(fcinfo, PAGES_COLUMNS);
	FusionPoolActivity pool;
	uint32		count;
	FusionSessionActivity *sessions = read_sessions(&count, &pool);

	put_pages(result, NULL, NULL, page_states[FUSION_PAGE_FREE], pool.free_pages);
	if (pool.orphans > 0)
		put_pages(result, NULL, NULL, "ownerless", pool.orphans);
	for (uint32 i = 0; i < count; i++)
		for (int side = 0; side < FUSION_PAGE_SIDES; side++)
			for (int state = 0; state < FUSION_PAGE_STATES; state++)
				if (sessions[i].pages[side][state] > 0)
					put_pages(result, &sessions[i], page_sides[side], page_states[state],
							  sessions[i].pages[side][state]);
	return (Datum) 0;
}
