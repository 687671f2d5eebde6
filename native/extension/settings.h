/*
 * settings.h
 *    The extension's settings as C variables, one for each row of schemas/tables/settings.json: fusion_setting_<name>.
 *    Limits and meaning stand in that table; settings.c registers them.
 */
#ifndef FUSION_SETTINGS_H
#define FUSION_SETTINGS_H

#include "postgres.h"

#include "fusion_setting_enums.h"

#define SETTING_BOOL(name, initial, context, flags, doc) extern bool fusion_setting_##name;
#define SETTING_INT(name, initial, min, max, context, flags, doc) extern int fusion_setting_##name;
#define SETTING_STRING(name, initial, context, flags, doc) extern char *fusion_setting_##name;
#define SETTING_ENUM(name, initial, context, flags, doc) extern int fusion_setting_##name;
#include "fusion_settings.inc"
#undef SETTING_BOOL
#undef SETTING_INT
#undef SETTING_STRING
#undef SETTING_ENUM

/* Defines all settings and reserves the prefix; _PG_init only. */
extern void fusion_settings_init(void);

#endif							/* FUSION_SETTINGS_H */
