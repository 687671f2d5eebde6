// External parameters of a statement as values the engine computes with. They come in the StartExecution message, each
// encoded like one value of a page column, strings as their plain bytes.
import { malformedMessage } from "#base/errors.js";
import type { ParameterValue } from "#codec/execution_message.js";
import { DECIMAL_NAN, type Scalar } from "#expr/expression.js";
import { Encoding, encodingWidth } from "#generated/encodings.js";
import type { PhysicalPlan } from "#plan/physical.js";
import { LEAST128, LEAST64, encodingOf } from "#types/encoding_of.js";

function isString(encoding: number): boolean {
  return encoding === Encoding.text || encoding === Encoding.datum ||
    encoding === Encoding.text4 || encoding === Encoding.text8;
}

function decodeNumber(view: DataView, encoding: number): Scalar | undefined {
  switch (encoding) {
    case Encoding.int8:
      return BigInt(view.getUint8(0));
    case Encoding.int16:
      return BigInt(view.getInt16(0, true));
    case Encoding.int32:
      return BigInt(view.getInt32(0, true));
    case Encoding.int64:
      return view.getBigInt64(0, true);
    case Encoding.float32:
      return view.getFloat32(0, true);
    case Encoding.float64:
      return view.getFloat64(0, true);
    case Encoding.decimal64: {
      const image = view.getBigInt64(0, true);
      return image === LEAST64 ? DECIMAL_NAN : image;
    }
    case Encoding.decimal128: {
      const image = (view.getBigInt64(8, true) << 64n) | view.getBigUint64(0, true);
      return image === LEAST128 ? DECIMAL_NAN : image;
    }
    default:
      return undefined;
  }
}

/** The value of one parameter; its bytes must be as many as its encoding has. */
export function decodeParameter(parameter: ParameterValue): Scalar {
  const { id, isNull, encoding, value } = parameter;
  if (isNull) return null;
  if (isString(encoding)) return value.slice();
  if (value.length !== encodingWidth[encoding])
    throw malformedMessage(`pg_fusion: parameter $${id} has ${value.length} bytes in encoding ${encoding}`);
  if (encoding === Encoding.bool8) return value[0] !== 0;
  const decoded = decodeNumber(new DataView(value.buffer, value.byteOffset, value.byteLength), encoding);
  if (decoded === undefined) throw malformedMessage(`pg_fusion: parameter $${id} has encoding ${encoding}`);
  return decoded;
}

/** The values a plan reads; each of its parameters must be there. */
export function parameterValues(
  plan: PhysicalPlan, parameters: readonly ParameterValue[],
): ReadonlyMap<number, Scalar> {
  const values = new Map<number, Scalar>();
  for (const { id, type } of plan.parameters) {
    const found = parameters.find((parameter) => parameter.id === id);
    if (found === undefined) throw malformedMessage(`pg_fusion: parameter $${id} of the plan has no value`);
    if (found.encoding !== encodingOf(type))
      throw malformedMessage(`pg_fusion: parameter $${id} of the plan has encoding ${found.encoding}`);
    values.set(id, decodeParameter(found));
  }
  return values;
}
