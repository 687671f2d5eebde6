/*
 * filter_leases.c
 *    See filter_leases.h. A filter of several leaves has one slot.
 */
#include "postgres.h"

#include "filter_leases.h"

#include "metrics.h"
#include "region_host.h"
#include "settings.h"

void
fusion_filters_lease(FusionFilterLeases *leases, const FusionScanPlan *plan, FusionLease control,
					 MemoryContext context, FusionProducer **producers)
{
	MemoryContext outer = MemoryContextSwitchTo(context);
	FusionLease *by_number = palloc0(sizeof(FusionLease) * (plan->filter_count + 1));

	leases->slots = palloc0(sizeof(FusionLease) * (plan->leaf_count + 1) * FUSION_LEAF_FILTERS_MAX);
	leases->names = palloc0(sizeof(FusionFilterSlotName) * (plan->filter_count + 1));
	leases->name_count = 0;
	for (int leaf = 0; leaf < plan->leaf_count; leaf++)
	{
		const FusionLeafFilters *filters = &plan->leaf_filters[leaf];

		for (int i = 0; i < filters->count; i++)
		{
			uint16		number = filters->filters[i].number;
			FusionLease *lease = &by_number[number];

			if (lease->epoch == 0 && fusion_setting_runtime_filter_enable &&
				fusion_filter_acquire(&fusion_region, control, lease) == FUSION_OK)
				leases->names[leases->name_count++] = (FusionFilterSlotName) {
					.filter = number,
					.slot = lease->index,
					.generation = lease->epoch
				};
			leases->slots[leaf * FUSION_LEAF_FILTERS_MAX + i] = *lease;
			fusion_count(FUSION_METRIC_SCAN_FILTERS_PLANNED, 1);
			fusion_count(FUSION_METRIC_SCAN_FILTERS_WITHOUT_SLOT, lease->epoch == 0 ? 1 : 0);
		}
		producers[leaf]->filters = fusion_row_filters_create(filters, leases->slots + leaf * FUSION_LEAF_FILTERS_MAX);
	}
	pfree(by_number);
	MemoryContextSwitchTo(outer);
}
