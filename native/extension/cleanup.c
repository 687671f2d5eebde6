/*
 * cleanup.c
 *    The list of what this backend holds in shared memory, and the callbacks that empty it: transaction and
 *    subtransaction end, and process exit. Order does not matter: releasing is idempotent, and the owners' own
 *    callbacks may come first.
 */
#include "postgres.h"

#include "access/xact.h"
#include "cleanup.h"
#include "miscadmin.h"
#include "region_host.h"
#include "storage/ipc.h"

static dlist_head held = DLIST_STATIC_INIT(held);
static bool callbacks_registered = false;

static void
release_all(void)
{
	/* An item that does not take itself off the list is taken off here, so the loop ends. */
	while (!dlist_is_empty(&held))
	{
		FusionCleanup *item = dlist_container(FusionCleanup, node, dlist_head_node(&held));

		item->release(item);
		fusion_cleanup_remove(item);
	}
}

static void
transaction_callback(XactEvent event, void *arg)
{
	switch (event)
	{
		case XACT_EVENT_COMMIT:
		case XACT_EVENT_PARALLEL_COMMIT:
		case XACT_EVENT_ABORT:
		case XACT_EVENT_PARALLEL_ABORT:
		case XACT_EVENT_PREPARE:
			/* No execution outlives its transaction: a held cursor has been read to its end by now. */
			release_all();
			break;
		default:
			break;
	}
}

static void
subtransaction_callback(SubXactEvent event, SubTransactionId mine, SubTransactionId parent, void *arg)
{
	dlist_mutable_iter iter;

	if (event != SUBXACT_EVENT_ABORT_SUB && event != SUBXACT_EVENT_COMMIT_SUB)
		return;
	dlist_foreach_modify(iter, &held)
	{
		FusionCleanup *item = dlist_container(FusionCleanup, node, iter.cur);

		if (item->subtransaction != mine)
			continue;
		if (event == SUBXACT_EVENT_COMMIT_SUB)
			item->subtransaction = parent;
		else
		{
			item->release(item);
			fusion_cleanup_remove(item);
		}
	}
}

static void
exit_callback(int code, Datum arg)
{
	release_all();
	/* Whatever a bug above left behind goes by our process id; the worker and waiters for pages hear of it. */
	if (fusion_region_available() && fusion_slots_detach_backend(&fusion_region, (uint32) MyProcPid) > 0)
	{
		for (uint32 slot = 0; slot < fusion_region.control_slot_count; slot++)
			fusion_wake_worker(&fusion_region, &fusion_wake_fds, slot);
		fusion_wake_page_waiters(&fusion_region, &fusion_wake_fds);
	}
}

void
fusion_cleanup_add(FusionCleanup *self, SubTransactionId subtransaction, void (*release) (FusionCleanup *self))
{
	if (!callbacks_registered)
	{
		RegisterXactCallback(transaction_callback, NULL);
		RegisterSubXactCallback(subtransaction_callback, NULL);
		/* After the transaction's abort, which waits for parallel producers that still write to our pages. */
		on_shmem_exit(exit_callback, (Datum) 0);
		callbacks_registered = true;
	}
	self->subtransaction = subtransaction;
	self->release = release;
	dlist_push_head(&held, &self->node);
}

void
fusion_cleanup_remove(FusionCleanup *self)
{
	if (self->node.next == NULL)
		return;
	dlist_delete(&self->node);
	self->node.next = NULL;
	self->node.prev = NULL;
}
