/*
 * capture_folder.h
 *    Where trace files of captures lie: one folder under the data directory, for the server's user alone.
 */
#ifndef FUSION_CAPTURE_FOLDER_H
#define FUSION_CAPTURE_FOLDER_H

#include "postgres.h"

#include "region_host.h"

/* The file of a session: the same name in every process that knows the lease. */
extern void fusion_capture_path(FusionLease control, char *path, size_t size);

/*
 * Makes the folder when it is missing, and room in it for a file of up to `file_bytes`: the oldest files go. Looks at
 * the folder only when this process's captures since its last look may have filled it. Best effort, never throws.
 */
extern void fusion_capture_make_room(uint64 folder_bytes, uint64 file_bytes);

#endif							/* FUSION_CAPTURE_FOLDER_H */
