/*
 * region_host.h 
 *    This process's view of the shared region, wake descriptors and flight recorder.
 *
 * Created in the postmaster's shared-memory startup (again after a crash restart: new region, nothing reused) and
 * inherited by fork. Backends never create or attach anything. See supervisor.c for the worker's side.
 */
#ifndef FUSION_REGION_HOST_H
#define FUSION_REGION_HOST_H

#include "flight.h"
#include "page_pool.h"
#include "wake.h"

extern FusionRegion fusion_region;
extern FusionWakeFds fusion_wake_fds;
extern FusionFlight fusion_flight;

/* True when the region exists in this process (the library was preloaded). */
extern bool fusion_region_available(void);

/* ERROR 55000 when it does not; for SQL functions that show it. */
extern void fusion_require_region(void);

/* Registers the startup hooks; _PG_init only. */
extern void fusion_region_host_init(void);

/* Eventfd this process waits on for a control slot, or for a scan slot. */
extern int	fusion_control_wake_fd(uint32 control_slot);
extern int	fusion_scan_wake_fd(uint32 scan_slot);

#endif							/* FUSION_REGION_HOST_H */
