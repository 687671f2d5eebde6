/*
 * actor.h
 *    One state machine at work in this process: its state, and where its transitions are recorded. The machines
 *    themselves are specified in src/actors and come here as tables (native/generated/fusion_machines.h).
 */
#ifndef FUSION_ACTOR_H
#define FUSION_ACTOR_H

#include "postgres.h"

#include "capture.h"
#include "fusion_machines.h"

typedef struct FusionActor
{
	uint8		machine;		/* FusionMachine; 0 before its conversation is known */
	uint8		state;
	uint16		actor;			/* FlightRecord.actor: the leaf of a producer, else 0 */
	uint32		sequence;		/* of its last record: the cause of what it sends next */
	uint32		writer;			/* flight recorder ring this process writes for it */
	FusionLease control;		/* the session it belongs to */
	FusionCapture *capture;		/* takes every step as well; NULL: none. Its owner's, not the actor's */
} FusionActor;

/* Enters the machine's initial state. */
extern void fusion_actor_begin(FusionActor *actor, FusionMachine machine, uint32 writer, FusionLease control,
							   uint16 number);

/*
 * Takes one event: moves, records, and returns the effects the caller must perform, in ascending order of their bits.
 * False, and nothing moved, when the event has no place in the state: a protocol violation by whoever sent it.
 * Never throws.
 */
extern bool fusion_actor_step(FusionActor *actor, int event, uint32 argument, uint32 cause, uint32 *effects);

/*
 * Records that a frame for an earlier holder of the actor's slot was dropped: `type` and `sequence` are the frame's.
 * Counting it is the caller's.
 */
extern void fusion_actor_note_stale(const FusionActor *actor, uint16 type, uint32 sequence);

extern bool fusion_actor_final(const FusionActor *actor);

/*
 * Records one step of a page (machine page_lease) by this process. native/shm has made it already; a page that
 * came from or goes to its execution's reserve is told as free.
 */
extern void fusion_actor_page(const FusionActor *holder, FusionPageLeaseState from, FusionPageLeaseEvent event,
							  const FusionPage *page);

#endif							/* FUSION_ACTOR_H */
