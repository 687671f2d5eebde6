/*
 * parallel_libraries.c
 *    Strikes the JIT provider off the list of libraries that workers load. See parallel_libraries.h.
 *
 * A session in which PostgreSQL has once compiled an expression has LLVM loaded, and each of its parallel workers loads
 * and relocates it again: 18 ms, in which one producer reads two million rows. Leaves are never compiled
 * (plan_assembly.c), and a function of theirs that runs a statement which is, loads the provider when it is needed, as
 * in any other process.
 */
#include "postgres.h"

#include "parallel_libraries.h"

#include "fmgr.h"
#include "jit/jit.h"
#include "miscadmin.h"

/* PostgreSQL's own, which its headers do not show; the same from 9.5 to 18. */
#define LIBRARIES_KEY UINT64CONST(0xFFFFFFFFFFFF0003)

/* The list that workers will read; NULL unless it is, byte by byte, what PostgreSQL would write there now. */
static char *
find_libraries(ParallelContext *context)
{
	Size		bytes = EstimateLibraryStateSpace();
	char	   *expected = palloc0(bytes);
	char	   *libraries = shm_toc_lookup(context->toc, LIBRARIES_KEY, true);

	SerializeLibraryState(bytes, expected);
	if (libraries != NULL && memcmp(libraries, expected, bytes) != 0)
		libraries = NULL;
	pfree(expected);
	return libraries;
}

void
fusion_parallel_leave_jit(ParallelContext *context)
{
	char	   *libraries = context->nworkers > 0 ? find_libraries(context) : NULL;
	char	   *kept = libraries;
	char		provider[MAXPGPATH];

	if (libraries == NULL)
		return;
	snprintf(provider, sizeof(provider), "%s/%s%s", pkglib_path, jit_provider, DLSUFFIX);

	/* Names end with a zero byte each, and the list with an empty one. */
	while (*libraries != '\0')
	{
		Size		bytes = strlen(libraries) + 1;

		if (strcmp(libraries, provider) != 0)
		{
			memmove(kept, libraries, bytes);
			kept += bytes;
		}
		libraries += bytes;
	}
	*kept = '\0';
}
