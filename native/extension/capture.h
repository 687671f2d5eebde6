/*
 * capture.h
 *    Trace files of single statements (pg_fusion.capture), from this process's side. The format is
 *    schemas/layout/trace.json; the worker appends its part to the same file (src/worker/capture).
 *
 * A capture never fails or holds up its statement: what cannot be written ends it, and one that outgrows its limit is
 * dropped whole. Everything here but begin may be called from clean-up callbacks and never throws.
 */
#ifndef FUSION_CAPTURE_H
#define FUSION_CAPTURE_H

#include "postgres.h"

#include "nodes/params.h"
#include "region_host.h"

typedef struct FusionCapture FusionCapture;

/* The session's user may capture data: a superuser, or the owner of the database. */
extern bool fusion_capture_full_allowed(void);

/*
 * Begins what the settings ask for and says so in the control slot, where the worker and parallel processes see it.
 * Returns this backend's writer, or NULL.
 */
extern FusionCapture *fusion_capture_begin(FusionLease control);

/*
 * Adds the statement's parameters to a full capture; NULL and control captures ignore it. Values of types that did not
 * come with PostgreSQL are left out: their output functions may fail.
 */
extern void fusion_capture_parameters(FusionCapture *capture, ParamListInfo parameters);

/* Joins the capture of `control`, if there is one, as the producer of a scan slot. */
extern FusionCapture *fusion_capture_join(FusionLease control, uint32 scan_slot);

/* One step of a machine; `sequence` is the record's in the flight recorder. */
extern void fusion_capture_transition(FusionCapture *capture, const FusionFlightRecord *record, uint32 sequence,
									  uint32 effects);

/* Writes what is left and forgets the writer; idempotent. */
extern void fusion_capture_end(FusionCapture **capture);

/* A NOTICE when a capture of this backend was dropped since it was last asked. Not for clean-up. */
extern void fusion_capture_tell_dropped(void);

#endif							/* FUSION_CAPTURE_H */
