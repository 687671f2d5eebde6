// docs/query-support.md as a text: who runs which construct, the engine's functions and aggregates from their
// registries, and the names of what is refused from the planner's own sources. Written by scripts/query_support.mjs;
// a test compares. The table of constructs is written by hand here, and held to the truth by test/cluster.
import { rowLocks } from "#frontend/query_checks.js";
import { functionRows } from "#functions/registry.js";
import { aggregateRows } from "#optimizer/grouping/aggregates.js";

/** Construct, who runs it, and what to know. */
const constructs: readonly (readonly [string, string, string])[] = [
  ["Joins: inner, LEFT, RIGHT, FULL, cross", "engine", "what the engine does not compute of a condition: above it"],
  ["WHERE over one table", "scan", "any condition PostgreSQL knows, subqueries of that table included"],
  ["EXISTS, IN, ANY, ALL as conditions, also under NOT", "engine",
    "semi, anti and null-aware joins, over an ARRAY of a subquery too; NOT IN and ALL without a key over more than "
    + "10,000 rows: PostgreSQL"],
  ["EXISTS, IN under OR, NOT, CASE, in the select list", "engine",
    "correlated by whatever; ANY and ALL with other comparisons too"],
  ["Scalar subquery, aggregating or with LIMIT 1", "engine",
    "once for all values it reads of the rows around; errors in what it aggregates wait for a row that asks"],
  ["Scalar subquery, other", "PostgreSQL", "an error only where a row asks for its second value"],
  ["Correlated by other than equality, two levels deep, below groupings and set operations", "engine",
    "joined with the values it reads; not of floats and numerics without scale"],
  ["Rows compared with rows, also with a subquery's", "engine", "in the usual orders of types whose order it has"],
  ["ARRAY of a subquery", "engine", "in an order the engine has"],
  ["Subqueries in LIMIT", "PostgreSQL", ""],
  ["Subquery in FROM, view, WITH", "engine", "merged or planned by itself; security barrier views: PostgreSQL"],
  ["WITH read more than once", "engine",
    "made once where two readings might differ, or where few rows come of many; else planned for each reading"],
  ["WITH RECURSIVE", "PostgreSQL", "joined by the engine where it stands alone"],
  ["LATERAL that reads its FROM", "engine",
    "its FROM and WHERE, groups, DISTINCT, windows, LIMIT, set operations"],
  ["UNION, UNION ALL, INTERSECT, EXCEPT", "engine", "columns must look alike; ALL as well"],
  ["VALUES, functions in FROM, TABLESAMPLE", "scan", "rows made by PostgreSQL, joined by the engine"],
  ["GROUP BY, DISTINCT", "engine", "keys whose equality the engine has; else PostgreSQL above it"],
  ["GROUPING SETS, ROLLUP, CUBE, GROUPING()", "engine",
    "grouped once, then again by each set where all aggregates are made of parts, else the rows for each set; "
    + "constant keys: PostgreSQL"],
  ["DISTINCT ON", "engine", "in subqueries, in an order the engine has; a statement's own above the engine"],
  ["Aggregates with DISTINCT", "engine",
    "values whose equality the engine has; over several expressions the rows are sorted for each"],
  ["Aggregates with ORDER BY", "engine",
    "in orders that the engine has: one, or several in one grouping"],
  ["Aggregates with WITHIN GROUP", "engine",
    "in orders the engine has, for constant fractions and arrays of them"],
  ["Aggregates that keep all values", "engine",
    "string_agg() and array_agg(); arrays of arrays, of rows and of types of users but enums, JSON: PostgreSQL"],
  ["Aggregates with FILTER", "engine", ""],
  ["Window functions, every frame", "engine",
    "but sums of floats, RANGE by timetz, offsets that are no constants; of a statement's groups above"],
  ["ORDER BY, LIMIT, OFFSET, WITH TIES", "PostgreSQL",
    "above the engine, which delivers the first rows alone where each key is a column whose order it has"],
  ["LIMIT, OFFSET in subqueries", "engine", "constants, in an order the engine has; else PostgreSQL"],
  ["Set-returning functions in the select list", "PostgreSQL", "above the engine"],
  ["Expressions of the select list and HAVING", "PostgreSQL", "over the engine's columns"],
  ["FOR UPDATE, FOR SHARE", "refused", "PostgreSQL's own plans lock rows"],
  ["INSERT, UPDATE, DELETE in WITH", "refused", ""],
];

const refusal = /\brefuse\(\s*(["`])((?:(?!\1).)+)\1/gs;

const subqueryRefusal = /\brefuseSubLink\(subLink, "([^"]+)"/g;

/** The constructs that the planner's sources name when they refuse; `${...}` stands for a part known at run time. */
function refusalsIn(sources: readonly string[]): readonly string[] {
  const names = new Set<string>(rowLocks);
  for (const source of sources) {
    for (const [, , name] of source.matchAll(refusal))
      if (name !== undefined) names.add(name.replaceAll(/\$\{(?:[^{}]|\{[^{}]*\})*\}/g, "..."));
    for (const [, where] of source.matchAll(subqueryRefusal)) names.add(`... subquery ${where}`);
  }
  names.delete("... ...");
  return [...names].sort();
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/** The whole document. `sources` are the texts of src/frontend and src/optimizer. */
export function querySupport(sources: readonly string[]): string {
  const functions = functionRows().map(({ key, procedures, doc }) => [`\`${key}\``, procedures, doc]);
  const aggregates = aggregateRows().map(({ name, arguments: taken }) => [name, taken.join(", ")]);
  return `# Query support

Generated by \`node scripts/query_support.mjs\`; do not edit. What stands here as PostgreSQL's is run by its executor
inside the statement: in a scan's leaf below the engine or above it. EXPLAIN shows which parts those are and why.

## Constructs
${table(["Construct", "Run by", "To know"], constructs)}

## Functions between operators
Any other function runs in a scan, when it reads one table, or above the engine.

${table(["Function", "PostgreSQL's", "What it is"], functions)}

## Aggregates
Others are PostgreSQL's, above the engine's joins.

${table(["Aggregate", "Of engine types"], aggregates)}

## Names of refusals
What the planner names when the engine does not take a part. Most are then given to PostgreSQL
(\`Scan 1 by PostgreSQL: <name>\`); what cannot be given ends in \`pg_fusion: <name> is not supported\`.

${refusalsIn(sources).map((name) => `- ${name}`).join("\n")}
`;
}
