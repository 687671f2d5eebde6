// Reference windows: each row's frame written down as the list of its rows, by SQL's definitions, and every function
// evaluated over that list afresh. Quadratic on purpose. Read next: interpreter.ts, lowering/window_module.ts.
import { assert, defined } from "#base/assert.js";
import type { Expression, Scalar } from "#expr/expression.js";
import { columnsOf } from "#plan/columns_of.js";
import type { FrameBound, PhysicalOperator, SortKey, WindowCall } from "#plan/physical.js";
import { accumulatorOf } from "./aggregate.js";
import { type Parameters, type Row, evaluate } from "./evaluate.js";
import { retained } from "./join.js";
import { orderKeys } from "./sort.js";

type Window = Extract<PhysicalOperator, { kind: "window" }>;

interface Member {
  readonly row: Row;
  readonly partition: readonly Scalar[];
  readonly order: readonly Scalar[];
}

/** One row among its partition. */
interface Place {
  readonly members: readonly Member[];
  readonly at: number;
  /** First rows of the peer groups, the end last. */
  readonly groups: readonly number[];
  /** Number of the row's own group. */
  readonly group: number;
  readonly keys: readonly SortKey[];
}

export function windowRows(operator: Window, rows: Iterable<Row>, parameters: Parameters): readonly Row[] {
  const { partition, order, calls } = operator;
  const width = columnsOf(operator.input).length;
  const partitionKeys = partition.map((expression): SortKey => ({ expression, descending: false, nullsFirst: false }));
  const members = [...rows].map((row): Member => ({
    row: retained(row, operator.input),
    partition: partition.map((each) => evaluate(each, row, parameters)),
    order: order.map(({ expression }) => evaluate(expression, row, parameters)),
  }));
  members.sort((a, b) => compare(a.partition, b.partition, partitionKeys) || compare(a.order, b.order, order));
  const results: Row[] = [];
  for (const run of runsOf(members, (a, b) => compare(a.partition, b.partition, partitionKeys) === 0)) {
    const starts = runsOf(run, (a, b) => compare(a.order, b.order, order) === 0);
    const groups = starts.reduce((all, group) => [...all, (all.at(-1) ?? 0) + group.length], [0]);
    run.forEach(({ row }, at) => {
      const group = groups.findIndex((start, index) => start <= at && at < (groups[index + 1] ?? 0));
      const place: Place = { members: run, at, groups, group, keys: order };
      const made = calls.map((call) => valueOf(call, place, parameters));
      results.push((column) => (column < width ? row(column) : defined(made[column - width], `column ${column}`)));
    });
  }
  return results;
}

function compare(a: readonly Scalar[], b: readonly Scalar[], keys: readonly SortKey[]): number {
  for (const [index, key] of keys.entries()) {
    const order = orderKeys(defined(a[index], "a key"), defined(b[index], "a key"), key);
    if (order !== 0) return order;
  }
  return 0;
}

function runsOf<T>(list: readonly T[], same: (a: T, b: T) => boolean): T[][] {
  const runs: T[][] = [];
  for (const each of list) {
    const last = runs.at(-1)?.at(-1);
    if (last !== undefined && same(last, each)) runs.at(-1)?.push(each);
    else runs.push([each]);
  }
  return runs;
}

function constantOf(offset: Expression | undefined): bigint {
  assert(offset?.kind === "constant" && typeof offset.value === "bigint", "an offset is an int8");
  return offset.value;
}

function valueOf(call: WindowCall, place: Place, parameters: Parameters): Scalar {
  const { members, at, groups, group } = place;
  const count = members.length;
  const start = groups[group] ?? 0;
  const end = groups[group + 1] ?? count;
  const argumentAt = (index: number | undefined): Scalar => {
    const member = index === undefined ? undefined : members[index];
    return member === undefined ? null : evaluate(defined(call.argument, "an argument"), member.row, parameters);
  };
  const away = (rows: bigint): Scalar => {
    const index = BigInt(at) + rows;
    if (index >= 0n && index < BigInt(count)) return argumentAt(Number(index));
    const own = defined(members[at], "a row");
    return call.otherwise === undefined ? null : evaluate(call.otherwise, own.row, parameters);
  };
  switch (call.function) {
    case "rowNumber": return BigInt(at + 1);
    case "rank": return BigInt(start + 1);
    case "denseRank": return BigInt(group + 1);
    case "percentRank": return count > 1 ? start / (count - 1) : 0;
    case "cumeDist": return end / count;
    case "ntile": return bucketOf(at, count, constantOf(call.offset));
    case "lag": return away(-constantOf(call.offset));
    case "lead": return away(constantOf(call.offset));
    case "firstValue": return argumentAt(frameOf(call, place, parameters)[0]);
    case "lastValue": return argumentAt(frameOf(call, place, parameters).at(-1));
    case "nthValue": return argumentAt(frameOf(call, place, parameters)[Number(constantOf(call.offset) - 1n)]);
    default: {
      const accumulator = accumulatorOf({ ...call, function: call.function });
      for (const index of frameOf(call, place, parameters))
        accumulator.add(call.argument === undefined ? true : argumentAt(index));
      return accumulator.result();
    }
  }
}

/** As many rows in each bucket as in the next, or one more. */
function bucketOf(at: number, count: number, buckets: bigint): bigint {
  let [bucket, row] = [0n, 0];
  for (; row <= at; bucket++) {
    const size = BigInt(count) / buckets + (bucket < BigInt(count) % buckets ? 1n : 0n);
    row += Number(size);
  }
  return bucket;
}

/** The rows of the frame in order, without those excluded. */
function frameOf({ frame }: WindowCall, place: Place, parameters: Parameters): readonly number[] {
  const { members, at, groups, group } = place;
  const { unit, start, end, exclusion, measure } = frame;
  const side = (bound: FrameBound, index: number, isEnd: boolean): boolean => ("limit" in bound
    ? isWithin(place, defined(measure, "a measure"), bound.limit, index, isEnd, parameters)
    : isBeyond(place, unit, bound, index, isEnd));
  const isIn = (index: number): boolean => side(start, index, false) && side(end, index, true);
  const isPeer = (index: number): boolean =>
    index >= (groups[group] ?? 0) && index < (groups[group + 1] ?? members.length);
  return members.map((_, index) => index).filter((index) => {
    if (!isIn(index)) return false;
    switch (exclusion) {
      case "none": return true;
      case "currentRow": return index !== at;
      case "group": return !isPeer(index);
      case "ties": return index === at || !isPeer(index);
    }
  });
}

/** Whether a row's measure is on the frame's side of what the row at work allows. */
function isWithin(
  { keys, members, at }: Place, measure: Expression, limit: Expression, index: number, isEnd: boolean,
  parameters: Parameters,
): boolean {
  const key = { ...defined(keys[0], "a key"), expression: measure };
  const valueAt = (expression: Expression, row: number): Scalar =>
    evaluate(expression, defined(members[row], "a row").row, parameters);
  return orderKeys(valueAt(measure, index), valueAt(limit, at), key) * (isEnd ? -1 : 1) >= 0;
}

/** Whether a row is on the frame's side of a bound: at it or after it, or at it or before it for an end. */
function isBeyond(
  place: Place, unit: WindowCall["frame"]["unit"], bound: FrameBound, index: number, isEnd: boolean,
): boolean {
  if (bound.kind === "unbounded") return true;
  const offset = "offset" in bound ? constantOf(bound.offset) * (bound.kind === "preceding" ? -1n : 1n) : 0n;
  const { groups, members, at } = place;
  const sign = isEnd ? -1n : 1n;
  if (unit === "rows") return (BigInt(index - at) - offset) * sign >= 0n;
  const groupAt = (row: number): number => groups.findIndex((start, each) =>
    start <= row && row < (groups[each + 1] ?? members.length));
  if (unit === "groups" || bound.kind === "currentRow")
    return (BigInt(groupAt(index) - place.group) - offset) * sign >= 0n;
  const [key] = place.keys;
  const [own, other] = [members[at]?.order[0], members[index]?.order[0]];
  const descending = key?.descending === true;
  if (typeof own !== "bigint" || typeof other !== "bigint") {
    // NULLs are peers of each other and beyond every distance from other values.
    const order = Number(other === null) - Number(own === null);
    return BigInt(key?.nullsFirst === true ? -order : order) * sign >= 0n;
  }
  return (other - own - (descending ? -offset : offset)) * (descending ? -1n : 1n) * sign >= 0n;
}
