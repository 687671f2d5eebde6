/*
 * activity.h
 *    A look at who holds what, for views: every leased control slot with its producers, its pages by state and what it
 *    waits for. It changes nothing and stops nobody, so numbers of different words may be of different moments.
 *    Everything is range-checked here: a caller may use what it gets as an index.
 */
#ifndef FUSION_ACTIVITY_H
#define FUSION_ACTIVITY_H

#include "slot.h"

/* FUSION_PAGE_* states and FUSION_PAGE_SIDE_* sides. */
#define FUSION_PAGE_STATES 5
#define FUSION_PAGE_SIDES 2

typedef struct FusionSessionActivity
{
	FusionLease lease;
	bool		closing;
	uint32_t	backend_pid;	/* 0: the backend has left */
	uint32_t	executor;		/* FUSION_EXECUTORS_MAX: none */
	uint32_t	machine;		/* of the backend's side, as it says; not checked against the machines there are */
	uint32_t	state;
	uint32_t	activity;		/* FUSION_ACTIVITY_* */
	uint64_t	started;
	uint32_t	permits_scan;
	uint32_t	permits_result;
	uint32_t	producers;		/* scan slots of the lease */
	uint64_t	rows_scanned;	/* handed over by the producers it has now */
	uint64_t	result_pages;
	uint64_t	bytes_on_disk;	/* of the worker, for the execution, now */
	bool		waits_for_page;
	bool		waits_for_ring;
	uint32_t	pages[FUSION_PAGE_SIDES][FUSION_PAGE_STATES];
} FusionSessionActivity;

typedef struct FusionPoolActivity
{
	uint32_t	free_pages;
	uint32_t	orphans;		/* held under no lease there is: the supervisor or the last owner is at them */
} FusionPoolActivity;

/* Fills one entry for each slot that is not free, at most region->control_slot_count; returns how many. */
extern uint32_t fusion_activity_read(const FusionRegion *region, FusionSessionActivity *sessions,
									 FusionPoolActivity *pool);

#endif							/* FUSION_ACTIVITY_H */
