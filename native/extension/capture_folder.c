/*
 * capture_folder.c
 *    Names trace files and keeps their folder within its bounds. It reads no file: src/trace does.
 */
#include "postgres.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture_folder.h"

/* Under the data directory, which is every server process's working directory. */
#define TRACE_FOLDER "pg_fusion/traces"
#define TRACE_PREFIX "capture-"
#define TRACE_SUFFIX ".fxtrace"
/* A folder listing stays readable, and making room cheap. */
#define FILES_MAX 1000
/* Looking costs a system call a file, so a process looks for several captures at once. */
#define FILES_PER_LOOK 32

void
fusion_capture_path(FusionLease control, char *path, size_t size)
{
	snprintf(path, size, TRACE_FOLDER "/" TRACE_PREFIX "%016llx-%u-%u" TRACE_SUFFIX,
			 (unsigned long long) fusion_region.incarnation, control.index, control.epoch);
}

typedef struct Oldest
{
	char		path[MAXPGPATH];
	struct timespec modified;
	uint64		total;
	int			count;
} Oldest;

static bool
is_trace(const char *name)
{
	size_t		length = strlen(name);

	return length > strlen(TRACE_PREFIX) + strlen(TRACE_SUFFIX) &&
		strncmp(name, TRACE_PREFIX, strlen(TRACE_PREFIX)) == 0 &&
		strcmp(name + length - strlen(TRACE_SUFFIX), TRACE_SUFFIX) == 0;
}

static bool
is_older(const struct timespec *one, const struct timespec *other)
{
	return one->tv_sec != other->tv_sec ? one->tv_sec < other->tv_sec : one->tv_nsec < other->tv_nsec;
}

/* False when there is none. */
static bool
look(Oldest *oldest)
{
	DIR		   *folder = opendir(TRACE_FOLDER);
	struct dirent *entry;

	memset(oldest, 0, sizeof(*oldest));
	if (folder == NULL)
		return false;
	while ((entry = readdir(folder)) != NULL)
	{
		char		path[MAXPGPATH];
		struct stat status;

		if (!is_trace(entry->d_name))
			continue;
		snprintf(path, sizeof(path), TRACE_FOLDER "/%s", entry->d_name);
		if (lstat(path, &status) != 0 || !S_ISREG(status.st_mode))
			continue;
		if (oldest->count++ == 0 || is_older(&status.st_mtim, &oldest->modified))
		{
			strlcpy(oldest->path, path, sizeof(oldest->path));
			oldest->modified = status.st_mtim;
		}
		oldest->total += (uint64) status.st_size;
	}
	closedir(folder);
	return oldest->count > 0;
}

void
fusion_capture_make_room(uint64 folder_bytes, uint64 file_bytes)
{
	static uint64 bytes_left = 0;
	static int	files_left = 0;
	Oldest		oldest;
	bool		any;

	if (files_left > 0 && bytes_left >= file_bytes && access(TRACE_FOLDER, F_OK) == 0)
	{
		files_left--;
		bytes_left -= file_bytes;
		return;
	}
	(void) mkdir(TRACE_FOLDER, S_IRWXU);
	/* A file in the making is never the oldest, unless it is the only one. */
	while ((any = look(&oldest)) && oldest.count > 1 &&
		   (oldest.total + file_bytes > folder_bytes || oldest.count >= FILES_MAX))
		if (unlink(oldest.path) != 0)
			break;
	files_left = FILES_PER_LOOK;
	bytes_left = !any || oldest.total > folder_bytes ? 0 : folder_bytes - oldest.total;
	bytes_left -= Min(bytes_left, file_bytes);
}
