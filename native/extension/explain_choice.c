/*
 * explain_choice.c
 *    One line below PostgreSQL's own plan in EXPLAIN: why pg_fusion left the statement to it. Its nodes have no place
 *    for that, and the other formats no place outside of them, so it is there in text only; pg_fusion_decisions()
 *    counts in any case. See explain_choice.h.
 */
#include "postgres.h"

#include "commands/explain.h"
#include "explain_choice.h"
#include "explain_line.h"
#include "executor/instrument.h"
#include "tcop/tcopprot.h"

#define NS_PER_MS 1e6

static ExplainOneQuery_hook_type next_explain_hook = NULL;

/* Of the statement being planned; empty: pg_fusion runs it, or was not asked. */
static char choice[160] = "";

void
fusion_explain_choice(const char *reason, double postgres_ns, double fusion_ns)
{
	if (fusion_ns > 0)
		snprintf(choice, sizeof(choice), "%s (estimate %.1f ms, in pg_fusion %.1f ms)", reason,
				 postgres_ns / NS_PER_MS, fusion_ns / NS_PER_MS);
	else
		snprintf(choice, sizeof(choice), "%s (estimate %.1f ms)", reason, postgres_ns / NS_PER_MS);
}

/* As PostgreSQL explains when there is no hook. */
static void
explain_plainly(Query *query, int cursor_options, IntoClause *into, ExplainState *es, const char *query_string,
				ParamListInfo params, QueryEnvironment *environment)
{
#if PG_VERSION_NUM >= 170000
	standard_ExplainOneQuery(query, cursor_options, into, es, query_string, params, environment);
#else
	BufferUsage before = pgBufferUsage;
	BufferUsage used;
	instr_time	start;
	instr_time	duration;
	PlannedStmt *plan;

	INSTR_TIME_SET_CURRENT(start);
	plan = pg_plan_query(query, query_string, cursor_options, params);
	INSTR_TIME_SET_CURRENT(duration);
	INSTR_TIME_SUBTRACT(duration, start);
	memset(&used, 0, sizeof(used));
	BufferUsageAccumDiff(&used, &pgBufferUsage, &before);
	ExplainOnePlan(plan, into, es, query_string, params, environment, &duration, es->buffers ? &used : NULL);
#endif
}

static void
explain_statement(Query *query, int cursor_options, IntoClause *into, ExplainState *es, const char *query_string,
				  ParamListInfo params, QueryEnvironment *environment)
{
	choice[0] = '\0';
	if (next_explain_hook != NULL)
		next_explain_hook(query, cursor_options, into, es, query_string, params, environment);
	else
		explain_plainly(query, cursor_options, into, es, query_string, params, environment);
	if (choice[0] != '\0' && fusion_explain_is_text(es))
		appendStringInfo(es->str, "Left to PostgreSQL by pg_fusion: %s\n", choice);
	choice[0] = '\0';
}

void
fusion_explain_choice_init(void)
{
	next_explain_hook = ExplainOneQuery_hook;
	ExplainOneQuery_hook = explain_statement;
}
