/*
 * actor.c
 *    Steps a machine by its compiled table and writes the transition to the flight recorder. Effects are the caller's:
 *    session.c for conversations, execution.c for the execution and its producers.
 */
#include "postgres.h"

#include "actor.h"
#include "region_host.h"
#include "settings.h"

void
fusion_actor_begin(FusionActor *actor, FusionMachine machine, uint32 writer, FusionLease control, uint16 number)
{
	*actor = (FusionActor) {
		.machine = machine,
		.state = (uint8) fusion_machine_tables[machine].initial,
		.actor = number,
		.writer = writer,
		.control = control
	};
}

bool
fusion_actor_step(FusionActor *actor, int event, uint32 argument, uint32 cause, uint32 *effects)
{
	uint32		mask;
	int			to = fusion_machine_step((FusionMachine) actor->machine, actor->state, event, &mask);

	if (effects)
		*effects = mask;
	if (to < 0)
		return false;
	/* A trace names causes by numbers of the flight recorder, so that is on wherever a trace is. */
	if (fusion_setting_flight_recorder || actor->capture != NULL)
	{
		FusionFlightRecord record = {
			.session = actor->control.epoch,
			.machine = actor->machine,
			.event = (uint8) event,
			.from_state = actor->state,
			.to_state = (uint8) to,
			.slot = (uint16) actor->control.index,
			.actor = actor->actor,
			.argument = argument,
			.cause = cause
		};

		actor->sequence = fusion_flight_record(&fusion_flight, actor->writer, &record);
		if (actor->capture != NULL)
			fusion_capture_transition(actor->capture, &record, actor->sequence, mask);
	}
	actor->state = (uint8) to;
	return true;
}

void
fusion_actor_note_stale(const FusionActor *actor, uint16 type, uint32 sequence)
{
	FusionFlightRecord record = {
		.session = actor->control.epoch,
		.event = FUSION_FLIGHT_NOTE_STALE_FRAME,
		.slot = (uint16) actor->control.index,
		.argument = type,
		.cause = sequence
	};

	if (fusion_setting_flight_recorder && actor->machine != 0)
		(void) fusion_flight_record(&fusion_flight, actor->writer, &record);
}

bool
fusion_actor_final(const FusionActor *actor)
{
	return actor->machine != 0 && fusion_machine_final((FusionMachine) actor->machine, actor->state);
}

void
fusion_actor_page(const FusionActor *holder, FusionPageLeaseState from, FusionPageLeaseEvent event,
				  const FusionPage *page)
{
	FusionActor lease = *holder;

	lease.machine = FUSION_MACHINE_PAGE_LEASE;
	lease.state = (uint8) from;
	(void) fusion_actor_step(&lease, event, page->page, 0, NULL);
}
