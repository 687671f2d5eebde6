// OIDs of the built-in SQL types the planner names, and the numeric typmod. Not a catalogue: what else a
// statement mentions is described by the facts of its request.

export const sqlTypes = {
  bool: 16,
  bytea: 17,
  char: 18,
  name: 19,
  int8: 20,
  int2: 21,
  int4: 23,
  text: 25,
  oid: 26,
  json: 114,
  cidr: 650,
  float4: 700,
  float8: 701,
  /** Literals whose type nothing tells: arguments of concat(). */
  unknown: 705,
  macaddr8: 774,
  money: 790,
  macaddr: 829,
  inet: 869,
  bpchar: 1042,
  varchar: 1043,
  date: 1082,
  time: 1083,
  timestamp: 1114,
  timestamptz: 1184,
  interval: 1186,
  timetz: 1266,
  bit: 1560,
  varbit: 1562,
  numeric: 1700,
  record: 2249,
  uuid: 2950,
  jsonb: 3802,
} as const;

/** Typmods of varlena types stand above the bytes of a varlena header. */
const VARLENA_HEADER_BYTES = 4;

export interface NumericShape {
  /** Decimal digits, at most. */
  readonly precision: number;
  /** Display scale of every value. */
  readonly scale: number;
}

/**
 * The values numeric(p, s) holds: below 10^p once scaled by 10^s, all shown with s decimal places. Undefined for plain
 * numeric, and for a negative scale (since 15): those round left of the point, which no decimal column does.
 */
export function numericShapeOfTypmod(typmod: number): NumericShape | undefined {
  if (typmod < VARLENA_HEADER_BYTES) return undefined;
  const packed = typmod - VARLENA_HEADER_BYTES;
  const precision = (packed >> 16) & 0xffff;
  const scale = ((packed & 0x7ff) ^ 1024) - 1024;
  return scale < 0 ? undefined : { precision, scale };
}

/** Characters of char(n), undefined without a length. */
export function bpcharLength(typmod: number): number | undefined {
  return typmod < VARLENA_HEADER_BYTES ? undefined : typmod - VARLENA_HEADER_BYTES;
}
