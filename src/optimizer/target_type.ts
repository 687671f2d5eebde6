// The SQL type of a scalar subquery: that of its one visible target, as PostgreSQL's exprType() and its kin say.
import type { SqlType } from "#frontend/analysed_expression.js";
import type { TextNode } from "#frontend/node_text.js";
import { readQuery } from "#frontend/query_reader.js";
import { requiredNode } from "#frontend/text_fields.js";
import { defined } from "#base/assert.js";

export function typeOfTarget(subLink: TextNode): SqlType {
  const query = readQuery(requiredNode(subLink, "subselect"));
  return defined(query.targets.find((target) => !target.isJunk), "a target of a scalar subquery").expression;
}
