// Cuts a statement back: every smaller tree one step away, the boldest first. Steps may leave a statement that means
// nothing; the server says so to both sides alike, and then it is no smaller witness. Read next: tree.ts.
import { constants } from "./catalogue.js";
import type { Expression, FromItem, Part, Query, Select, SetOperation, Values } from "./tree.js";
import { textOf } from "./tree.js";

function descendants(parts: readonly Part[], found: Expression[]): void {
  for (const part of parts) {
    if (typeof part === "string" || (part.node !== "expression" && part.node !== "option")) continue;
    if (part.node === "expression") found.push(part);
    descendants(part.parts, found);
  }
}

/** Parts of an expression or clause, one of them smaller. */
function smallerParts(parts: readonly Part[]): (readonly Part[])[] {
  return parts.flatMap((part, index) => {
    if (typeof part === "string") return [];
    const smaller: readonly Part[] =
      part.node === "expression"
        ? smallerExpressions(part)
        : part.node === "option"
          ? ["", ...smallerParts(part.parts).map((each) => ({ ...part, parts: each }))]
          : smallerQueries(part);
    return smaller.map((each) => parts.map((old, at) => (at === index ? each : old)));
  });
}

function smallerExpressions(expression: Expression): Expression[] {
  const found: Expression[] = [];
  const below: Expression[] = [];
  descendants(expression.parts, below);
  found.push(...below.filter(({ kind }) => kind === expression.kind));
  const [simple] = constants[expression.kind];
  if (simple !== undefined && expression.parts.length > 1)
    found.push({ ...expression, parts: [expression.kind === "bool" ? "true" : simple] });
  found.push(...smallerParts(expression.parts).map((parts) => ({ ...expression, parts })));
  return found;
}

function without<T>(list: readonly T[]): T[][] {
  return list.map((_item, index) => list.filter((_other, at) => at !== index));
}

function inPlace<T>(list: readonly T[], smaller: (item: T) => readonly T[]): T[][] {
  return list.flatMap((item, index) =>
    smaller(item).map((each) => list.map((old, at) => (at === index ? each : old))),
  );
}

function smallerItems(item: FromItem): FromItem[] {
  switch (item.node) {
    case "table":
      return [];
    case "function":
      return smallerParts(item.call.parts).map((parts) => ({ ...item, call: { ...item.call, parts } }));
    case "derived":
      return smallerQueries(item.query).map((query) => ({ ...item, query }));
    case "join":
      return [
        item.left,
        item.right,
        ...(item.kind === "JOIN" ? [] : [{ ...item, kind: "JOIN" }]),
        ...smallerItems(item.left).map((left) => ({ ...item, left })),
        ...smallerItems(item.right).map((right) => ({ ...item, right })),
        ...(item.condition === undefined
          ? []
          : smallerExpressions(item.condition).map((condition) => ({ ...item, condition }))),
      ];
  }
}

function smallerSelects(select: Select): Select[] {
  const { common, targets, from, groupBy, where, having } = select;
  return [
    ...without(common).map((each) => ({ ...select, common: each })),
    ...(where === undefined ? [] : [{ ...select, where: undefined }]),
    ...(having === undefined ? [] : [{ ...select, having: undefined }]),
    ...(targets.length > 1 ? without(targets).map((each) => ({ ...select, targets: each })) : []),
    ...without(groupBy).map((each) => ({ ...select, groupBy: each })),
    ...(select.limit === "" ? [] : [{ ...select, limit: "" }]),
    ...(select.ordered && select.limit === "" ? [{ ...select, ordered: false }] : []),
    ...(select.tied ? [{ ...select, tied: false, limit: "" }] : []),
    ...(select.distinct ? [{ ...select, distinct: false }] : []),
    ...(select.distinctOn === 0 ? [] : [{ ...select, distinctOn: 0 }]),
    ...(select.grouping === "" ? [] : [{ ...select, grouping: "" as const }]),
    ...(from.length > 1 ? without(from).map((each) => ({ ...select, from: each })) : []),
    ...inPlace(from, smallerItems).map((each) => ({ ...select, from: each })),
    ...inPlace(common, (each) => smallerQueries(each.query).map((query) => ({ ...each, query }))).map(
      (each) => ({ ...select, common: each }),
    ),
    ...(where === undefined ? [] : smallerExpressions(where).map((each) => ({ ...select, where: each }))),
    ...(having === undefined ? [] : smallerExpressions(having).map((each) => ({ ...select, having: each }))),
    ...inPlace(targets, (each) => smallerExpressions(each.value).map((value) => ({ ...each, value }))).map(
      (each) => ({ ...select, targets: each }),
    ),
    ...inPlace(groupBy, smallerExpressions).map((each) => ({ ...select, groupBy: each })),
  ];
}

function smallerSetOperations(query: SetOperation): Query[] {
  return [
    query.left,
    query.right,
    ...(query.limit === "" ? [] : [{ ...query, limit: "" }]),
    ...(query.ordered && query.limit === "" ? [{ ...query, ordered: false }] : []),
    ...smallerQueries(query.left).map((left) => ({ ...query, left })),
    ...smallerQueries(query.right).map((right) => ({ ...query, right })),
  ];
}

function smallerValues(values: Values): Query[] {
  return values.rows.length > 1 ? without(values.rows).map((rows) => ({ ...values, rows })) : [];
}

/** Queries one step smaller. */
export function smallerQueries(query: Query): Query[] {
  switch (query.node) {
    case "select":
      return smallerSelects(query);
    case "setOperation":
      return smallerSetOperations(query);
    case "values":
      return smallerValues(query);
    case "verbatim":
      return [];
  }
}

/** The smallest statement found for which `fails` still holds, within a number of tries. */
export async function shrunk(
  query: Query,
  fails: (candidate: Query) => Promise<boolean>,
  triesMax: number,
): Promise<Query> {
  let smallest = query;
  let tries = 0;
  for (;;) {
    const length = textOf(smallest).length;
    const candidates = smallerQueries(smallest).filter((each) => textOf(each).length < length + 8);
    let next: Query | undefined;
    for (const candidate of candidates) {
      if (textOf(candidate) === textOf(smallest)) continue;
      if (tries >= triesMax) return smallest;
      tries += 1;
      if (await fails(candidate)) {
        next = candidate;
        break;
      }
    }
    if (next === undefined) return smallest;
    smallest = next;
  }
}
