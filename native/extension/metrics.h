/*
 * metrics.h
 *    Counting, from anywhere in the extension: one relaxed addition to the region's counters. To be called once a page,
 *    a message or a statement, never once a row. What there is to count is schemas/tables/metrics.json.
 */
#ifndef FUSION_EXTENSION_METRICS_H
#define FUSION_EXTENSION_METRICS_H

#include "postgres.h"

#include "fusion_metrics.h"
#include "region_host.h"

static inline void
fusion_count(FusionMetric metric, uint64 amount)
{
	if (fusion_region.metrics != NULL && amount != 0)
		fusion_metric_add(&fusion_region, metric, amount);
}

#endif							/* FUSION_EXTENSION_METRICS_H */
