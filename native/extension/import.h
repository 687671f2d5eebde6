/*
 * import.h 
 *    Result pages to tuple slots. The page stands in shared memory and is not trusted: header, column table and
 *    offsets are copied and checked once, every view before it is followed.
 */
#ifndef FUSION_IMPORT_H
#define FUSION_IMPORT_H

#include "postgres.h"

#include "executor/tuptable.h"
#include "scan_plan.h"

typedef struct FusionImport FusionImport;

extern FusionImport *fusion_import_create(const FusionPageSchema *schema);

/*
 * Adopts one page; returns its row count. ERROR (data_corrupted, XX001, "pg_fusion: ...") when it is malformed.
 */
extern uint32 fusion_import_page(FusionImport *import, const uint8 *page, uint32 page_bytes, uint32 bytes);

/*
 * The same for a page as it came by a ring, where it may be a part of a larger one: 0 rows until the last part came.
 * A part is copied, and may be given back at once.
 */
extern uint32 fusion_import_part(FusionImport *import, const uint8 *page, uint32 page_bytes, uint32 bytes,
								 bool is_last);

/* Forgets the adopted page, and parts of one: another stream begins. */
extern void fusion_import_reset(FusionImport *import);

/*
 * Fills slot's values for row `row` of the adopted page (virtual slot, cleared before, stored after). By-reference
 * datums are palloc'd in `context` (reset it per row or per batch).
 */
extern void fusion_import_row(FusionImport *import, uint32 row, TupleTableSlot *slot, MemoryContext context);

#endif							/* FUSION_IMPORT_H */
