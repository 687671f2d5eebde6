// Calls that depend on a time zone, as calls of functions that are told which: the session's, or the one a constant of
// the call names. The zone itself is a parameter of the plan, so that plans do not depend on what it is. Read next:
// zone_functions.ts, field_calls.ts.
import { constantOf, onlyWhere } from "#expr/construct.js";
import type { Expression } from "#expr/expression.js";
import { INT4, INT8 } from "#types/engine_type.js";
import { type Comparison, comparisons } from "./comparison.js";
import { fieldCall } from "./field_calls.js";
import { readInterval } from "./interval_image.js";
import { isTimetz } from "./timetz_image.js";
import { typedCall } from "./typed_call.js";
import { isOffsetField, keepsOffset } from "./zone_functions.js";
import { SECOND_MICROSECONDS } from "./zone_table.js";

/** The arguments that are values, and the field and zone that constants name. */
export interface ZonedCall {
  readonly values: readonly number[];
  readonly field?: number;
  /** Where the zone is named; missing: the session's. */
  readonly zone?: number;
  /** Numbers are offsets of another sign than those of zones. */
  readonly takesOffsets?: true;
}

type Build = (values: readonly Expression[], zone: Expression, field: string) => Expression | undefined;

type TransactionForm = "date" | "timetz" | "timestamptz" | "time" | "timestamp";

interface Known extends ZonedCall {
  readonly build: Build;
}

/** NULL for infinite timestamps, which have no such thing; `told` says which those are. */
function ofFinite(told: Expression | undefined, value: Expression | undefined): Expression | undefined {
  if (told === undefined || value === undefined) return undefined;
  const when = typedCall(told.type.kind === "timestamp" ? "timestamp.isFinite" : "timestamptz.isFinite", told);
  return when && onlyWhere(when, value);
}

/** The local time, or its instant, of what is told as seconds east of Greenwich by a constant interval. */
const atOffset = (key: string, sign: 1n | -1n, cast: string): Build => ([given, value]) => {
  if (given?.kind !== "constant" || !(given.value instanceof Uint8Array)) return undefined;
  const { microseconds, days, months } = readInterval(given.value);
  if (days !== 0 || months !== 0) return undefined;
  const seconds = sign * (microseconds / SECOND_MICROSECONDS);
  if (value !== undefined && isTimetz(value.type)) return typedCall(key, value, constantOf(seconds, INT4));
  return typedCall(cast, typedCall(key, value, constantOf(seconds * SECOND_MICROSECONDS, INT8)));
};

/** When the transaction began, as CURRENT_DATE and its like say it. */
export function transactionTime(form: TransactionForm, zone: Expression | undefined): Expression | undefined {
  const start = zone && started([], zone, "");
  const cast = castsOfInstants[form];
  return start === undefined || zone === undefined || cast === undefined
    ? start : known.get(cast)?.build([start], zone, "");
}

/** Casts of timestamptz to the forms but itself. */
const castsOfInstants: Readonly<Record<string, number>> = { date: 1178, timetz: 1388, time: 2019, timestamp: 2027 };

const withZone = (key: string): Build => ([value], zone) => typedCall(key, value, zone);
const withTwo = (key: string): Build => ([a, b], zone) => typedCall(key, a, b, zone);

/** Fields are those of the local time, but for the offset's own and the epoch. */
const part = (float: boolean): Build => ([value], zone, field) => {
  if (isOffsetField(field))
    return ofFinite(value, typedCall(float ? `zone.part.${field}` : `zone.${field}`, value, zone));
  const found = fieldCall(float ? PART_OF_TIMESTAMP : FIELD_OF_TIMESTAMP, field);
  if (found === undefined) return undefined;
  const local = field === "epoch" ? typedCall("timestamptz.utc", value) : typedCall("zone.local", value, zone);
  const made = typedCall(found.function, local);
  return found.guard === undefined ? made : ofFinite(local, made);
};

/** Units of days and more begin at a local midnight, whose offset may be another. */
const truncation: Build = ([value], zone, field) => {
  if (keepsOffset(field)) return typedCall(`zone.truncate.${field}`, value, zone);
  const found = fieldCall(TRUNCATE_TIMESTAMP, field);
  if (found === undefined) return undefined;
  return typedCall("zone.instant", typedCall(found.function, typedCall("zone.local", value, zone)), zone);
};

/** The other side as an instant. */
const compared = (comparison: Comparison, key: string, instant: 0 | 1): Build => (values, zone) => {
  const sides = values.map((each, index) => (index === instant ? each : typedCall(key, each, zone)));
  return typedCall(`timestamptz.${comparison}`, sides[0], sides[1]);
};

const FIELD_OF_TIMESTAMP = 6202;
const PART_OF_TIMESTAMP = 2021;
const TRUNCATE_TIMESTAMP = 2020;

const started: Build = (_, zone) => typedCall("zone.transactionStart", zone);
const makeInstant: Build = (fields, zone) => typedCall("zone.instant", typedCall("make.timestamp", ...fields), zone);

const session = (build: Build, ...values: readonly number[]): Known => ({ values, build });

const known = new Map<number, Known>([
  [2027, session(withZone("zone.timestamp"), 0)],
  [2028, session(withZone("zone.instant"), 0)],
  [1174, session(withZone("zone.midnight"), 0)],
  [1178, session(([value], zone) => typedCall("cast.timestamp.date", typedCall("zone.local", value, zone)), 0)],
  [2019, session(
    ([value], zone) => ofFinite(value, typedCall("timestamp.time", typedCall("zone.local", value, zone))), 0)],
  [1388, session(([value], zone) => ofFinite(value, typedCall("cast.timestamptz.timetz", value, zone)), 0)],
  [2047, session(withZone("cast.time.timetz"), 0)],
  [2037, { values: [1], zone: 0, build: withZone("timetz.atZone") }],
  [1316, session(([value]) => ofFinite(value, typedCall("timestamp.time", value)), 0)],
  [1159, { values: [1], zone: 0, build: withZone("zone.timestamp") }],
  [2069, { values: [1], zone: 0, build: withZone("zone.instant") }],
  [1189, session(withTwo("timestamptz.addInterval"), 0, 1)],
  [1190, session(withTwo("timestamptz.subtractInterval"), 0, 1)],
  [1199, session(withTwo("timestamptz.age"), 0, 1)],
  [6203, { values: [1], field: 0, build: part(false) }],
  [1171, { values: [1], field: 0, build: part(true) }],
  [1217, { values: [1], field: 0, build: truncation }],
  [1284, { values: [1], field: 0, zone: 2, build: truncation }],
  [3462, session(makeInstant, 0, 1, 2, 3, 4, 5)],
  [3463, { values: [0, 1, 2, 3, 4, 5], zone: 6, takesOffsets: true, build: makeInstant }],
  [1026, session(atOffset("timestamp.addMicroseconds", 1n, "timestamptz.utc"), 0, 1)],
  [2070, session(atOffset("timestamp.addMicroseconds", -1n, "timestamp.utc"), 0, 1)],
  [2038, session(atOffset("timetz.atOffset", -1n, ""), 0, 1)],
  [1299, session(started)],
  [2647, session(started)],
]);

/** Functions of the operators <, <=, =, >, >=, <>, in this order. */
const inOrder: readonly Comparison[] = ["less", "lessOrEqual", "equal", "greater", "greaterOrEqual", "notEqual"];
for (const [first, key, instant] of [
  [2351, "zone.nearestMidnight", 1], [2377, "zone.nearestMidnight", 0], [2520, "zone.nearestInstant", 1],
  [2527, "zone.nearestInstant", 0],
] as const) {
  for (const comparison of comparisons)
    known.set(first + inOrder.indexOf(comparison), session(compared(comparison, key, instant), 0, 1));
}

/** How a function that depends on a time zone is called; undefined for one that does not, or is PostgreSQL's. */
export function zonedCall(oid: number): ZonedCall | undefined {
  return known.get(oid);
}

/** Whether a name stands for the zone the call means. */
export function isZoneFor({ takesOffsets }: ZonedCall, name: string): boolean {
  return takesOffsets !== true || !/^[-+0-9]/.test(name);
}

/** The call over translated values; undefined where the engine cannot be exact for them. */
export function buildZonedCall(
  oid: number, values: readonly Expression[], zone: Expression, field: string,
): Expression | undefined {
  return known.get(oid)?.build(values, zone, field);
}
