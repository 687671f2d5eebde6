// Tables that PostgreSQL makes for an execution, as parameters of a plan: bytes that functions read, no values of SQL.
// Time zones are zone_table.ts's, orders of enums enum_table.ts's.
import type { EngineType } from "#types/engine_type.js";

/** How a plan carries them. */
export const TABLE_TYPE: EngineType = { kind: "opaque", width: -1, byValue: false, bitwiseEqual: false };

export const isTableType = (type: EngineType | undefined): boolean =>
  type?.kind === "opaque" && type.width === -1 && !type.bitwiseEqual;
