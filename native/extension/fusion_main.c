/*
 * fusion_main.c
 *    Where PostgreSQL enters the library: the magic block and _PG_init, which only calls the parts in their
 *    order. Read next: region_host.c (shared memory), supervisor.c (the worker process), planner.c (which
 *    statements are taken).
 */
#include "postgres.h"

#include "decisions.h"
#include "explain_choice.h"
#include "fmgr.h"
#include "huge_buffers.h"
#include "miscadmin.h"
#include "planner.h"
#include "region_host.h"
#include "settings.h"
#include "supervisor.h"

PG_MODULE_MAGIC;

extern PGDLLEXPORT void _PG_init(void);

void
_PG_init(void)
{
	/*
	 * The region must exist in the postmaster before the first backend is forked; a library that comes later
	 * could neither make it nor inherit it.
	 */
	if (!process_shared_preload_libraries_in_progress)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("pg_fusion must be loaded through shared_preload_libraries"),
				 errhint("Add the library to shared_preload_libraries in postgresql.conf and restart the server.")));

	fusion_settings_init();
	fusion_region_host_init();
	fusion_decisions_init();
	fusion_huge_buffers_init();
	fusion_supervisor_init();
	fusion_planner_init();
	fusion_explain_choice_init();
}
