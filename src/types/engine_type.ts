// The types the engine computes with, one variant per behaviour. Not PostgreSQL's type catalogue: many SQL
// types share a variant (varchar and text), and what the engine only carries is `opaque`. Read next: column_type.ts.

/**
 * - `decimal`: numeric whose scale is the same for every value (a typmod fixes it); `precision` bounds the digits,
 *   38 at most. Values are integers scaled by 10^scale. NaN is possible, infinities are not.
 * - `text`: character data under a deterministic collation; `byteOrder` when comparison is memcmp (C, POSIX).
 * - `bpchar`: char(n) with a typmod, travelling without its trailing blanks; equality as text's.
 * - `numeric`: numeric of any precision, each value with its own display scale, NaN and the infinities among them; and
 *   `interval`: both travel as their datum images, and equal values may have different ones.
 * - `opaque`: carried, never computed with; `bitwiseEqual` when equal values always have equal images.
 */
export type EngineType =
  | { readonly kind: "bool" }
  | { readonly kind: "int2" | "int4" | "int8" }
  | { readonly kind: "float4" | "float8" }
  | { readonly kind: "decimal"; readonly precision: number; readonly scale: number }
  | { readonly kind: "date" }
  | { readonly kind: "time" | "timestamp" | "timestamptz" }
  | { readonly kind: "text"; readonly byteOrder: boolean }
  | { readonly kind: "bpchar"; readonly length: number; readonly byteOrder: boolean }
  | { readonly kind: "numeric" | "interval" }
  | { readonly kind: "opaque"; readonly width: number; readonly byValue: boolean; readonly bitwiseEqual: boolean };

export type EngineTypeKind = EngineType["kind"];

/** Types that are their kind alone. */
export const BOOL = { kind: "bool" } as const;
export const INT4 = { kind: "int4" } as const;
export const INT8 = { kind: "int8" } as const;
export const FLOAT8 = { kind: "float8" } as const;
export const NUMERIC = { kind: "numeric" } as const;
export const TIME = { kind: "time" } as const;
export const TIMESTAMP = { kind: "timestamp" } as const;
export const TIMESTAMPTZ = { kind: "timestamptz" } as const;
export const INTERVAL = { kind: "interval" } as const;

/** A text ordered by its bytes. */
export const TEXT = { kind: "text", byteOrder: true } as const;

const carried = <Width extends number, ByValue extends boolean>(width: Width, byValue: ByValue) =>
  ({ kind: "opaque", width, byValue, bitwiseEqual: true }) as const;

/** Types that are carried as PostgreSQL has them, by their width alone: enums look as oids do. */
export const OID = carried(4, true);
export const TIMETZ = carried(12, false);
export const UUID = carried(16, false);
export const NAME = carried(64, false);

export function isSameType(a: EngineType, b: EngineType): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
