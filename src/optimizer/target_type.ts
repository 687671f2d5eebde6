// The SQL type of a subquery as a value, as PostgreSQL's exprType() and its kin say: that of a scalar subquery is that
// of its one visible target, EXISTS and IN are true or false.
import type { SqlType } from "#frontend/analysed_expression.js";
import type { TextNode } from "#frontend/node_text.js";
import { readQuery } from "#frontend/query_reader.js";
import { requiredNode } from "#frontend/text_fields.js";
import { defined } from "#base/assert.js";
import { sqlTypes } from "#types/sql_types.js";
import { SCALAR, typeOf } from "./sub_links.js";

export function typeOfSubLink(subLink: TextNode): SqlType {
  if (typeOf(subLink) !== SCALAR) return { type: sqlTypes.bool, typmod: -1, collation: 0 };
  const query = readQuery(requiredNode(subLink, "subselect"));
  return defined(query.targets.find((target) => !target.isJunk), "a target of a scalar subquery").expression;
}
