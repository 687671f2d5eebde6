// FROM items that are given to PostgreSQL for one of their columns: the engine could make the rows, but not a value
// that something above asks for. Counter-example: (SELECT upper(a.x || b.y) AS u FROM a JOIN b ...) joined by u.
import type { Variable } from "#frontend/analysed_expression.js";
import { readExpression } from "#frontend/expression_reader.js";
import type { TextNode } from "#frontend/node_text.js";
import { walk } from "#frontend/text_fields.js";
import type { QueryScope } from "#optimizer/query_scope.js";
import { rangesReadDeep } from "./stand_alone.js";

const REASON = "a column the engine does not compute";

/** Gives the subquery away that the variable reads, where it can stand alone and is not given already. */
export function giveEntryOf(scope: QueryScope, variable: Variable): void {
  const level = scope.level(variable.levelsUp);
  const entry = level?.query.rangeTable[variable.rangeIndex - 1];
  if (level === undefined || entry === undefined || (entry.kind !== "subquery" && entry.kind !== "cte")) return;
  const { fallbacks, facts } = level.statement;
  if (fallbacks.reasonFor(entry.source) !== undefined || fallbacks.wholeFrom !== undefined) return;
  if (rangesReadDeep(entry.source, level.surroundings, facts)?.size !== 0) return;
  fallbacks.give(entry.source, `${REASON} in "${entry.alias}"`);
}

/** The same for the first variable of an expression that has no value in the engine. */
export function giveEntriesOf(scope: QueryScope, expression: TextNode): void {
  walk(expression, (node) => {
    if (node.tag !== "VAR") return undefined;
    const variable = readExpression(node);
    if (variable.kind === "variable" && scope.variable(variable) === undefined) giveEntryOf(scope, variable);
    return "skip";
  });
}
