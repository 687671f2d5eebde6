/*
 * supervisor.h
 *    The background worker that keeps the node worker running. Registration only: it talks to the rest of the
 *    extension through the region's worker word (slot.h).
 */
#ifndef FUSION_SUPERVISOR_H
#define FUSION_SUPERVISOR_H

/* Registers the background worker; _PG_init only. */
extern void fusion_supervisor_init(void);

#endif							/* FUSION_SUPERVISOR_H */
