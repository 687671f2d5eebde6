/*
 * planner.h
 *    Which statements pg_fusion takes: the planner hook. See planner.c.
 */
#ifndef FUSION_PLANNER_H
#define FUSION_PLANNER_H

/* Installs the hooks; _PG_init only. */
extern void fusion_planner_init(void);

#endif							/* FUSION_PLANNER_H */
