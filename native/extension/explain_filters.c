/*
 * explain_filters.c
 *    Runtime filters in EXPLAIN, under the scan whose producers test them: by which columns, and with ANALYZE what they
 *    came to, or why they did not. The joins that make them stand in the engine's plan.
 */
#include "postgres.h"

#include "explain.h"
#include "explain_line.h"
#include "utils/lsyscache.h"

/* Names of the leaf's columns that a filter compares, as its SQL calls them. */
static char *
filter_columns(const FusionScanState *state, int leaf, const FusionLeafFilter *filter)
{
	const Query *query = list_nth_node(Query, state->plan->leaf_queries, leaf);
	const RangeTblEntry *entry = linitial_node(RangeTblEntry, query->rtable);
	StringInfoData names;

	initStringInfo(&names);
	for (int i = 0; i < filter->key_count; i++)
	{
		const TargetEntry *target = list_nth_node(TargetEntry, query->targetList, filter->keys[i].column);
		char	   *name = target->resname;

		if (IsA(target->expr, Var) && entry->rtekind == RTE_RELATION)
			name = get_attname(entry->relid, ((const Var *) target->expr)->varattno, false);
		appendStringInfo(&names, "%s%s", i > 0 ? ", " : "", name);
	}
	return names.data;
}

/* A runtime filter, and with ANALYZE what it did or why it did nothing. */
static void
explain_filter(const FusionLeafFilter *filter, const char *columns, const FusionRowFilterStats *stats,
			   ExplainState *es)
{
	const char *reason = stats != NULL ? fusion_row_filter_reason(stats) : NULL;

	if (!fusion_explain_is_text(es))
	{
		ExplainOpenGroup("Runtime Filter", NULL, true, es);
		ExplainPropertyInteger("Number", NULL, filter->number, es);
		ExplainPropertyText("Columns", columns, es);
		if (stats != NULL)
		{
			ExplainPropertyUInteger("Rows Tested", NULL, stats->tested, es);
			ExplainPropertyUInteger("Rows Rejected", NULL, stats->rejected, es);
			ExplainPropertyUInteger("Rows Untested", NULL, stats->untested, es);
			if (reason != NULL)
				ExplainPropertyText("Reason", reason, es);
		}
		ExplainCloseGroup("Runtime Filter", NULL, true, es);
	}
	else if (stats == NULL)
		fusion_explain_line(es, "Runtime Filter %d: %s", filter->number, columns);
	else
		fusion_explain_line(es, "Runtime Filter %d: %s, tested=" UINT64_FORMAT " rejected=" UINT64_FORMAT " untested="
							UINT64_FORMAT "%s%s%s", filter->number, columns, stats->tested, stats->rejected,
							stats->untested,
							reason != NULL ? " (" : "", reason != NULL ? reason : "", reason != NULL ? ")" : "");
}

void
fusion_explain_filters(const FusionScanState *state, int leaf, const FusionLeafStats *stats, ExplainState *es)
{
	const FusionLeafFilters *filters = &state->plan->leaf_filters[leaf];

	if (filters->count == 0)
		return;
	ExplainOpenGroup("Runtime Filters", "Runtime Filters", false, es);
	for (int i = 0; i < filters->count; i++)
		explain_filter(&filters->filters[i], filter_columns(state, leaf, &filters->filters[i]),
					   stats != NULL ? &stats->filters[i] : NULL, es);
	ExplainCloseGroup("Runtime Filters", "Runtime Filters", false, es);
}
