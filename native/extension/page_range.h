/*
 * page_range.h
 *    Least and greatest value of an integer column of a finished page, for its column table.
 */
#ifndef FUSION_PAGE_RANGE_H
#define FUSION_PAGE_RANGE_H

#include "page_writer.h"

/*
 * False when the encoding has no range, all rows are null, or the page holds special values; *min and *max are
 * then untouched.
 */
extern bool fusion_page_range(const FusionColumnWriter *column, uint32 rows, int64 *min, int64 *max);

#endif							/* FUSION_PAGE_RANGE_H */
