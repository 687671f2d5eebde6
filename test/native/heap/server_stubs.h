/*
 * server_stubs.h
 *    Stands in for the server around the extension's page code, so that it runs alone under the sanitizers:
 *    memory that is freed all at once, errors that jump back to the test.
 */
#ifndef FUSION_TEST_SERVER_STUBS_H
#define FUSION_TEST_SERVER_STUBS_H

#include "postgres.h"

#include <setjmp.h>

/* port.h has replaced these by the server's own. */
#undef fprintf
#undef vsnprintf

/* Where ereport(ERROR) goes; set it before calling code that may raise one. */
extern jmp_buf stub_error_jump;
extern char stub_error_message[256];

/* Frees everything palloc gave out. */
extern void stub_free_memory(void);

#define CHECK(condition) \
	do { \
		if (!(condition)) \
		{ \
			fprintf(stderr, "%s:%d: %s: not so: %s\n", __FILE__, __LINE__, __func__, #condition); \
			abort(); \
		} \
	} while (0)

/* splitmix64 */
static inline uint64
next_random(uint64 *state)
{
	uint64		z = (*state += UINT64CONST(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64CONST(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64CONST(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static inline uint32
random_below(uint64 *state, uint32 bound)
{
	return (uint32) (next_random(state) % bound);
}

/* Seconds to spend: PG_FUSION_SOAK, or the usual ones. */
extern double soak_seconds(double usual);
extern double seconds_now(void);

#endif							/* FUSION_TEST_SERVER_STUBS_H */
