/*
 * pg_compat.h
 *    Differences between PostgreSQL 15 and 18 that more than one file meets, behind one name each. Not a wrapper
 *    library: what only one file needs is guarded in that file.
 */
#ifndef FUSION_PG_COMPAT_H
#define FUSION_PG_COMPAT_H

#include "postgres.h"

#if PG_VERSION_NUM < 150000
#error "pg_fusion needs PostgreSQL 15 or newer"
#endif

#include "catalog/pg_database.h"
#include "catalog/pg_proc.h"
#include "miscadmin.h"
#include "portability/instr_time.h"
#include "storage/latch.h"
#include "utils/acl.h"
#include "utils/memutils.h"
#include "utils/wait_event.h"
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif
#if PG_VERSION_NUM >= 180000
#include "storage/waiteventset.h"
#endif

/* A wait set that lives until it is freed by hand, not until some transaction ends. */
static inline WaitEventSet *
fusion_create_wait_set(int event_count)
{
#if PG_VERSION_NUM >= 170000
	return CreateWaitEventSet(NULL, event_count);
#else
	return CreateWaitEventSet(TopMemoryContext, event_count);
#endif
}

/* Named wait events exist from 17 on; before, pg_stat_activity says "Extension". */
static inline uint32
fusion_wait_event(uint32 *cached, const char *name)
{
#if PG_VERSION_NUM >= 170000
	if (*cached == 0)
		*cached = WaitEventExtensionNew(name);
	return *cached;
#else
	return PG_WAIT_EXTENSION;
#endif
}

/* Whether a role owns the database this process is connected to. */
static inline bool
fusion_owns_database(Oid role)
{
#if PG_VERSION_NUM >= 160000
	return object_ownercheck(DatabaseRelationId, MyDatabaseId, role);
#else
	return pg_database_ownercheck(MyDatabaseId, role);
#endif
}

/* Whether a role may execute a function. */
static inline AclResult
fusion_function_aclcheck(Oid function, Oid role)
{
#if PG_VERSION_NUM >= 160000
	return object_aclcheck(ProcedureRelationId, function, role, ACL_EXECUTE);
#else
	return pg_proc_aclcheck(function, role, ACL_EXECUTE);
#endif
}

/* Nanoseconds of a millisecond, as PostgreSQL calls them from 17 on. */
#ifndef NS_PER_MS
#define NS_PER_MS INT64CONST(1000000)
#endif

/* Monotonic clock. */
static inline uint64
fusion_now_ns(void)
{
	instr_time	now;

	INSTR_TIME_SET_CURRENT(now);
#if PG_VERSION_NUM >= 160000
	return (uint64) INSTR_TIME_GET_NANOSEC(now);
#else
	return (uint64) now.tv_sec * UINT64CONST(1000000000) + (uint64) now.tv_nsec;
#endif
}

#endif							/* FUSION_PG_COMPAT_H */
