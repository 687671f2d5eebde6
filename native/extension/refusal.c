/*
 * refusal.c
 *    Reports of refusals and of unacceptable answers; the only place that words them. See refusal.h.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "refusal.h"
#include "tcop/tcopprot.h"

#define USUAL_HINT "Set pg_fusion.enable to off or auto to run this statement in PostgreSQL."
#define DEFECT_HINT \
	"This is a defect of pg_fusion. Set pg_fusion.enable to off to run the statement in PostgreSQL."

bool
fusion_refuse(FusionRefusal *refusal, const char *construct, const char *detail, int location)
{
	refusal->construct = pstrdup(construct);
	refusal->detail = detail != NULL && detail[0] != '\0' ? pstrdup(detail) : NULL;
	refusal->hint = NULL;
	refusal->location = location;
	refusal->sqlstate = 0;
	return false;
}

/*
 * Marks the place in the statement. A location counts in the text that was parsed, which is the client's
 * own text for a plain query, but not for EXECUTE of a prepared statement or inside a function: there that
 * text is sent along.
 */
static int
report_position(const char *query_string, int location)
{
	int			position;

	if (location < 0 || query_string == NULL || location > (int) strlen(query_string))
		return 0;
	position = pg_mbstrlen_with_len(query_string, location) + 1;
	if (debug_query_string != NULL && strcmp(debug_query_string, query_string) == 0)
		return errposition(position);
	internalerrposition(position);
	return internalerrquery(query_string);
}

void
fusion_refusal_report(const FusionRefusal *refusal, const char *query_string)
{
	ereport(ERROR,
			(errcode(refusal->sqlstate != 0 ? refusal->sqlstate : ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("pg_fusion: %s is not supported", refusal->construct),
			 refusal->detail != NULL ? errdetail("%s", refusal->detail) : 0,
			 errhint("%s", refusal->hint != NULL ? refusal->hint : USUAL_HINT),
			 report_position(query_string, refusal->location)));
}

void
fusion_answer_invalid(const char *format,...)
{
	StringInfoData reason;

	initStringInfo(&reason);
	for (;;)
	{
		va_list		arguments;
		int			needed;

		va_start(arguments, format);
		needed = appendStringInfoVA(&reason, format, arguments);
		va_end(arguments);
		if (needed == 0)
			break;
		enlargeStringInfo(&reason, needed);
	}
	ereport(ERROR,
			(errcode(ERRCODE_PROTOCOL_VIOLATION),
			 errmsg("pg_fusion: the worker's plan cannot be executed"),
			 errdetail("%s", reason.data),
			 errhint("%s", DEFECT_HINT)));
}
