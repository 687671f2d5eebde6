// Constants of integer types as numbers, seen through casts from one integer type to another: what LIMIT, OFFSET and
// offsets of windows are written as. Other constants are src/optimizer/expressions/constant_values.ts's.
import type { AnalysedExpression, Constant } from "./analysed_expression.js";

const INT2 = 21;
const INT4 = 23;
const INT8 = 20;
/** int8(int4), int8(int2), int4(int2). */
const widenings: ReadonlySet<number> = new Set([481, 754, 313]);

function valueOf({ type, image }: Constant): bigint | undefined {
  const view = new DataView(image.buffer, image.byteOffset, image.byteLength);
  switch (type) {
    case INT2: return BigInt(view.getInt16(0, true));
    case INT4: return BigInt(view.getInt32(0, true));
    case INT8: return view.getBigInt64(0, true);
    default: return undefined;
  }
}

/** The value, null for NULL; undefined when the expression is no such constant. */
export function integerConstant(expression: AnalysedExpression): bigint | null | undefined {
  if (expression.kind === "constant") return expression.isNull ? null : valueOf(expression);
  const [argument] = expression.kind === "call" && widenings.has(expression.function) ? expression.arguments : [];
  return argument === undefined ? undefined : integerConstant(argument);
}
