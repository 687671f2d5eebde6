/*
 * leaf_run.c
 *    A producer of one leaf, as the machine scan_producer says: opened by the worker, then page by page
 *    acquire, fill, issue, until the rows or the worker's wish end. No step waits; what it would wait for it
 *    announces, and the owner sleeps once nothing moves anywhere.
 */
#include "postgres.h"

#include "byte_ring.h"
#include "leaf_run.h"
#include "messages.h"
#include "metrics.h"
#include "miscadmin.h"
#include "pg_compat.h"
#include "row_filter.h"
#include "tcop/pquery.h"
#include "utils/portal.h"

/* Longer than any frame a worker sends to a producer; the ring holds about a dozen. */
#define FRAME_BYTES_HERE 512

/*
 * The part of the pool that producers leave to statements that begin: with all of it in the rings of others, those
 * would wait for their reservation for as long as the others run. Workers, who only make a statement faster, leave
 * more, and so does a cursor, whose pages may stand where they are for as long as its client likes.
 */
#define LEFT_BY_LEADER (fusion_region.page_count / 4)
#define LEFT_BY_WORKER (fusion_region.page_count / 2)
#define LEFT_BY_CURSOR (fusion_region.page_count - fusion_region.page_count / 4)

static FusionScanSlot *
slot_of(const FusionLeafRun *run)
{
	return &fusion_region.scan_slots[run->scan.index];
}

/* ---- effects ---- */

/* A frame to the worker. What it says is also in the descriptor ring's last entry, so a full ring drops it. */
static void
push_frame(FusionLeafRun *run, uint16 type, FusionEncoded message)
{
	FusionFrameHeader header = {
		.length = (uint32) message.length,
		.type = type,
		.lease_epoch = run->scan.epoch,
		.sequence = run->actor.sequence
	};

	if (message.data == NULL)
		return;
	if (fusion_ring_push(&fusion_region, &slot_of(run)->to_worker, &header, message.data) == FUSION_OK)
		fusion_wake_worker(&fusion_region, &fusion_wake_fds, run->owner->control.index);
	fusion_message_free(&message);
}

static void
wake_consumer(const FusionLeafRun *run)
{
	fusion_wake_executor_of(&fusion_region, run->owner->control.index);
}

static void
release_page(FusionLeafRun *run)
{
	if (fusion_page_release(&fusion_region, &run->page) != FUSION_OK)
		return;
	fusion_actor_page(&run->actor, FUSION_PAGE_LEASE_STATE_LEASED, FUSION_PAGE_LEASE_EVENT_RELEASED, &run->page);
	fusion_wake_page_waiters(&fusion_region, &fusion_wake_fds);
}

static void
end_stream(FusionLeafRun *run, uint16 kind)
{
	/* The ring keeps one entry for this. A lease that ended meanwhile has nobody left to tell. */
	(void) fusion_scan_end(&fusion_region, run->scan, kind);
	wake_consumer(run);
}

/* All effects but fillPage, which its step performs itself. Never throws: raising a violation is the owner's. */
static void
perform(FusionLeafRun *run, uint32 effects)
{
	if ((effects & FUSION_SCAN_PRODUCER_EFFECT_BEGIN_PAGE_WAIT) != 0)
		fusion_page_wait_begin(&fusion_region, FUSION_SLOT_SCAN, run->scan.index);
	if ((effects & FUSION_SCAN_PRODUCER_EFFECT_END_PAGE_WAIT) != 0)
		fusion_page_wait_end(&fusion_region, FUSION_SLOT_SCAN, run->scan.index);
	if ((effects & FUSION_SCAN_PRODUCER_EFFECT_RELEASE_PAGE) != 0)
		release_page(run);
	if ((effects & FUSION_SCAN_PRODUCER_EFFECT_END_STREAM) != 0)
		end_stream(run, FUSION_DESCRIPTOR_END);
	if ((effects & FUSION_SCAN_PRODUCER_EFFECT_FAIL_STREAM) != 0)
		end_stream(run, FUSION_DESCRIPTOR_FAILED);
	if ((effects & FUSION_SCAN_PRODUCER_EFFECT_SEND_SCAN_FINISHED) != 0)
	{
		FusionScanFinished finished = {
			.rows = run->stats.rows,
			.pages = run->stats.pages,
			.bytes = run->stats.bytes,
			.rows_filtered = run->producer->rows_read > run->producer->rows_produced
			? run->producer->rows_read - run->producer->rows_produced : 0,
			.time_ns = run->stats.time_ns
		};

		push_frame(run, FUSION_MESSAGE_SCAN_FINISHED, fusion_encode_scan_finished(&finished));
	}
	/* The error itself goes to the client, not to the worker: it may quote rows. */
	if ((effects & FUSION_SCAN_PRODUCER_EFFECT_SEND_SCAN_FAILED) != 0)
		push_frame(run, FUSION_MESSAGE_SCAN_FAILED,
				   fusion_encode_scan_failed(unpack_sql_state(run->error_code),
											 "the scan ended in an error of the backend"));
}

static void
step(FusionLeafRun *run, int event, uint32 argument, uint32 cause)
{
	uint32		effects;

	if (!fusion_actor_step(&run->actor, event, argument, cause, &effects))
		run->owner->violated(run->owner->arg, "a scan event came in a state that has no place for it");
	perform(run, effects);
}

static void
begin_wait(FusionLeafRun *run, FusionMetric kind)
{
	fusion_count(kind, 1);
	run->waits_for_ring = kind == FUSION_METRIC_SCAN_RING_WAITS;
	run->wait_started = fusion_now_ns();
}

static void
end_wait(FusionLeafRun *run)
{
	uint64		waited_ns;

	if (run->wait_started == 0)
		return;
	waited_ns = fusion_now_ns() - run->wait_started;
	fusion_count(FUSION_METRIC_SCAN_WAIT_TIME, waited_ns);
	if (run->waits_for_ring)
		run->stats.ring_wait_ns += waited_ns;
	else
		run->stats.page_wait_ns += waited_ns;
	run->wait_started = 0;
}

static void
violate(FusionLeafRun *run, const char *what)
{
	uint32		effects;

	if (fusion_actor_step(&run->actor, FUSION_SCAN_PRODUCER_EVENT_VIOLATED, 0, 0, &effects))
		perform(run, effects);
	run->owner->violated(run->owner->arg, what);
}

/* A lease ended under the run. */
static void
lose(FusionLeafRun *run)
{
	if (run->owner->lost(run->owner->arg))
		fusion_leaf_run_close(run);
	else
		violate(run, "the worker closed the session before the end");
}

/* ---- the worker's orders ---- */

/* Takes one frame. False when there is none. */
static bool
take_frame(FusionLeafRun *run)
{
	FusionFrameHeader header;
	/* FlatBuffers read aligned fields. */
	union
	{
		uint64		alignment;
		uint8		bytes[FRAME_BYTES_HERE];
	}			payload;
	FusionStatus status = fusion_ring_peek(&fusion_region, &slot_of(run)->to_producer, &header);
	bool		wake_writer;
	uint16		leaf;
	uint16		producer;
	uint8		reason;

	if (status == FUSION_EMPTY)
		return false;
	if (status != FUSION_OK || header.length > sizeof(payload) ||
		fusion_ring_pop(&fusion_region, &slot_of(run)->to_producer, &header, payload.bytes, &wake_writer) != FUSION_OK)
		violate(run, "a scan slot's ring is damaged");
	if (wake_writer)
		fusion_wake_worker(&fusion_region, &fusion_wake_fds, run->owner->control.index);
	if (header.lease_epoch != run->scan.epoch)
	{
		atomic_fetch_add(&fusion_region.header->stale_drops, 1);
		fusion_actor_note_stale(&run->actor, header.type, header.sequence);
		return true;
	}

	if (header.type == FUSION_MESSAGE_OPEN_SCAN &&
		fusion_decode_open_scan(payload.bytes, header.length, &leaf, &producer) &&
		leaf == run->actor.actor && producer == run->number)
		step(run, FUSION_SCAN_PRODUCER_EVENT_OPENED, 0, header.sequence);
	else if (header.type == FUSION_MESSAGE_STOP_SCAN &&
			 fusion_decode_stop_scan(payload.bytes, header.length, &reason))
		step(run, FUSION_SCAN_PRODUCER_EVENT_STOP, reason, header.sequence);
	else
		violate(run, "a scan slot received a message that has no place there");
	return true;
}

/* ---- pages ---- */

static void
fail(FusionLeafRun *run)
{
	uint32		effects;
	int			code = geterrcode();

	run->error_code = code;
	if (fusion_actor_step(&run->actor, FUSION_SCAN_PRODUCER_EVENT_FAIL, (uint32) code, 0, &effects))
		perform(run, effects);
	run->owner->failed(run->owner->arg, code);
}

/*
 * A page too large for the pool travels in parts, each in a page of its own whose descriptor says 0 rows, but for the
 * last, which has the row.
 */
static bool
has_parts_left(const FusionLeafRun *run)
{
	return run->filled.large != NULL && run->sent < run->filled.bytes;
}

/* Bytes of the page in our hands. */
static uint32
part_bytes(const FusionLeafRun *run)
{
	return run->filled.large == NULL ? run->filled.bytes
		: Min(run->filled.bytes - run->sent, fusion_region.page_bytes);
}

static void
copy_part(FusionLeafRun *run)
{
	memcpy(fusion_region_page(&fusion_region, run->page.page), run->filled.large + run->sent, part_bytes(run));
}

/* Effect fillPage. The producer runs plan nodes and user functions: anything may come out of it. */
static void
fill_page(FusionLeafRun *run)
{
	MemoryContext outer = MemoryContextSwitchTo(run->context);
	uint64		started = fusion_now_ns();
	uint64		rows_before = run->producer->rows_read;
	uint64		fill_ns;

	PG_TRY();
	{
		run->filled = run->producer->fill(run->producer, fusion_region_page(&fusion_region, run->page.page),
										  fusion_region.page_bytes);
	}
	PG_CATCH();
	{
		fail(run);
		PG_RE_THROW();
	}
	PG_END_TRY();
	run->sent = 0;
	if (run->filled.large != NULL)
		copy_part(run);
	fill_ns = fusion_now_ns() - started;
	run->stats.time_ns += fill_ns;
	fusion_count(FUSION_METRIC_SCAN_FILL_TIME, fill_ns);
	fusion_count(FUSION_METRIC_SCAN_ROWS_READ, run->producer->rows_read - rows_before);
	fusion_count(FUSION_METRIC_SCAN_ROWS_PRODUCED, run->filled.rows);
	if (run->producer->filters != NULL)
		fusion_row_filters_count(run->producer->filters);
	MemoryContextSwitchTo(outer);
	if (run->filled.end)
		run->rows_ended = true;
}

/* State filling or waitingForRing: hands the page over, or says why not. True when it went. */
static bool
issue_page(FusionLeafRun *run)
{
	uint32		bytes = part_bytes(run);
	uint32		rows = run->sent + bytes < run->filled.bytes ? 0 : run->filled.rows;

	switch (fusion_page_issue_scan(&fusion_region, run->scan, &run->page, 0, rows, bytes))
	{
		case FUSION_OK:
			run->sent += bytes;
			run->stats.rows += rows;
			run->stats.bytes += bytes;
			run->stats.pages++;
			end_wait(run);
			fusion_count(FUSION_METRIC_SCAN_PAGES, 1);
			fusion_count(FUSION_METRIC_SCAN_BYTES, bytes);
			fusion_actor_page(&run->actor, FUSION_PAGE_LEASE_STATE_LEASED, FUSION_PAGE_LEASE_EVENT_ISSUED, &run->page);
			step(run, FUSION_SCAN_PRODUCER_EVENT_PAGE_ISSUED, rows, 0);
			wake_consumer(run);
			return true;
		case FUSION_FULL:
			/* The ring knows that we wait; told once. */
			if (run->actor.state == FUSION_SCAN_PRODUCER_STATE_FILLING)
			{
				begin_wait(run, FUSION_METRIC_SCAN_RING_WAITS);
				step(run, FUSION_SCAN_PRODUCER_EVENT_RING_FILLED, 0, 0);
			}
			return false;
		case FUSION_STALE:
			lose(run);
			return true;
		default:
			violate(run, "a scan slot's page ring is damaged");
			break;
	}
	return false;
}

/* State producing or waitingForPage. */
static bool
make_page(FusionLeafRun *run)
{
	bool		waiting = run->actor.state == FUSION_SCAN_PRODUCER_STATE_WAITING_FOR_PAGE;
	FusionStatus status;

	/* A wake-up takes the announcement away, so it is made again before every look. */
	if (waiting)
		fusion_page_wait_begin(&fusion_region, FUSION_SLOT_SCAN, run->scan.index);
	status = fusion_page_acquire_leaving(&fusion_region, run->owner->control, FUSION_PAGE_SIDE_SCAN, run->left,
										 &run->page);
	if (status == FUSION_FULL)
	{
		if (!waiting)
		{
			begin_wait(run, FUSION_METRIC_SCAN_PAGE_WAITS);
			step(run, FUSION_SCAN_PRODUCER_EVENT_POOL_EXHAUSTED, 0, 0);
		}
		/* Not a step forward, except that the announcement calls for another look. */
		return !waiting;
	}
	if (status != FUSION_OK)
	{
		lose(run);
		return true;
	}
	end_wait(run);
	fusion_actor_page(&run->actor, FUSION_PAGE_LEASE_STATE_FREE, FUSION_PAGE_LEASE_EVENT_LEASED, &run->page);
	step(run, FUSION_SCAN_PRODUCER_EVENT_PAGE_ACQUIRED, run->page.page, 0);
	if (has_parts_left(run))
		copy_part(run);
	else
		fill_page(run);
	if (run->filled.rows == 0)
	{
		/* The end, or stopped before the first row: the next turn sees which. */
		step(run, FUSION_SCAN_PRODUCER_EVENT_PAGE_RETURNED, run->page.page, 0);
	}
	else
		issue_page(run);
	return true;
}

/* Only portals that have a name are read a part at a time. */
static bool
is_cursor(void)
{
	return ActivePortal != NULL && ActivePortal->name[0] != '\0';
}

void
fusion_leaf_run_begin(FusionLeafRun *run, const FusionRunOwner *owner, FusionProducer *producer, MemoryContext context,
					  FusionLease scan, uint16 leaf, uint16 number)
{
	memset(run, 0, sizeof(*run));
	run->owner = owner;
	run->producer = producer;
	run->context = context;
	run->scan = scan;
	run->number = number;
	run->left = number > 0 ? LEFT_BY_WORKER : is_cursor() ? LEFT_BY_CURSOR : LEFT_BY_LEADER;
	producer->stop = &slot_of(run)->stop_requested;
	fusion_actor_begin(&run->actor, FUSION_MACHINE_SCAN_PRODUCER, fusion_flight_writer_scan(&fusion_flight, scan.index),
					   owner->control, leaf);
	run->actor.capture = fusion_capture_join(owner->control, scan.index);
	fusion_count(FUSION_METRIC_SCAN_PRODUCERS, 1);
	fusion_count(FUSION_METRIC_SCAN_PARALLEL_PRODUCERS, number > 0 ? 1 : 0);
}

bool
fusion_leaf_run_ended(const FusionLeafRun *run)
{
	return fusion_actor_final(&run->actor);
}

bool
fusion_leaf_run_turn(FusionLeafRun *run)
{
	bool		moved = false;

	while (!fusion_actor_final(&run->actor) && take_frame(run))
		moved = true;
	if (!fusion_actor_final(&run->actor) && atomic_load(&slot_of(run)->stop_requested) != 0)
	{
		step(run, FUSION_SCAN_PRODUCER_EVENT_STOP, 0, 0);
		moved = true;
	}

	switch (run->actor.state)
	{
		case FUSION_SCAN_PRODUCER_STATE_PRODUCING:
			if (run->rows_ended)
			{
				step(run, FUSION_SCAN_PRODUCER_EVENT_ROWS_ENDED, 0, 0);
				return true;
			}
			return make_page(run) || moved;
		case FUSION_SCAN_PRODUCER_STATE_WAITING_FOR_PAGE:
			return make_page(run) || moved;
		case FUSION_SCAN_PRODUCER_STATE_WAITING_FOR_RING:
			return issue_page(run) || moved;
		default:
			return moved;
	}
}

void
fusion_leaf_run_close(FusionLeafRun *run)
{
	uint32		effects;

	end_wait(run);
	if (run->actor.machine == 0)
		return;
	run->producer->stop = NULL;
	if (!fusion_actor_final(&run->actor) &&
		fusion_actor_step(&run->actor, FUSION_SCAN_PRODUCER_EVENT_CLOSE, 0, 0, &effects))
		perform(run, effects);
	fusion_capture_end(&run->actor.capture);
}
