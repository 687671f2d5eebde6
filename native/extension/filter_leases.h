/*
 * filter_leases.h
 *    Slots of an execution's runtime filters: leased by the backend before it starts the execution, filled by the
 *    worker, read by the producers, freed by whoever lets go of the session last. Read next: row_filter.h.
 */
#ifndef FUSION_FILTER_LEASES_H
#define FUSION_FILTER_LEASES_H

#include "postgres.h"

#include "messages.h"
#include "producer.h"
#include "row_filter.h"

typedef struct FusionFilterLeases
{
	FusionLease *slots;			/* FUSION_LEAF_FILTERS_MAX for each leaf, as its filters stand in the plan */
	FusionFilterSlotName *names;	/* of those that have a slot, once each: for StartExecution */
	int			name_count;
} FusionFilterLeases;

/*
 * As many as there are; a filter without slot is not made, which is no error. Tells the leader's producers, one for
 * each leaf. All of it lives in `context`, the conversation's.
 */
extern void fusion_filters_lease(FusionFilterLeases *leases, const FusionScanPlan *plan, FusionLease control,
								 MemoryContext context, FusionProducer **producers);

#endif							/* FUSION_FILTER_LEASES_H */
