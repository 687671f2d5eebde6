/*
 * cleanup.h
 *    Gives back what a backend holds outside PostgreSQL's own books when a transaction, a subtransaction or the process
 *    ends before its owner did. The owner's memory context is the first to do so; this is the net under it.
 */
#ifndef FUSION_CLEANUP_H
#define FUSION_CLEANUP_H

#include "postgres.h"

#include "lib/ilist.h"

typedef struct FusionCleanup FusionCleanup;

/*
 * Embedded in what is to be given back. `release` must be idempotent, must not throw, and may touch shared
 * memory only.
 */
struct FusionCleanup
{
	dlist_node	node;
	SubTransactionId subtransaction;	/* whose abort releases it; moves to the parent when that commits */
	void		(*release) (FusionCleanup *self);
};

extern void fusion_cleanup_add(FusionCleanup *self, SubTransactionId subtransaction,
							   void (*release) (FusionCleanup *self));

/* Idempotent; never throws. */
extern void fusion_cleanup_remove(FusionCleanup *self);

#endif							/* FUSION_CLEANUP_H */
