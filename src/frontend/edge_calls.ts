// The functions PostgreSQL may be asked to call above the scan on top of engine columns. The backend keeps the same
// short list (native/extension) and refuses any other: an answer of the worker must not reach arbitrary functions.

export const edgeCalls = {
  numericDivide: { oid: 1727, arguments: 2, name: "numeric_div(numeric, numeric)" },
  numericRound: { oid: 1707, arguments: 2, name: "round(numeric, integer)" },
  int8ToNumeric: { oid: 1781, arguments: 1, name: "numeric(bigint)" },
  int8ToFloat8: { oid: 482, arguments: 1, name: "float8(bigint)" },
  float8Divide: { oid: 217, arguments: 2, name: "float8div(float8, float8)" },
  float8Add: { oid: 218, arguments: 2, name: "float8pl(float8, float8)" },
  float8Subtract: { oid: 219, arguments: 2, name: "float8mi(float8, float8)" },
} as const;

const countByOid: ReadonlyMap<number, number> = new Map(
  Object.values(edgeCalls).map((call) => [call.oid, call.arguments]));

/** Argument count of an allowed function, undefined for any other. */
export function edgeCallArguments(functionOid: number): number | undefined {
  return countByOid.get(functionOid);
}
