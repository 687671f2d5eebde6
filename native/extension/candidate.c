/*
 * candidate.c
 *    Tells statements of users over user tables from everything else that reaches the planner hook:
 *    catalogue queries of clients and psql, foreign-key checks, queries inside DDL, other processes' work.
 *    See candidate.h.
 */
#include "postgres.h"

#include "access/parallel.h"
#include "access/transam.h"
#include "candidate.h"
#include "catalog/catalog.h"
#include "catalog/pg_class.h"
#include "decisions.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "region_host.h"
#include "tcop/utility.h"
#include "utils/lsyscache.h"

/*
 * True inside a utility command that plans queries of the server's own: validation of a new foreign key,
 * the comparison of a concurrent refresh. They look like any SELECT over user tables.
 */
static bool inside_server_command = false;
static ProcessUtility_hook_type next_utility_hook = NULL;

typedef struct RelationCensus
{
	bool		user_table;
	bool		other;			/* a system relation or one that is no table */
} RelationCensus;

static void
count_relation(RelationCensus *census, Oid relation, char kind)
{
	if (relation < FirstNormalObjectId || IsToastNamespace(get_rel_namespace(relation)))
		census->other = true;
	else if (kind == RELKIND_VIEW)
		return;					/* what it reads is counted where it was expanded */
	else if (kind == RELKIND_RELATION || kind == RELKIND_PARTITIONED_TABLE || kind == RELKIND_MATVIEW ||
			 kind == RELKIND_FOREIGN_TABLE)
		census->user_table = true;
	else
		census->other = true;
}

static bool
census_walker(Node *node, RelationCensus *census)
{
	if (node == NULL || census->other)
		return census->other;
	if (IsA(node, RangeTblEntry))
	{
		RangeTblEntry *rte = (RangeTblEntry *) node;

		if (rte->rtekind == RTE_RELATION)
			count_relation(census, rte->relid, rte->relkind);
		else if (rte->rtekind == RTE_SUBQUERY && OidIsValid(rte->relid))
			count_relation(census, rte->relid, RELKIND_VIEW);
		return census->other;
	}
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, census_walker, census, QTW_EXAMINE_RTES_BEFORE);
	return expression_tree_walker(node, census_walker, census);
}

/* Not for pg_fusion, and counted as such. */
static bool
bypass(FusionDecision why)
{
	fusion_decide(why);
	return false;
}

bool
fusion_is_candidate(const Query *parse)
{
	RelationCensus census = {false, false};

	if (parse->commandType != CMD_SELECT || parse->utilityStmt != NULL)
		return bypass(FUSION_DECISION_BYPASSED_COMMAND);
	if (parse->rtable == NIL && !parse->hasSubLinks)
		return bypass(FUSION_DECISION_BYPASSED_NO_TABLE);
	if (!IsUnderPostmaster || IsParallelWorker() || !fusion_region_available())
		return bypass(FUSION_DECISION_BYPASSED_PROCESS);
	/* Foreign-key triggers plan under this flag. */
	if (inside_server_command || InNoForceRLSOperation())
		return bypass(FUSION_DECISION_BYPASSED_SERVER);
	(void) census_walker((Node *) unconstify(Query *, parse), &census);
	if (census.other)
		return bypass(FUSION_DECISION_BYPASSED_CATALOG);
	return census.user_table || bypass(FUSION_DECISION_BYPASSED_NO_TABLE);
}

/* Commands that carry a user's own statement, or run user code that has its own. */
static bool
carries_user_statement(const Node *command)
{
	switch (nodeTag(command))
	{
		case T_ExplainStmt:
		case T_CreateTableAsStmt:
		case T_PrepareStmt:
		case T_ExecuteStmt:
		case T_CopyStmt:
		case T_DeclareCursorStmt:
		case T_FetchStmt:
		case T_CallStmt:
		case T_DoStmt:
			return true;
		case T_TransactionStmt:
		case T_ConstraintsSetStmt:
			/* Deferred triggers run in these. */
			return true;
		case T_RefreshMatViewStmt:
			return !((const RefreshMatViewStmt *) command)->concurrent;
		default:
			return false;
	}
}

static void
watch_utility(PlannedStmt *statement, const char *query_string, bool read_only_tree, ProcessUtilityContext context,
			  ParamListInfo params, QueryEnvironment *environment, DestReceiver *receiver, QueryCompletion *completion)
{
	bool		before = inside_server_command;

	if (!carries_user_statement(statement->utilityStmt))
		inside_server_command = true;
	PG_TRY();
	{
		if (next_utility_hook != NULL)
			next_utility_hook(statement, query_string, read_only_tree, context, params, environment, receiver,
							  completion);
		else
			standard_ProcessUtility(statement, query_string, read_only_tree, context, params, environment, receiver,
									completion);
	}
	PG_FINALLY();
	{
		inside_server_command = before;
	}
	PG_END_TRY();
}

void
fusion_candidate_init(void)
{
	next_utility_hook = ProcessUtility_hook;
	ProcessUtility_hook = watch_utility;
}
