/*
 * region_host.c
 *    Makes the shared region, its wake descriptors and the flight file in the postmaster, once for each
 *    incarnation of its shared memory; every child inherits them by fork. Not PostgreSQL's own shared memory:
 *    an exec'd worker could not attach that. The layout and all words are native/shm's; who hands the
 *    descriptors to the worker is supervisor.c.
 *
 * After a crash restart everything is made anew and the old region is closed: a worker that outlived its
 * supervisor for a moment scribbles on a region nobody reads. _PG_init does not run again then, the startup
 * hook does.
 */
#include "postgres.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fusion_machines.h"
#include "fusion_metrics.h"
#include "miscadmin.h"
#include "region_host.h"
#include "settings.h"
#include "storage/fd.h"
#include "storage/ipc.h"
#include "utils/timestamp.h"

/* Under the data directory, which is the postmaster's working directory. */
#define RUN_FOLDER "pg_fusion"
#define FLIGHT_PREFIX "flight-"
#define FLIGHT_SUFFIX ".ring"
/* This incarnation's and the two before: the one that crashed is always among them. */
#define FLIGHT_FILES_KEPT 3

FusionRegion fusion_region = {.fd = -1};
FusionWakeFds fusion_wake_fds = {.worker = -1};
FusionFlight fusion_flight = {.fd = -1};

static shmem_startup_hook_type previous_startup_hook = NULL;
static bool region_available = false;
/* One for the worker, then control slots, then scan slots; allocated once, the numbers of slots never change. */
static int *wake_descriptors = NULL;

bool
fusion_region_available(void)
{
	return region_available;
}

void
fusion_require_region(void)
{
	if (!region_available)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("pg_fusion: not available in this server process"),
				 errhint("See the server log from the last start.")));
}

static uint32
wake_descriptor_count(void)
{
	return 1 + (uint32) fusion_setting_control_slots + (uint32) fusion_setting_scan_slots;
}

int
fusion_control_wake_fd(uint32 control_slot)
{
	Assert(control_slot < fusion_region.control_slot_count);
	return fusion_wake_fds.control[control_slot];
}

int
fusion_scan_wake_fd(uint32 scan_slot)
{
	Assert(scan_slot < fusion_region.scan_slot_count);
	return fusion_wake_fds.scan[scan_slot];
}

static FusionRegionOptions
region_options(void)
{
	FusionRegionOptions options = {
		.page_bytes = (uint32) fusion_setting_page_size * 1024,
		.page_count = (uint32) fusion_setting_page_count,
		.control_slot_count = (uint32) fusion_setting_control_slots,
		.scan_slot_count = (uint32) fusion_setting_scan_slots,
		.control_ring_bytes = (uint32) fusion_setting_control_ring_size * 1024,
		.metric_count = FUSION_METRIC_COUNT,
		.filter_slot_count = (uint32) fusion_setting_runtime_filter_count,
		.filter_bits = fusion_setting_runtime_filter_count > 0 ? (uint32) fusion_setting_runtime_filter_bits_max : 0,
	};
	uint64		noise;

	/*
	 * Never repeats: the clock moves on between incarnations, and random bits tell apart two within its
	 * resolution. Zero is kept free for "none".
	 */
	if (!pg_strong_random(&noise, sizeof(noise)))
		noise = (uint64) MyProcPid;
	options.incarnation = ((uint64) GetCurrentTimestamp() << 8) | (noise & 0xff);
	if (options.incarnation == 0)
		options.incarnation = 1;
	return options;
}

/* What no single setting's check can see. FATAL at server start; the sizes are fixed until then. */
static void
check_sizes(void)
{
	FusionRegionOptions options = region_options();
	const char *why;
	uint32		descriptors = wake_descriptor_count();

	if (fusion_region_bytes(&options, &why) == 0)
		ereport(FATAL,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("pg_fusion: the settings do not make a shared region: %s", why),
				 errdetail("pg_fusion.page_count is %d and pg_fusion.page_size is %d kB.",
						   fusion_setting_page_count, fusion_setting_page_size),
				 errhint("Lower pg_fusion.page_count or pg_fusion.page_size.")));

	/* Every server process inherits all of them, and must keep room for the files it opens itself. */
	if (descriptors > (uint32) max_files_per_process / 2)
		ereport(FATAL,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("pg_fusion: %u slots need as many descriptors in every server process, "
						"too many for max_files_per_process = %d",
						descriptors, max_files_per_process),
				 errhint("Raise max_files_per_process to at least %u, "
						 "or lower pg_fusion.control_slots or pg_fusion.scan_slots.",
						 descriptors * 2)));
}

static void
close_all(void)
{
	region_available = false;
	fusion_flight_detach(&fusion_flight);
	if (fusion_region.base != NULL)
		fusion_region_detach(&fusion_region);
	fusion_region.base = NULL;
	fusion_region.fd = -1;
	if (wake_descriptors != NULL && fusion_wake_fds.worker >= 0)
		for (uint32 i = 0; i < wake_descriptor_count(); i++)
			close(wake_descriptors[i]);
	fusion_wake_fds.worker = -1;
}

static bool
is_flight_file(const char *name)
{
	size_t		length = strlen(name);

	return length > strlen(FLIGHT_PREFIX) + strlen(FLIGHT_SUFFIX) &&
		strncmp(name, FLIGHT_PREFIX, strlen(FLIGHT_PREFIX)) == 0 &&
		strcmp(name + length - strlen(FLIGHT_SUFFIX), FLIGHT_SUFFIX) == 0;
}

/* Incarnations rise with time and are written with leading zeros, so the least name is the oldest file. */
static void
remove_old_flights(void)
{
	for (;;)
	{
		DIR		   *folder = opendir(RUN_FOLDER);
		struct dirent *entry;
		char		oldest[NAME_MAX + 1] = "";
		char		path[MAXPGPATH];
		int			count = 0;

		if (folder == NULL)
			return;
		while ((entry = readdir(folder)) != NULL)
		{
			if (!is_flight_file(entry->d_name))
				continue;
			count++;
			if (oldest[0] == '\0' || strcmp(entry->d_name, oldest) < 0)
				strlcpy(oldest, entry->d_name, sizeof(oldest));
		}
		closedir(folder);
		if (count < FLIGHT_FILES_KEPT)
			return;
		snprintf(path, sizeof(path), "%s/%s", RUN_FOLDER, oldest);
		if (unlink(path) != 0)
			return;
	}
}

/* Returns false with *what and errno set. */
static bool
create_all(const char **what)
{
	FusionRegionOptions options = region_options();
	char		path[MAXPGPATH];

	*what = "create the folder \"" RUN_FOLDER "\" in the data directory";
	if (mkdir(RUN_FOLDER, S_IRWXU) != 0 && errno != EEXIST)
		return false;
	*what = "create the shared region";
	if (fusion_region_create(&fusion_region, &options) != FUSION_OK)
		return false;

	*what = "create wake descriptors";
	if (wake_descriptors == NULL)
		wake_descriptors = malloc(wake_descriptor_count() * sizeof(int));
	if (wake_descriptors == NULL)
		return false;
	if (fusion_wake_create(wake_descriptors, wake_descriptor_count()) != FUSION_OK)
		return false;
	fusion_wake_fds.worker = wake_descriptors[0];
	fusion_wake_fds.control = wake_descriptors + 1;
	fusion_wake_fds.scan = wake_descriptors + 1 + fusion_setting_control_slots;

	*what = "create the flight recorder's file";
	remove_old_flights();
	snprintf(path, sizeof(path), "%s/%s%016llx%s", RUN_FOLDER, FLIGHT_PREFIX, (unsigned long long) options.incarnation,
			 FLIGHT_SUFFIX);
	return fusion_flight_create(&fusion_flight, path, &fusion_region, FUSION_MACHINES_FINGERPRINT) == FUSION_OK;
}

/*
 * Runs in the postmaster, before it counts the descriptors its children may open (set_max_safe_fds), so ours are
 * accounted for. On failure the server starts or goes on without the engine only if it was already up once: then users
 * have more to lose from a server that stays down.
 */
static void
startup_hook(void)
{
	static bool started_before = false;
	const char *what;

	if (previous_startup_hook)
		previous_startup_hook();
	/* A single-user server has nobody to run the worker, and a child never makes a region. */
	if (!IsPostmasterEnvironment || IsUnderPostmaster)
		return;

	close_all();
	if (!started_before)
		check_sizes();
	if (create_all(&what))
		region_available = true;
	else
	{
		int			saved = errno;

		close_all();
		errno = saved;
		ereport(started_before ? LOG : FATAL,
				(errcode_for_file_access(),
				 errmsg("pg_fusion: could not %s: %m", what),
				 started_before ? errdetail("pg_fusion is not available until the server is restarted.") : 0,
				 saved == EMFILE ? errhint("Raise the limit on open files (ulimit -n) to well above %u, "
										   "or lower pg_fusion.control_slots or pg_fusion.scan_slots.",
										   wake_descriptor_count()) : 0));
	}
	started_before = true;
}

void
fusion_region_host_init(void)
{
	previous_startup_hook = shmem_startup_hook;
	shmem_startup_hook = startup_hook;
}
