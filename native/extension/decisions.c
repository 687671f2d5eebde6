/*
 * decisions.c
 *    A small table in PostgreSQL's own shared memory, which the worker cannot reach: fixed reasons as counters, refused
 *    constructs by name. Names come from pg_fusion's own code and never quote a statement; as one passes through the
 *    worker, it is cut to a name's length and cleaned of what is no printable ASCII.
 *
 * Adding is one atomic step under a shared lock once a construct has its row; a first sight takes the lock alone. There
 * are about a hundred constructs, the rest shares the last row.
 */
#include "postgres.h"

#include "decisions.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "port/atomics.h"
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"
#include "utils/builtins.h"

#define CONSTRUCTS_MAX 128
#define CONSTRUCT_BYTES 64
#define TRANCHE "pg_fusion_decisions"

PG_FUNCTION_INFO_V1(pg_fusion_decisions);

typedef struct Construct
{
	char		name[CONSTRUCT_BYTES];
	pg_atomic_uint64 refused;
	pg_atomic_uint64 fallen_back;
} Construct;

typedef struct DecisionTable
{
	pg_atomic_uint64 fixed[FUSION_DECISION_COUNT];
	int			construct_count;	/* changed under the exclusive lock */
	Construct	constructs[CONSTRUCTS_MAX + 1]; /* the last one has no name */
} DecisionTable;

/* The columns of pg_fusion_decisions(). */
enum
{
	COLUMN_DECISION,
	COLUMN_REASON,
	COLUMN_STATEMENTS,
	COLUMN_COUNT
};

static const struct
{
	const char *decision;
	const char *reason;			/* NULL: none is needed */
}			fixed_names[FUSION_DECISION_COUNT] = {
	[FUSION_DECISION_PLANNED] = {"planned", NULL},
	[FUSION_DECISION_BYPASSED_COMMAND] = {"bypassed", "not a SELECT"},
	[FUSION_DECISION_BYPASSED_NO_TABLE] = {"bypassed", "reads no user table"},
	[FUSION_DECISION_BYPASSED_CATALOG] = {"bypassed", "reads a system relation"},
	[FUSION_DECISION_BYPASSED_SERVER] = {"bypassed", "a query of the server's own"},
	[FUSION_DECISION_BYPASSED_PROCESS] = {"bypassed", "a process without the engine"}
};

static DecisionTable *table = NULL;
static LWLock *lock = NULL;
static shmem_request_hook_type previous_request_hook = NULL;
static shmem_startup_hook_type previous_startup_hook = NULL;

static void
request_hook(void)
{
	if (previous_request_hook)
		previous_request_hook();
	RequestAddinShmemSpace(MAXALIGN(sizeof(DecisionTable)));
	RequestNamedLWLockTranche(TRANCHE, 1);
}

static void
startup_hook(void)
{
	bool		found;

	if (previous_startup_hook)
		previous_startup_hook();
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	table = ShmemInitStruct("pg_fusion decisions", sizeof(DecisionTable), &found);
	if (!found)
	{
		memset(table, 0, sizeof(DecisionTable));
		for (int i = 0; i < FUSION_DECISION_COUNT; i++)
			pg_atomic_init_u64(&table->fixed[i], 0);
		for (int i = 0; i <= CONSTRUCTS_MAX; i++)
		{
			pg_atomic_init_u64(&table->constructs[i].refused, 0);
			pg_atomic_init_u64(&table->constructs[i].fallen_back, 0);
		}
	}
	lock = &GetNamedLWLockTranche(TRANCHE)->lock;
	LWLockRelease(AddinShmemInitLock);
}

void
fusion_decisions_init(void)
{
	previous_request_hook = shmem_request_hook;
	shmem_request_hook = request_hook;
	previous_startup_hook = shmem_startup_hook;
	shmem_startup_hook = startup_hook;
}

void
fusion_decide(FusionDecision decision)
{
	if (table != NULL)
		pg_atomic_fetch_add_u64(&table->fixed[decision], 1);
}

/* The lock is held. */
static Construct *
find_construct(const char *name)
{
	for (int i = 0; i < table->construct_count; i++)
		if (strcmp(table->constructs[i].name, name) == 0)
			return &table->constructs[i];
	return NULL;
}

/* The exclusive lock is held. */
static Construct *
add_construct(const char *name)
{
	Construct  *found = find_construct(name);

	if (found != NULL)
		return found;
	if (table->construct_count == CONSTRUCTS_MAX)
		return &table->constructs[CONSTRUCTS_MAX];
	found = &table->constructs[table->construct_count];
	strlcpy(found->name, name, CONSTRUCT_BYTES);
	table->construct_count++;
	return found;
}

static void
clean_name(char *name, const char *construct)
{
	strlcpy(name, construct, CONSTRUCT_BYTES);
	for (char *at = name; *at != '\0'; at++)
		if (*at < ' ' || *at > '~')
			*at = '?';
}

void
fusion_decide_refused(const char *construct, bool strict)
{
	char		name[CONSTRUCT_BYTES];
	Construct  *row;

	if (table == NULL)
		return;
	clean_name(name, construct);
	LWLockAcquire(lock, LW_SHARED);
	row = find_construct(name);
	if (row == NULL)
	{
		LWLockRelease(lock);
		LWLockAcquire(lock, LW_EXCLUSIVE);
		row = add_construct(name);
	}
	pg_atomic_fetch_add_u64(strict ? &row->refused : &row->fallen_back, 1);
	LWLockRelease(lock);
}

void
fusion_decisions_reset(void)
{
	if (table == NULL)
		return;
	LWLockAcquire(lock, LW_EXCLUSIVE);
	for (int i = 0; i < FUSION_DECISION_COUNT; i++)
		pg_atomic_write_u64(&table->fixed[i], 0);
	for (int i = 0; i <= CONSTRUCTS_MAX; i++)
	{
		table->constructs[i].name[0] = '\0';
		pg_atomic_write_u64(&table->constructs[i].refused, 0);
		pg_atomic_write_u64(&table->constructs[i].fallen_back, 0);
	}
	table->construct_count = 0;
	LWLockRelease(lock);
}

static void
put_row(ReturnSetInfo *result, const char *decision, const char *reason, uint64 statements)
{
	Datum		values[COLUMN_COUNT];
	bool		nulls[COLUMN_COUNT] = {[COLUMN_REASON] = reason == NULL};

	if (statements == 0)
		return;
	values[COLUMN_DECISION] = CStringGetTextDatum(decision);
	values[COLUMN_REASON] = reason != NULL ? CStringGetTextDatum(reason) : (Datum) 0;
	values[COLUMN_STATEMENTS] = Int64GetDatum((int64) statements);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

Datum
pg_fusion_decisions(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	DecisionTable *copy;

	InitMaterializedSRF(fcinfo, 0);
	if (result->setDesc->natts != COLUMN_COUNT)
		elog(ERROR, "pg_fusion_decisions is declared with another row type");
	if (table == NULL)
		return (Datum) 0;
	/* Rows are made of a copy: writing them may allocate, fail, or spill to a file. */
	copy = palloc(sizeof(DecisionTable));
	LWLockAcquire(lock, LW_SHARED);
	memcpy(copy, table, sizeof(DecisionTable));
	LWLockRelease(lock);

	for (int i = 0; i < FUSION_DECISION_COUNT; i++)
		put_row(result, fixed_names[i].decision, fixed_names[i].reason, pg_atomic_read_u64(&copy->fixed[i]));
	for (int i = 0; i <= CONSTRUCTS_MAX; i++)
	{
		const Construct *row = &copy->constructs[i];
		const char *name = i == CONSTRUCTS_MAX ? "other constructs" : row->name;

		put_row(result, "refused", name, pg_atomic_read_u64(unconstify(pg_atomic_uint64 *, &row->refused)));
		put_row(result, "left to PostgreSQL", name,
				pg_atomic_read_u64(unconstify(pg_atomic_uint64 *, &row->fallen_back)));
	}
	return (Datum) 0;
}
