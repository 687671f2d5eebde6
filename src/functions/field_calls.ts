// extract(), date_part() and date_trunc() with a field the statement names: which function computes it. The field is a
// constant, so there is a function for each; what is not here is PostgreSQL's. Read next: growing_fields.ts,
// date_parts.ts, span_fields.ts, field_floats.ts.
import { type EngineType, FLOAT8, INTERVAL, NUMERIC, TIMESTAMP } from "#types/engine_type.js";
import { partType, truncation } from "./date_parts.js";
import { floatField, type FloatSource } from "./field_floats.js";
import { isGrowing } from "./growing_fields.js";
import { intervalTruncation } from "./interval_truncation.js";
import { spanField } from "./span_fields.js";
import { timetzField } from "./timetz_fields.js";

type Source = "date" | "timestamp" | "time" | "timetz" | "interval";

/** What a call with a constant field computes: a function, and of a part whether it wants a finite argument. */
export interface FieldCall {
  readonly function: string;
  readonly type: EngineType;
  /** Tells finite arguments; the others' part is NULL. */
  readonly guard: string | undefined;
  /** Applied to the argument first. */
  readonly cast: "cast.date.timestamp" | "cast.timetz.time" | undefined;
}

const extracts: ReadonlyMap<number, Source> = new Map([
  [6199, "date"], [6202, "timestamp"], [6200, "time"], [6201, "timetz"], [6204, "interval"],
]);
/** Of a date it is that of a timestamp. */
const floats: ReadonlyMap<number, Source> = new Map([
  [1384, "date"], [2021, "timestamp"], [1385, "time"], [1273, "timetz"], [1172, "interval"],
]);
const TRUNCATE_TIMESTAMP = 2020;
const TRUNCATE_INTERVAL = 1218;

const whole = (key: string, type: EngineType, guard?: string): FieldCall =>
  ({ function: key, type, guard, cast: undefined });

/** The field of a time, of what is one in its zone. */
const ofLocalTime = (call: FieldCall | undefined): FieldCall | undefined =>
  call && { ...call, cast: "cast.timetz.time" };

function extracted(source: Source, field: string): FieldCall | undefined {
  if (source === "timetz") {
    const type = timetzField(field);
    return type === undefined ? ofLocalTime(extracted("time", field)) : whole(`timetz.${field}`, type);
  }
  if (source === "time" || source === "interval") {
    const type = spanField(source, field);
    return type === undefined ? undefined : whole(`${source}.${field}`, type);
  }
  if (field === "epoch" || isGrowing(field)) return whole(`${source}.${field}`, NUMERIC);
  const type = partType(source, field);
  return type === undefined ? undefined : whole(`${source}.${field}`, type, `${source}.isFinite`);
}

function asFloat(source: Source, field: string): FieldCall | undefined {
  if (source === "timetz") {
    return timetzField(field) === undefined
      ? ofLocalTime(asFloat("time", field)) : whole(`timetz.part.${field}`, FLOAT8);
  }
  const of: FloatSource = source === "date" ? "timestamp" : source;
  const found = floatField(of, field);
  if (found === undefined) return undefined;
  const call = whole(found.function, FLOAT8, found.isPartial ? "timestamp.isFinite" : undefined);
  return { ...call, cast: source === "date" ? "cast.date.timestamp" : undefined };
}

/** The function for a named field; undefined when PostgreSQL has it alone, or knows no such field. */
export function fieldCall(oid: number, field: string): FieldCall | undefined {
  const [extract, float] = [extracts.get(oid), floats.get(oid)];
  if (extract !== undefined) return extracted(extract, field);
  if (float !== undefined) return asFloat(float, field);
  const ofInterval = oid === TRUNCATE_INTERVAL;
  const key = ofInterval ? intervalTruncation(field) : oid === TRUNCATE_TIMESTAMP ? truncation(field) : undefined;
  return key === undefined ? undefined : whole(key, ofInterval ? INTERVAL : TIMESTAMP);
}

/** Whether some field of the function is known here: its name must be looked at. */
export function takesField(oid: number): boolean {
  return extracts.has(oid) || floats.has(oid) || oid === TRUNCATE_TIMESTAMP || oid === TRUNCATE_INTERVAL;
}
