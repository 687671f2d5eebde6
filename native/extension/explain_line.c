/*
 * explain_line.c
 *    One line of EXPLAIN's TEXT format. See explain_line.h.
 */
#include "postgres.h"

#include "explain_line.h"

void
fusion_explain_line(ExplainState *es, const char *format,...)
{
	int			needed;

	appendStringInfoSpaces(es->str, es->indent * 2);
	for (;;)
	{
		va_list		arguments;

		va_start(arguments, format);
		needed = appendStringInfoVA(es->str, format, arguments);
		va_end(arguments);
		if (needed == 0)
			break;
		enlargeStringInfo(es->str, needed);
	}
	appendStringInfoChar(es->str, '\n');
}
