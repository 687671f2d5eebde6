/*
 * planner.c
 *    The planner hook: decides who plans a statement, and what becomes of a refusal.
 *
 *    parse -> query_text.c (prepare, write) -> catalog_facts.c -> plan_request.c (worker) -> leaf_plan.c ->
 *    edge_plan.c
 *
 * Everything works on copies, so that PostgreSQL can still plan the statement when pg_fusion does not.
 */
#include "postgres.h"

#include "candidate.h"
#include "catalog_facts.h"
#include "column_modifiers.h"
#include "decisions.h"
#include "edge_plan.h"
#include "execution.h"
#include "executor/executor.h"
#include "explain_choice.h"
#include "function_permission.h"
#include "leaf_plan.h"
#include "metrics.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "optimizer/paths.h"
#include "optimizer/planmain.h"
#include "optimizer/planner.h"
#include "pg_compat.h"
#include "pgtime.h"
#include "plan_request.h"
#include "plan_tables.h"
#include "placeholder.h"
#include "plan_cost.h"
#include "planner.h"
#include "region_host.h"
#include "session.h"
#include "settings.h"
#include "statistics_facts.h"

static planner_hook_type next_planner_hook = NULL;

typedef struct Statement
{
	Query	   *parse;
	const char *query_string;
	int			cursor_options;
	ParamListInfo bound_params;
	const char *leader_only;	/* why the statement around has no workers for it; NULL: it may */
} Statement;

/* Planning takes the tree apart: `parse` is the statement's own or a copy of it. */
static PlannedStmt *
plan_by_postgres(const Statement *statement, Query *parse)
{
	planner_hook_type plan = next_planner_hook != NULL ? next_planner_hook : standard_planner;

	return plan(parse, statement->query_string, statement->cursor_options, statement->bound_params);
}

/* What needs no worker to be refused. */
static bool
is_plain_select(const Query *parse, FusionRefusal *refusal)
{
	if (parse->rowMarks != NIL)
	{
		static const char *const names[] = {
			[LCS_NONE] = "row locking",
			[LCS_FORKEYSHARE] = "FOR KEY SHARE",
			[LCS_FORSHARE] = "FOR SHARE",
			[LCS_FORNOKEYUPDATE] = "FOR NO KEY UPDATE",
			[LCS_FORUPDATE] = "FOR UPDATE"
		};

		return fusion_refuse(refusal, names[linitial_node(RowMarkClause, parse->rowMarks)->strength],
							 "Rows are locked by PostgreSQL's own plans only.", -1);
	}
	if (parse->hasModifyingCTE)
		return fusion_refuse(refusal, "a data-modifying statement in WITH", NULL, -1);
	return true;
}

/* What could never be executed here, however little goes on. */
static bool
fits_region(const FusionPlanReady *answer, FusionRefusal *refusal)
{
	uint32		most = fusion_execution_leaves_max();

	if (answer->leaf_count <= most)
		return true;
	fusion_refuse(refusal, "so many scans in one statement",
				  psprintf("It has %u, and there are pages and slots for %u.", answer->leaf_count, most), -1);
	refusal->hint = pstrdup("Raise pg_fusion.page_count and pg_fusion.scan_slots, or run the statement with "
							"pg_fusion.enable = off.");
	return false;
}

static void
make_request(const FusionQueryText *text, ParamListInfo bound_params, FusionPlanRequest *request)
{
	memset(request, 0, sizeof(FusionPlanRequest));
	request->server_version = PG_VERSION_NUM;
	request->query.data = (const uint8 *) text->text;
	request->query.length = text->length;
	fusion_collect_facts(text, request);
	fusion_collect_statistics(text, bound_params, request);
	/* A plan may be explained long after it was made (EXPLAIN EXECUTE), so every plan brings its lines. */
	request->explain = true;
	request->runtime_filters = fusion_setting_runtime_filter_enable && fusion_region.filter_slot_count > 0;
	request->other_encoding = GetDatabaseEncoding() != PG_UTF8;
	request->time_zone = pg_get_timezone_name(session_timezone);
	request->work_memory_kb = (uint32) work_mem;
}

/* Of the engine, as the plan node keeps it. */
static List *
operator_list(const FusionOperatorAnswer *answer)
{
	List	   *places = list_make4(makeString(pstrdup(answer->name)), makeInteger(answer->depth),
									makeInteger(answer->leaf), makeFloat(psprintf("%.0f", answer->rows)));

	for (uint32 i = 0; i < answer->detail_count; i++)
	{
		const char *label;
		const char *text;

		fusion_operator_detail(answer, i, &label, &text);
		places = lappend(lappend(places, makeString(pstrdup(label))), makeString(pstrdup(text)));
	}
	return places;
}

static void
take_answer(const FusionPlanReady *ready, const FusionAnswer *answer, FusionScanPlan *scan)
{
	bytea	   *physical = palloc(VARHDRSZ + ready->plan.length);

	SET_VARSIZE(physical, VARHDRSZ + ready->plan.length);
	memcpy(VARDATA(physical), ready->plan.data, ready->plan.length);
	scan->physical = physical;
	scan->digest = ready->plan_digest;
	scan->rows = ready->rows;
	scan->planning_round_trip_ns = answer->round_trip_ns;
	scan->planning_worker_ns = ready->planning_ns;
	scan->planning_cached = answer->cached;
	if (!answer->cached)
		fusion_count(FUSION_METRIC_PLANNER_WORKER_TIME, ready->planning_ns);
	for (uint32 i = 0; i < ready->operator_count; i++)
	{
		FusionOperatorAnswer operator;

		fusion_plan_ready_operator(ready, i, &operator);
		scan->operators = lappend(scan->operators, operator_list(&operator));
	}
	scan->tables = fusion_plan_tables(ready);
	for (uint32 i = 0; i < ready->explain_count; i++)
		scan->explain = lappend(scan->explain, makeString(pstrdup(fusion_plan_ready_explain(ready, i))));
}

/* The statement's plan, or NULL when it is refused. `scan` may bring PostgreSQL's estimate, and gets pg_fusion's. */
static PlannedStmt *
plan_by_fusion(const Statement *statement, bool tolerant, FusionScanPlan *scan, FusionRefusal *refusal)
{
	FusionQueryText *text;
	FusionPlanRequest request;
	FusionAnswer answer;
	FusionPlanReady ready;
	FusionAssembly *assembly;

	if (!is_plain_select(statement->parse, refusal))
		return NULL;
	text = fusion_query_text(statement->parse, statement->bound_params);
	make_request(text, statement->bound_params, &request);
	if (!fusion_request_plan(&request, tolerant, &answer, refusal))
		return NULL;
	if (!fusion_decode_plan_ready(answer.payload, answer.length, &ready))
		fusion_answer_invalid("The answer is malformed or of another version.");
	if (!fits_region(&ready, refusal))
		return NULL;
	take_answer(&ready, &answer, scan);
	scan->functions = fusion_functions_named(text->query);
	assembly = fusion_assembly_start(text, statement->query_string, statement->cursor_options,
									 statement->bound_params);
	assembly->leader_only = statement->leader_only;
	fusion_plan_leaves(text, &ready, assembly, scan);
	return fusion_plan_edge(text, statement->parse, &ready, assembly, scan);
}

/* PostgreSQL's plan for its columns alone: in whatever order it joins, they are the same. */
static PlannedStmt *
plan_columns_by_postgres(const Statement *statement)
{
	int			saved_from_limit = from_collapse_limit;
	int			saved_join_limit = join_collapse_limit;
	PlannedStmt *volatile planned = NULL;	/* set between setjmp and its return */

	from_collapse_limit = join_collapse_limit = 1;
	PG_TRY();
	{
		planned = plan_by_postgres(statement, copyObject(statement->parse));
	}
	PG_FINALLY();
	{
		from_collapse_limit = saved_from_limit;
		join_collapse_limit = saved_join_limit;
	}
	PG_END_TRY();
	return planned;
}

PlannedStmt *
fusion_plan_inside(Query *query, const FusionAssembly *around, const char *leader_only)
{
	Statement	statement = {
		query, around->query_string, around->cursor_options & CURSOR_OPT_PARALLEL_OK, around->bound_params, leader_only
	};
	FusionScanPlan scan = {0};
	FusionRefusal refusal = {.location = -1};

	return fusion_is_candidate(query) ? plan_by_fusion(&statement, true, &scan, &refusal) : NULL;
}

static void
require_other_choice(const char *chosen, const char *required)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("pg_fusion.require is %s, but the statement would run in %s", required, chosen)));
}

static PlannedStmt *
left_to_postgres(const Statement *statement, PlannedStmt *planned, const char *reason, const FusionScanPlan *scan)
{
	fusion_count(FUSION_METRIC_PLANNER_REFUSED, 1);
	fusion_explain_choice(statement->parse, reason, scan->reference_ns, scan->estimated_ns);
	fusion_decide_refused(reason, false);
	return planned;
}

/*
 * Whether PostgreSQL makes a cursor of this plan that goes backward, and mostly one that WHERE CURRENT OF may
 * name, with nothing said of it in the declaration (PerformCursorOpen, SPI_cursor_open_internal). A plan of the
 * engine does neither.
 */
static bool
is_cursor_by_plan(const Statement *statement, PlannedStmt *planned)
{
	return (statement->cursor_options & CURSOR_OPT_FAST_PLAN) != 0 &&
		(statement->cursor_options & (CURSOR_OPT_SCROLL | CURSOR_OPT_NO_SCROLL)) == 0 &&
		ExecSupportsBackwardScan(planned->planTree);
}

/*
 * Auto: whoever is expected to end first. What PostgreSQL finishes before pg_fusion could begin, such as a look-up
 * through an index, is not even asked for.
 */
static PlannedStmt *
plan_by_cost(const Statement *statement)
{
	PlannedStmt *reference = plan_by_postgres(statement, copyObject(statement->parse));
	FusionScanPlan scan = {.reference_ns = fusion_postgres_ns(reference)};
	FusionRefusal refusal = {.location = -1};
	PlannedStmt *planned;

	if (!is_plain_select(statement->parse, &refusal))
		return left_to_postgres(statement, reference, refusal.construct, &scan);
	if (fusion_is_short(reference))
		return left_to_postgres(statement, reference, "short statement", &scan);
	if (is_cursor_by_plan(statement, reference))
		return left_to_postgres(statement, reference, "cursor that goes backward", &scan);
	planned = plan_by_fusion(statement, true, &scan, &refusal);
	if (planned == NULL)
		return left_to_postgres(statement, reference, refusal.construct, &scan);
	if (scan.estimated_ns > scan.reference_ns)
		return left_to_postgres(statement, reference, "lower cost", &scan);
	if (!fusion_session_has_room(FUSION_LEAF_PERMITS * (uint32) scan.leaf_count + FUSION_RESULT_PERMITS))
		return left_to_postgres(statement, reference, "no room beside other statements", &scan);
	fusion_take_modifiers(planned, reference);
	fusion_count(FUSION_METRIC_PLANNER_READY, 1);
	fusion_decide(FUSION_DECISION_PLANNED);
	return planned;
}

static PlannedStmt *
plan_candidate(const Statement *statement)
{
	bool		strict = fusion_setting_enable == FUSION_ENABLE_ON || fusion_setting_require == FUSION_REQUIRE_FUSION;
	FusionScanPlan scan = {0};
	FusionRefusal refusal = {.location = -1};
	PlannedStmt *planned;

	if (fusion_setting_enable == FUSION_ENABLE_AUTO && fusion_setting_require == FUSION_REQUIRE_NONE)
		return plan_by_cost(statement);
	if (fusion_setting_enable == FUSION_ENABLE_OFF)
	{
		if (fusion_setting_require == FUSION_REQUIRE_FUSION)
			require_other_choice("PostgreSQL, because pg_fusion.enable is off", "fusion");
		return plan_by_postgres(statement, statement->parse);
	}
	planned = plan_by_fusion(statement, !strict, &scan, &refusal);
	if (planned == NULL)
	{
		fusion_count(FUSION_METRIC_PLANNER_REFUSED, 1);
		fusion_decide_refused(refusal.construct, strict);
		if (strict)
			fusion_refusal_report(&refusal, statement->query_string);
		return plan_by_postgres(statement, statement->parse);
	}
	if (fusion_setting_require == FUSION_REQUIRE_POSTGRES)
		require_other_choice("pg_fusion", "postgres");
	if (fusion_modifiers_may_change(statement->parse))
		fusion_take_modifiers(planned, plan_columns_by_postgres(statement));
	fusion_count(FUSION_METRIC_PLANNER_READY, 1);
	fusion_decide(FUSION_DECISION_PLANNED);
	return planned;
}

static PlannedStmt *
plan_any(const Statement *statement)
{
	bool		interested = fusion_setting_enable != FUSION_ENABLE_OFF ||
		fusion_setting_require == FUSION_REQUIRE_FUSION;

	if (interested && fusion_is_candidate(statement->parse))
		return plan_candidate(statement);
	return plan_by_postgres(statement, statement->parse);
}

/*
 * Planning may run functions that plan statements of their own, so whatever an outer run has pending is
 * hidden from this one and comes back after it.
 */
static PlannedStmt *
plan_statement(Query *parse, const char *query_string, int cursor_options, ParamListInfo bound_params)
{
	Statement	statement = {parse, query_string, cursor_options, bound_params, NULL};
	FusionPlaceholder *before = fusion_placeholder_push(NULL);
	PlannedStmt *volatile planned = NULL;	/* set between setjmp and its return */

	PG_TRY();
	{
		planned = plan_any(&statement);
	}
	PG_FINALLY();
	{
		fusion_placeholder_pop(before);
	}
	PG_END_TRY();
	return planned;
}

void
fusion_planner_init(void)
{
	next_planner_hook = planner_hook;
	planner_hook = plan_statement;
	fusion_candidate_init();
	fusion_placeholder_init();
}
