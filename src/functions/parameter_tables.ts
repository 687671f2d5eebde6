// Tables that PostgreSQL makes for an execution, as parameters of a plan: bytes that functions read, no values of SQL.
// Time zones are zone_table.ts's, orders of enums enum_table.ts's, what the session's texts look like
// session_formats.ts's, letters letter_table.ts's.
import type { Expression } from "#expr/expression.js";
import type { EngineType } from "#types/engine_type.js";

/** How a plan carries them. */
export const TABLE_TYPE: EngineType = { kind: "opaque", width: -1, byValue: false, bitwiseEqual: false };

export const isTableType = (type: EngineType | undefined): boolean =>
  type?.kind === "opaque" && type.width === -1 && !type.bitwiseEqual;

/** The table with that number, where there is one. */
export function tableParameter(id: number | undefined): Expression | undefined {
  return id === undefined ? undefined : { kind: "parameter", id, type: TABLE_TYPE };
}
