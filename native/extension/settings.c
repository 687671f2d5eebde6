/*
 * settings.c
 *    Registers every row of schemas/tables/settings.json with PostgreSQL: variable, limits, check and assign hooks.
 *    What a setting means is decided where it is read; what the sizes add up to is checked in region_host.c, because a
 *    check hook sees one setting at a time.
 */
#include "postgres.h"

#include "access/parallel.h"
#include "access/xact.h"
#include "capture.h"
#include "settings.h"
#include "utils/guc.h"
#include "utils/plancache.h"

#define SETTING_BOOL(name, initial, context, flags, doc) bool fusion_setting_##name = initial;
#define SETTING_INT(name, initial, min, max, context, flags, doc) int fusion_setting_##name = initial;
#define SETTING_STRING(name, initial, context, flags, doc) char *fusion_setting_##name = NULL;
#define SETTING_ENUM(name, initial, context, flags, doc) int fusion_setting_##name = initial;
#include "fusion_settings.inc"
#undef SETTING_BOOL
#undef SETTING_INT
#undef SETTING_STRING
#undef SETTING_ENUM

/*
 * Cached plans do not know our settings, so a change of one makes PostgreSQL plan anew. Settings that can change
 * within a server's life all bear on planning or are changed so seldom that planning anew costs nothing.
 */
#define ASSIGN_HOOK(name, type) \
	static void assign_##name(type new_value, void *extra) \
	{ \
		if (new_value != fusion_setting_##name) \
			ResetPlanCache(); \
	}
#define SETTING_BOOL(name, initial, context, flags, doc) ASSIGN_HOOK(name, bool)
#define SETTING_INT(name, initial, min, max, context, flags, doc) ASSIGN_HOOK(name, int)
#define SETTING_STRING(name, initial, context, flags, doc)
#define SETTING_ENUM(name, initial, context, flags, doc) ASSIGN_HOOK(name, int)
#include "fusion_settings.inc"
#undef SETTING_BOOL
#undef SETTING_INT
#undef SETTING_STRING
#undef SETTING_ENUM

/* An enum setting without its table here does not compile. */
static const struct config_enum_entry enable_options[] = {
	{"off", FUSION_ENABLE_OFF, false},
	{"on", FUSION_ENABLE_ON, false},
	{"auto", FUSION_ENABLE_AUTO, false},
	/* The ways PostgreSQL lets one write a boolean. */
	{"false", FUSION_ENABLE_OFF, true},
	{"no", FUSION_ENABLE_OFF, true},
	{"0", FUSION_ENABLE_OFF, true},
	{"true", FUSION_ENABLE_ON, true},
	{"yes", FUSION_ENABLE_ON, true},
	{"1", FUSION_ENABLE_ON, true},
	{NULL, 0, false}
};

static const struct config_enum_entry require_options[] = {
	{"none", FUSION_REQUIRE_NONE, false},
	{"fusion", FUSION_REQUIRE_FUSION, false},
	{"postgres", FUSION_REQUIRE_POSTGRES, false},
	{NULL, 0, false}
};

static const struct config_enum_entry capture_options[] = {
	{"off", FUSION_CAPTURE_OFF, false},
	{"control", FUSION_CAPTURE_CONTROL, false},
	{"full", FUSION_CAPTURE_FULL, false},
	{NULL, 0, false}
};

/*
 * Outside of a transaction (at server start, or from a role's defaults) nobody's rights can be looked up; capture.c
 * looks again when a capture begins.
 */
static bool
check_capture(int *new_value, void **extra, GucSource source)
{
	if (*new_value != FUSION_CAPTURE_FULL || !IsTransactionState() || InitializingParallelWorker ||
		fusion_capture_full_allowed())
		return true;
	GUC_check_errcode(ERRCODE_INSUFFICIENT_PRIVILEGE);
	GUC_check_errmsg("permission denied to set pg_fusion.capture to full");
	GUC_check_errdetail("A full capture holds rows: it is for superusers and the owner of the database.");
	GUC_check_errhint("Use pg_fusion.capture = control, which holds no data.");
	return false;
}

static bool
check_power_of_two(int *new_value, void **extra, GucSource source)
{
	if ((*new_value & (*new_value - 1)) == 0)
		return true;
	GUC_check_errdetail("The value %d is not a power of two.", *new_value);
	return false;
}

static bool
check_absolute_path(char **new_value, void **extra, GucSource source)
{
	if (*new_value == NULL || **new_value == '\0' || is_absolute_path(*new_value))
		return true;
	GUC_check_errdetail("The path must be absolute: the server changes its working directory.");
	return false;
}

/* Which check an int or string setting needs beyond its limits. */
static GucIntCheckHook
int_check(const char *name)
{
	if (strcmp(name, "page_size") == 0 || strcmp(name, "control_ring_size") == 0 ||
		strcmp(name, "runtime_filter_bits_max") == 0)
		return check_power_of_two;
	return NULL;
}

static GucStringCheckHook
string_check(const char *name)
{
	if (strcmp(name, "node_path") == 0 || strcmp(name, "worker_script") == 0)
		return check_absolute_path;
	return NULL;
}

static GucEnumCheckHook
enum_check(const char *name)
{
	return strcmp(name, "capture") == 0 ? check_capture : NULL;
}

void
fusion_settings_init(void)
{
#define SETTING_BOOL(name, initial, context, flags, doc) \
	DefineCustomBoolVariable("pg_fusion." #name, doc, NULL, &fusion_setting_##name, initial, context, flags, \
							 NULL, assign_##name, NULL);
#define SETTING_INT(name, initial, min, max, context, flags, doc) \
	DefineCustomIntVariable("pg_fusion." #name, doc, NULL, &fusion_setting_##name, initial, min, max, context, flags, \
							int_check(#name), assign_##name, NULL);
#define SETTING_STRING(name, initial, context, flags, doc) \
	DefineCustomStringVariable("pg_fusion." #name, doc, NULL, &fusion_setting_##name, initial, context, flags, \
							   string_check(#name), NULL, NULL);
#define SETTING_ENUM(name, initial, context, flags, doc) \
	DefineCustomEnumVariable("pg_fusion." #name, doc, NULL, &fusion_setting_##name, initial, \
							 name##_options, context, flags, enum_check(#name), assign_##name, NULL);
#include "fusion_settings.inc"
#undef SETTING_BOOL
#undef SETTING_INT
#undef SETTING_STRING
#undef SETTING_ENUM

	MarkGUCPrefixReserved("pg_fusion");
}
