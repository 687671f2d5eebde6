/*
 * custom_scan.h
 *    The executor node PgFusionScan: its methods and its state.
 */
#ifndef FUSION_CUSTOM_SCAN_H
#define FUSION_CUSTOM_SCAN_H

#include "postgres.h"

#include "execution.h"
#include "nodes/execnodes.h"
#include "nodes/extensible.h"
#include "scan_plan.h"
#include "statement_leaf.h"

/* Shown by EXPLAIN and stored in plans: "Custom Scan (PgFusionScan)". */
#define FUSION_SCAN_NAME "PgFusionScan"

typedef struct FusionScanState
{
	CustomScanState css;		/* first; css.custom_ps are the leaves that are its children, in order */
	FusionScanPlan *plan;
	FusionStatementLeaf **statements;	/* by leaf number; NULL for its children */
	List	   *leaves;			/* PlanState, by leaf number */
	FusionExecution *execution; /* NULL under EXPLAIN without ANALYZE */
} FusionScanState;

extern const CustomScanMethods fusion_scan_methods;

/* Lets plans be read back from text; _PG_init only. */
extern void fusion_scan_register(void);

#endif							/* FUSION_CUSTOM_SCAN_H */
