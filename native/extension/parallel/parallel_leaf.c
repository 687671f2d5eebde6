/*
 * parallel_leaf.c
 *    Leaves in the dynamic shared memory of a parallel context. See parallel_leaf.h.
 */
#include "postgres.h"

#include <dlfcn.h>

#include "executor/executor.h"
#include "nodes/nodeFuncs.h"
#include "parallel_leaf.h"
#include "parallel_libraries.h"
#include "parallel_state.h"
#include "storage/bufmgr.h"
#include "tcop/dest.h"
#include "tcop/tcopprot.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

const char *
fusion_parallel_library(void)
{
	Dl_info		info;

	/* Under any other name it could be taken for another library and loaded again. */
	if (dladdr((const void *) fusion_parallel_library, &info) == 0 || info.dli_fname == NULL)
		elog(ERROR, "pg_fusion: the library does not know its own name");
	return info.dli_fname;
}

void
fusion_parallel_initialize(ParallelContext *context, Snapshot snapshot)
{
	/* Workers inherit the snapshot that is active. */
	PushActiveSnapshot(snapshot);
	InitializeParallelDSM(context);
	PopActiveSnapshot();
	fusion_parallel_leave_jit(context);
}

void
fusion_parallel_estimate_chunk(ParallelContext *context, Size bytes)
{
	shm_toc_estimate_chunk(&context->estimator, Max(bytes, 1));
	shm_toc_estimate_keys(&context->estimator, 1);
}

void *
fusion_parallel_put_chunk(ParallelContext *context, uint64 key, const void *bytes, Size length)
{
	void	   *chunk = shm_toc_allocate(context->toc, Max(length, 1));

	if (bytes != NULL && length > 0)
		memcpy(chunk, bytes, length);
	shm_toc_insert(context->toc, key, chunk);
	return chunk;
}

/* A statement of nothing but the leaf, over the range table of the whole: plans carry final indexes. */
static char *
leaf_plan_text(EState *estate, Plan *leaf)
{
	PlannedStmt *statement = makeNode(PlannedStmt);

	statement->commandType = CMD_SELECT;
	statement->queryId = estate->es_plannedstmt->queryId;
	statement->canSetTag = true;
	statement->planTree = leaf;
	statement->rtable = estate->es_range_table;
#if PG_VERSION_NUM >= 160000
	statement->permInfos = estate->es_rteperminfos;
#endif
#if PG_VERSION_NUM >= 180000
	statement->partPruneInfos = estate->es_part_prune_infos;
	statement->unprunableRelids = estate->es_unpruned_relids;
#endif
	statement->stmt_location = -1;
	statement->stmt_len = -1;
	return nodeToString(statement);
}

static Size
column_bytes(const FusionPageSchema *schema)
{
	return offsetof(FusionParallelColumns, columns) + sizeof(FusionColumn) * (Size) schema->column_count;
}

static void
put_columns(ParallelContext *context, int leaf, const FusionPageSchema *schema)
{
	FusionParallelColumns *columns = fusion_parallel_put_chunk(context,
															   FUSION_PARALLEL_KEY(FUSION_PARALLEL_COLUMNS, leaf),
															   NULL, column_bytes(schema));

	columns->fingerprint = schema->fingerprint;
	columns->count = schema->column_count;
	if (schema->column_count > 0)
		memcpy(columns->columns, schema->columns, sizeof(FusionColumn) * (Size) schema->column_count);
}

static Size
cursor_bytes(int scans)
{
	return offsetof(FusionBlockCursors, scans) + scans * sizeof(((FusionBlockCursors *) NULL)->scans[0]);
}

static void
put_cursors(ParallelContext *context, int leaf, const FusionLeafShare *share)
{
	List	   *scans = fusion_batch_scans(share->leaf);
	FusionBlockCursors *cursors = fusion_parallel_put_chunk(context, FUSION_PARALLEL_KEY(FUSION_PARALLEL_CURSORS, leaf),
															NULL, cursor_bytes(list_length(scans)));
	ListCell   *cell;

	cursors->count = list_length(scans);
	foreach(cell, scans)
	{
		SeqScanState *scan = lfirst_node(SeqScanState, cell);
		int			at = foreach_current_index(cell);

		cursors->scans[at].relation = ((Scan *) scan->ss.ps.plan)->scanrelid;
		/* The snapshot is taken: blocks that are added from now on hold nothing it sees. */
		fusion_block_cursor_init(&cursors->scans[at].cursor, RelationGetNumberOfBlocks(scan->ss.ss_currentRelation),
								 share->sharers);
	}
}

/* Of every worker, for every node. */
static Size
instrument_bytes(const FusionLeafShare *share)
{
	return mul_size(mul_size(share->sharers - 1, list_length(fusion_batch_nodes(share->leaf))),
					sizeof(Instrumentation));
}

void
fusion_parallel_estimate_leaves(ParallelContext *context, EState *estate, FusionLeafShare *shares, int count)
{
	fusion_parallel_estimate_chunk(context, strlen(estate->es_sourceText) + 1);
	fusion_parallel_estimate_chunk(context, EstimateParamListSpace(estate->es_param_list_info));
	for (int leaf = 0; leaf < count; leaf++)
	{
		FusionLeafShare *share = &shares[leaf];

		if (share->sharers == 0)
			continue;
		share->plan = leaf_plan_text(estate, share->leaf->plan);
		fusion_parallel_estimate_chunk(context, strlen(share->plan) + 1);
		fusion_parallel_estimate_chunk(context, column_bytes(share->schema));
		fusion_parallel_estimate_chunk(context, cursor_bytes(list_length(fusion_batch_scans(share->leaf))));
		if (estate->es_instrument != 0)
			fusion_parallel_estimate_chunk(context, instrument_bytes(share));
	}
}

void
fusion_parallel_put_leaves(ParallelContext *context, EState *estate, FusionLeafShare *shares, int count)
{
	char	   *parameters;

	fusion_parallel_put_chunk(context, FUSION_PARALLEL_KEY(FUSION_PARALLEL_SOURCE, 0), estate->es_sourceText,
							  strlen(estate->es_sourceText) + 1);
	parameters = fusion_parallel_put_chunk(context, FUSION_PARALLEL_KEY(FUSION_PARALLEL_PARAMETERS, 0), NULL,
										   EstimateParamListSpace(estate->es_param_list_info));
	SerializeParamList(estate->es_param_list_info, &parameters);
	for (int leaf = 0; leaf < count; leaf++)
	{
		FusionLeafShare *share = &shares[leaf];

		if (share->sharers == 0)
			continue;
		fusion_parallel_put_chunk(context, FUSION_PARALLEL_KEY(FUSION_PARALLEL_PLAN, leaf), share->plan,
								  strlen(share->plan) + 1);
		put_columns(context, leaf, share->schema);
		put_cursors(context, leaf, share);
		if (estate->es_instrument != 0)
			memset(fusion_parallel_put_chunk(context, FUSION_PARALLEL_KEY(FUSION_PARALLEL_INSTRUMENTS, leaf), NULL,
											 instrument_bytes(share)), 0, instrument_bytes(share));
		pfree(share->plan);
		share->plan = NULL;
	}
}

static void *
chunk(shm_toc *toc, FusionParallelPart part, int leaf)
{
	return shm_toc_lookup(toc, FUSION_PARALLEL_KEY(part, leaf), false);
}

FusionBlockCursors *
fusion_parallel_cursors(shm_toc *toc, int leaf)
{
	return chunk(toc, FUSION_PARALLEL_CURSORS, leaf);
}

Instrumentation *
fusion_parallel_instruments(shm_toc *toc, int leaf, int number, int node_count)
{
	Instrumentation *all = shm_toc_lookup(toc, FUSION_PARALLEL_KEY(FUSION_PARALLEL_INSTRUMENTS, leaf), true);

	return all == NULL ? NULL : all + (Size) (number - 1) * node_count;
}

QueryDesc *
fusion_parallel_start_leaf(shm_toc *toc, int leaf, int instrument_options)
{
	PlannedStmt *statement = stringToNode(chunk(toc, FUSION_PARALLEL_PLAN, leaf));
	char	   *parameters = chunk(toc, FUSION_PARALLEL_PARAMETERS, 0);
	QueryDesc  *query = CreateQueryDesc(statement, chunk(toc, FUSION_PARALLEL_SOURCE, 0), GetActiveSnapshot(),
										InvalidSnapshot, None_Receiver, RestoreParamList(&parameters), NULL,
										instrument_options);

	ExecutorStart(query, 0);
	return query;
}

FusionProducer *
fusion_parallel_make_producer(shm_toc *toc, int leaf, QueryDesc *query)
{
	MemoryContext outer = MemoryContextSwitchTo(query->estate->es_query_cxt);
	FusionParallelColumns *columns = chunk(toc, FUSION_PARALLEL_COLUMNS, leaf);
	FusionPageSchema *schema = palloc0(sizeof(FusionPageSchema));
	FusionProducer *producer;

	schema->column_count = columns->count;
	schema->columns = columns->columns;
	schema->fingerprint = columns->fingerprint;
	producer = fusion_producer_batches(query->planstate, schema);
	producer->share(producer, fusion_parallel_cursors(toc, leaf));
	MemoryContextSwitchTo(outer);
	return producer;
}
