// What an OR over several tables says about one of them alone: (a.x = 1 AND b.y = 2) OR (a.x = 3 AND b.y = 4) implies
// a.x = 1 OR a.x = 3, which drops rows of a before the join; the OR itself stays. Only conditions that never fail are
// taken out of it: they are asked for rows that PostgreSQL would not ask them for. Read next: from_clause.ts.
import { allOf } from "#expr/construct.js";
import type { AnalysedExpression } from "#frontend/analysed_expression.js";
import { shareOfQuals } from "#optimizer/estimates.js";
import { conjunctsOf } from "#optimizer/expressions/conditions.js";
import { neverFails } from "#optimizer/expressions/safe_expressions.js";
import type { QueryScope } from "#optimizer/query_scope.js";
import { rangesRead } from "#optimizer/query_scope.js";
import { BOOL } from "#types/engine_type.js";
import type { Region } from "./region.js";

function isAbout(range: number): (condition: AnalysedExpression) => boolean {
  return ({ source }) => {
    const ranges = rangesRead(source);
    return ranges?.size === 1 && ranges.has(range) && neverFails(source);
  };
}

/** Adds to each of the region's tables what the condition implies for it. */
export function addImpliedFilters(
  region: Region, scope: QueryScope, condition: AnalysedExpression, ranges: ReadonlySet<number>,
): void {
  if (condition.kind !== "or") return;
  const { facts, texts } = scope.statement;
  const arms = condition.arguments.map((arm) => conjunctsOf(arm, texts));
  for (const range of ranges) {
    const source = scope.sources.get(range);
    if (source?.kind !== "table" || !region.tables.includes(source.table)) continue;
    const own = arms.map((arm) => arm.filter(isAbout(range)));
    if (own.some((arm) => arm.length === 0)) continue;
    const translated = own.map((arm) => arm.map((each) => scope.translator.translate(each)?.expression));
    const predicates = translated.map((arm) => {
      const known = arm.filter((each) => each?.type.kind === "bool").filter((each) => each !== undefined);
      return known.length === arm.length ? allOf(known) : undefined;
    }).filter((each) => each !== undefined);
    if (predicates.length < own.length) continue;
    const missed = own.reduce((share, arm) => share * (1 - shareOfQuals(arm.map((each) => each.source), facts)), 1);
    source.table.impliedFilters.push({
      predicate: { kind: "or", arguments: predicates, type: BOOL }, share: 1 - missed,
    });
  }
}
