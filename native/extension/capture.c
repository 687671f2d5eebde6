/*
 * capture.c
 *    Appends this process's steps to the trace file of a statement: gathers records, seals them as chunks, and writes
 *    each chunk with one call, so that backend, parallel workers and the worker's threads share one file.
 *    Where files lie, and which make way for new ones, is capture_folder.c.
 *
 *    begin (backend: makes the file) | join (producers) -> transition* -> end
 */
#include "postgres.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "access/transam.h"
#include "capture.h"
#include "capture_folder.h"
#include "commands/dbcommands.h"
#include "fusion_machines.h"
#include "mb/pg_wchar.h"
#include "metrics.h"
#include "miscadmin.h"
#include "pg_compat.h"
#include "port/pg_crc32c.h"
#include "settings.h"
#include "storage/fd.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"

/* A write carries this many records at most: a page costs about six. */
#define RECORDS_GATHERED 128
#define WRITER_BACKEND 2
#define WRITER_PRODUCER 3
#define BYTES_PER_MB (1024 * 1024)

typedef struct Gathered
{
	FusionTraceChunk header;
	FusionTraceRecord records[RECORDS_GATHERED];
} Gathered;

struct FusionCapture
{
	char		path[MAXPGPATH];
	int			fd;				/* -1: ended */
	bool		full;
	uint64		limit;
	uint32		writer_kind;
	uint32		writer;
	uint32		chunk;
	uint32		sequence;
	uint32		count;
	Gathered	gathered;
};

static bool dropped = false;

bool
fusion_capture_full_allowed(void)
{
	Oid			role = GetSessionUserId();

	return superuser_arg(role) || fusion_owns_database(role);
}

/* ---- writing ---- */

static uint32
checksum(const void *bytes, size_t length)
{
	pg_crc32c	sum;

	INIT_CRC32C(sum);
	COMP_CRC32C(sum, bytes, length);
	FIN_CRC32C(sum);
	return sum;
}

static void
stop(FusionCapture *capture)
{
	if (capture->fd < 0)
		return;
	close(capture->fd);
	ReleaseExternalFD();
	capture->fd = -1;
}

/* Half a story would mislead: the file goes, and everybody who still writes to it sees that it has no name. */
static void
drop(FusionCapture *capture, bool unlinked)
{
	if (!unlinked && unlink(capture->path) == 0)
		fusion_count(FUSION_METRIC_CAPTURE_DROPPED, 1);
	dropped = true;
	stop(capture);
}

/* One write, at the end of the file. */
static void
append(FusionCapture *capture, const void *bytes, size_t length)
{
	struct stat status;

	if (capture->fd < 0)
		return;
	if (fstat(capture->fd, &status) != 0)
		drop(capture, false);
	else if (status.st_nlink == 0)
		drop(capture, true);
	else if ((uint64) status.st_size + length > capture->limit ||
			 write(capture->fd, bytes, length) != (ssize_t) length)
		drop(capture, false);
}

static void
seal(FusionCapture *capture, FusionTraceChunk *header, uint32 type, uint32 records, size_t payload)
{
	*header = (FusionTraceChunk) {
		.magic = FUSION_TRACE_CHUNK_MAGIC,
		.type = (uint16) type,
		.writer_kind = (uint8) capture->writer_kind,
		.writer = capture->writer,
		.number = capture->chunk++,
		.record_count = records,
		.first_sequence = capture->sequence - records + 1,
		.payload_bytes = (uint32) payload,
		.payload_crc = checksum(header + 1, payload),
		.writer_pid = (uint32) MyProcPid
	};
	header->header_crc = checksum(header, offsetof(FusionTraceChunk, header_crc));
}

static void
flush(FusionCapture *capture)
{
	size_t		payload = capture->count * sizeof(FusionTraceRecord);

	if (capture->count == 0)
		return;
	seal(capture, &capture->gathered.header, FUSION_TRACE_CHUNK_RECORDS, capture->count, payload);
	append(capture, &capture->gathered, sizeof(FusionTraceChunk) + payload);
	capture->count = 0;
}

void
fusion_capture_transition(FusionCapture *capture, const FusionFlightRecord *record, uint32 sequence, uint32 effects)
{
	if (capture->fd < 0)
		return;
	if (capture->count == RECORDS_GATHERED)
		flush(capture);
	capture->gathered.records[capture->count++] = (FusionTraceRecord) {
		.time_ns = fusion_now_ns(),
		.sequence = ++capture->sequence,
		.flight = sequence,
		.cause = record->cause,
		.session = record->session,
		.slot = record->slot,
		.actor = record->actor,
		.kind = FUSION_TRACE_RECORD_TRANSITION,
		.machine = record->machine,
		.code = record->event,
		.from_state = record->from_state,
		.to_state = record->to_state,
		.effects = effects,
		.argument = record->argument
	};
}

void
fusion_capture_end(FusionCapture **capture)
{
	FusionCapture *ended = *capture;

	if (ended == NULL)
		return;
	*capture = NULL;
	flush(ended);
	stop(ended);
	pfree(ended);
}

void
fusion_capture_tell_dropped(void)
{
	if (!dropped)
		return;
	dropped = false;
	ereport(NOTICE,
			(errmsg("pg_fusion: a capture was dropped"),
			 errdetail("It outgrew pg_fusion.capture_limit, or could not be written."),
			 errhint("Raise pg_fusion.capture_limit, or set pg_fusion.capture to control.")));
}

/* ---- beginning ---- */

static FusionCapture *
open_writer(FusionLease control, uint32 kind, uint32 number, int flags)
{
	FusionCapture *capture = MemoryContextAllocExtended(TopMemoryContext, sizeof(FusionCapture),
														MCXT_ALLOC_NO_OOM | MCXT_ALLOC_ZERO);

	if (capture == NULL)
		return NULL;
	capture->fd = -1;
	capture->writer_kind = kind;
	capture->writer = number;
	capture->limit = (uint64) fusion_setting_capture_limit * BYTES_PER_MB;
	fusion_capture_path(control, capture->path, sizeof(capture->path));
	if (AcquireExternalFD())
	{
		capture->fd = open(capture->path, flags | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
		if (capture->fd >= 0)
			return capture;
		ReleaseExternalFD();
	}
	pfree(capture);
	return NULL;
}

static uint64
wall_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64) now.tv_sec * UINT64CONST(1000000000) + (uint64) now.tv_nsec;
}

static void
write_header(FusionCapture *capture, FusionLease control, bool full)
{
	FusionTraceHeader header = {
		.magic = FUSION_TRACE_MAGIC,
		.version = FUSION_TRACE_VERSION,
		.header_bytes = sizeof(FusionTraceHeader),
		.level = full ? FUSION_TRACE_LEVEL_FULL : FUSION_TRACE_LEVEL_CONTROL,
		.source = FUSION_TRACE_SOURCE_CAPTURE,
		.page_bytes = fusion_region.page_bytes,
		.layout_fingerprint = FUSION_LAYOUT_FINGERPRINT,
		.machines_fingerprint = FUSION_MACHINES_FINGERPRINT,
		.incarnation = fusion_region.incarnation,
		.wall_ns = wall_ns(),
		.monotonic_ns = fusion_now_ns(),
		.limit_bytes = capture->limit,
		.slot = control.index,
		.session = control.epoch,
		.backend_pid = (uint32) MyProcPid,
		.role = GetSessionUserId(),
		.page_count = fusion_region.page_count,
		.worker_memory_mb = (uint32) fusion_setting_worker_memory,
		.control_slot_count = fusion_region.control_slot_count
	};

	header.header_crc = checksum(&header, offsetof(FusionTraceHeader, header_crc));
	append(capture, &header, sizeof(header));
}

static void
put_word(StringInfo facts, const char *word)
{
	uint32		length = (uint32) strlen(word);

	appendBinaryStringInfo(facts, (char *) &length, sizeof(length));
	appendBinaryStringInfo(facts, word, (int) length);
}

static void
put_fact(StringInfo facts, const char *name, const char *value)
{
	char	   *text = value == NULL ? NULL
		: (char *) pg_do_encoding_conversion((unsigned char *) unconstify(char *, value), (int) strlen(value),
											 GetDatabaseEncoding(), PG_UTF8);

	put_word(facts, name);
	put_word(facts, text == NULL ? "" : text);
}

/* What the user has changed of ours, by name: values are for full captures. */
static void
put_changed_settings(StringInfo facts)
{
	StringInfoData names;

	initStringInfo(&names);
#define CHANGED(name, initial) \
	if (fusion_setting_##name != (initial)) \
		appendStringInfo(&names, "%spg_fusion." #name, names.len > 0 ? " " : "");
#define SETTING_BOOL(name, initial, context, flags, doc) CHANGED(name, initial)
#define SETTING_INT(name, initial, min, max, context, flags, doc) CHANGED(name, initial)
#define SETTING_STRING(name, initial, context, flags, doc)
#define SETTING_ENUM(name, initial, context, flags, doc) CHANGED(name, (int) initial)
#include "fusion_settings.inc"
#undef SETTING_BOOL
#undef SETTING_INT
#undef SETTING_STRING
#undef SETTING_ENUM
#undef CHANGED
	put_fact(facts, "settings_changed", names.data);
}

static void
put_values(StringInfo facts)
{
	static const char *const told[] = {"work_mem", "TimeZone", "DateStyle", "IntervalStyle", "extra_float_digits",
		"max_parallel_workers_per_gather", "transaction_isolation", "server_encoding", "search_path",
	"statement_timeout"};

	for (int i = 0; i < (int) lengthof(told); i++)
		put_fact(facts, told[i], GetConfigOption(told[i], true, false));
#define PUT(name) put_fact(facts, "pg_fusion." #name, GetConfigOption("pg_fusion." #name, true, false));
#define SETTING_BOOL(name, initial, context, flags, doc) PUT(name)
#define SETTING_INT(name, initial, min, max, context, flags, doc) PUT(name)
#define SETTING_STRING(name, initial, context, flags, doc)
#define SETTING_ENUM(name, initial, context, flags, doc) PUT(name)
#include "fusion_settings.inc"
#undef SETTING_BOOL
#undef SETTING_INT
#undef SETTING_STRING
#undef SETTING_ENUM
#undef PUT
	put_fact(facts, "database", get_database_name(MyDatabaseId));
	put_fact(facts, "user", GetUserNameFromId(GetSessionUserId(), true));
	put_fact(facts, "statement", debug_query_string);
}

/* Room for the chunk's header stands before them. */
static void
append_facts(FusionCapture *capture, StringInfo facts)
{
	seal(capture, (FusionTraceChunk *) facts->data, FUSION_TRACE_CHUNK_FACTS, 0,
		 facts->len - sizeof(FusionTraceChunk));
	append(capture, facts->data, facts->len);
	pfree(facts->data);
}

static void
write_facts(FusionCapture *capture, bool full)
{
	StringInfoData facts;

	initStringInfo(&facts);
	appendStringInfoSpaces(&facts, sizeof(FusionTraceChunk));
	put_fact(&facts, "server_version", PG_VERSION);
	put_changed_settings(&facts);
	if (full)
		put_values(&facts);
	append_facts(capture, &facts);
}

void
fusion_capture_parameters(FusionCapture *capture, ParamListInfo parameters)
{
	StringInfoData facts;

	/* Parameters that are fetched one by one are variables of a function: asking for them may run code. */
	if (capture == NULL || !capture->full || parameters == NULL || parameters->paramFetch != NULL)
		return;
	for (int i = 0; i < parameters->numParams; i++)
		if (parameters->params[i].ptype >= FirstGenbkiObjectId)
			return;
	initStringInfo(&facts);
	appendStringInfoSpaces(&facts, sizeof(FusionTraceChunk));
	put_fact(&facts, "parameters", BuildParamLogString(parameters, NULL, -1));
	append_facts(capture, &facts);
}

FusionCapture *
fusion_capture_begin(FusionLease control)
{
	_Atomic uint32_t *recording = &fusion_region.control_slots[control.index].recording;
	bool		full = fusion_setting_capture == FUSION_CAPTURE_FULL && fusion_capture_full_allowed();
	FusionCapture *capture;

	fusion_capture_tell_dropped();
	if (fusion_setting_capture == FUSION_CAPTURE_OFF)
	{
		if (!fusion_setting_flight_recorder)
			atomic_store(recording, FUSION_RECORDING_SILENT);
		return NULL;
	}
	fusion_capture_make_room((uint64) fusion_setting_capture_folder_limit * BYTES_PER_MB,
							 (uint64) fusion_setting_capture_limit * BYTES_PER_MB);
	capture = open_writer(control, WRITER_BACKEND, control.index, O_CREAT | O_EXCL);
	if (capture == NULL)
	{
		dropped = true;
		fusion_capture_tell_dropped();
		return NULL;
	}
	fusion_count(FUSION_METRIC_CAPTURE_FILES, 1);
	capture->full = full;
	write_header(capture, control, full);
	write_facts(capture, full);
	atomic_store(recording, full ? FUSION_RECORDING_FULL : FUSION_RECORDING_CONTROL);
	return capture;
}

FusionCapture *
fusion_capture_join(FusionLease control, uint32 scan_slot)
{
	uint32		recording = atomic_load(&fusion_region.control_slots[control.index].recording);

	if ((recording & (FUSION_RECORDING_CONTROL | FUSION_RECORDING_FULL)) == 0)
		return NULL;
	return open_writer(control, WRITER_PRODUCER, scan_slot, 0);
}
