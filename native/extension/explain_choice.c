/*
 * explain_choice.c
 *    One line below PostgreSQL's own plan in EXPLAIN: why pg_fusion left the statement to it. Its nodes have no place
 *    for that; in the other formats it is the last property of the statement. See explain_choice.h.
 */
#include "postgres.h"

#include "commands/explain.h"
#include "explain_choice.h"
#include "explain_line.h"
#include "executor/instrument.h"
#include "pg_compat.h"
#include "tcop/tcopprot.h"

#define LABEL "Left to PostgreSQL by pg_fusion"

static ExplainOneQuery_hook_type next_explain_hook = NULL;

/*
 * A statement that is explained, and the choice; empty: pg_fusion runs it, or was not asked. Functions it calls have
 * statements of their own, which are planned meanwhile and may be explained, too.
 */
typedef struct Explained
{
	const Query *query;
	char		choice[160];
} Explained;

/* The innermost; NULL: none. */
static Explained *explained = NULL;

void
fusion_explain_choice(const Query *query, const char *reason, double postgres_ns, double fusion_ns)
{
	if (explained == NULL || explained->query != query)
		return;
	if (fusion_ns > 0)
		snprintf(explained->choice, sizeof(explained->choice), "%s (estimate %.1f ms, in pg_fusion %.1f ms)", reason,
				 postgres_ns / NS_PER_MS, fusion_ns / NS_PER_MS);
	else
		snprintf(explained->choice, sizeof(explained->choice), "%s (estimate %.1f ms)", reason,
				 postgres_ns / NS_PER_MS);
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

/*
 * The group of the statement is written and closed by now: what closed it is taken off again. False when the text ends
 * otherwise, as after somebody else's hook.
 */
static bool
reopen_query(ExplainState *es)
{
	char		closing[64];
	int			length = 0;

	if (es->format == EXPLAIN_FORMAT_JSON)
		length = snprintf(closing, sizeof(closing), "\n%*s}", 2 * es->indent, "");
	else if (es->format == EXPLAIN_FORMAT_XML)
		length = snprintf(closing, sizeof(closing), "%*s</Query>\n", 2 * es->indent, "");
	if (length > es->str->len || memcmp(es->str->data + es->str->len - length, closing, length) != 0)
		return false;
	es->str->len -= length;
	es->str->data[es->str->len] = '\0';
	es->indent++;
	/* It has properties already. */
	es->grouping_stack = lcons_int(1, es->grouping_stack);
	return true;
}

static void
show_choice(ExplainState *es, const char *choice)
{
	if (fusion_explain_is_text(es))
		appendStringInfo(es->str, LABEL ": %s\n", choice);
	else if (reopen_query(es))
	{
		ExplainPropertyText(LABEL, choice, es);
		ExplainCloseGroup("Query", NULL, true, es);
	}
}

static void
explain_statement(Query *query, int cursor_options, IntoClause *into, ExplainState *es, const char *query_string,
				  ParamListInfo params, QueryEnvironment *environment)
{
	Explained	own = {.query = query};
	Explained  *around = explained;

	explained = &own;
	PG_TRY();
	{
		if (next_explain_hook != NULL)
			next_explain_hook(query, cursor_options, into, es, query_string, params, environment);
		else
			explain_plainly(query, cursor_options, into, es, query_string, params, environment);
	}
	PG_FINALLY();
	{
		explained = around;
	}
	PG_END_TRY();
	if (own.choice[0] != '\0')
		show_choice(es, own.choice);
}

void
fusion_explain_choice_init(void)
{
	next_explain_hook = ExplainOneQuery_hook;
	ExplainOneQuery_hook = explain_statement;
}
