// Comparisons of character and byte strings. Equality is bytewise under every deterministic collation; the order only
// where the collation is the byte order. char(n) travels without trailing blanks, so it compares as text does.
import type { EngineType } from "#types/engine_type.js";
import {
  type Comparison, type ComparisonFamily, type ComparisonProcedures, comparisonsOfViews, integerWord,
} from "./comparison.js";
import type { Emission, Operand, Present, ScalarFunction } from "./function.js";
import { compareViews, equalViews } from "./library/bytes.js";
import { asBytes, first, push, second } from "./operand.js";

const isEquality = (comparison: Comparison): boolean => comparison === "equal" || comparison === "notEqual";

/** memcmp, then the lengths. */
export function orderBytes(a: Uint8Array, b: Uint8Array): number {
  return Buffer.compare(a, b);
}

function emit(emission: Emission, operands: readonly Operand[], comparison: Comparison): void {
  const code = push(push(emission.code, first(operands)), second(operands));
  if (isEquality(comparison)) {
    code.call(emission.library(equalViews));
    if (comparison === "notEqual") code.op("i32.eqz");
    return;
  }
  code.call(emission.library(compareViews)).i32(0).op(`i32.${integerWord[comparison]}`);
}

const order = (a: Present, b: Present): number => orderBytes(asBytes(a), asBytes(b));

const rows = (...six: ComparisonProcedures): ComparisonProcedures => six;

function characters(kind: "text" | "bpchar", procedures: ComparisonProcedures): ComparisonFamily {
  return {
    name: kind,
    doc: `Comparison of ${kind === "text" ? "text" : "char(n)"} values; order under the C collation only`,
    procedures: [procedures],
    accepts: (a: EngineType, b: EngineType, comparison) =>
      a.kind === kind && b.kind === kind && (isEquality(comparison) || (a.byteOrder && b.byteOrder)),
    order,
    emit,
  };
}

/** Opaque types of the given width whose order is that of their bytes: bytea and uuid. */
function opaque(name: string, width: number, procedures: ComparisonProcedures): ComparisonFamily {
  const fits = (type: EngineType): boolean =>
    type.kind === "opaque" && !type.byValue && type.width === width && type.bitwiseEqual;
  return {
    name,
    doc: `Comparison of ${name} values`,
    procedures: [procedures],
    accepts: (a, b) => fits(a) && fits(b),
    order,
    emit,
  };
}

export const comparisonsOfStrings: readonly ScalarFunction[] = [
  characters(
    "text",
    rows(
      [67, "texteq"],
      [157, "textne"],
      [740, "text_lt"],
      [741, "text_le"],
      [742, "text_gt"],
      [743, "text_ge"],
    ),
  ),
  characters(
    "bpchar",
    rows(
      [1048, "bpchareq"],
      [1053, "bpcharne"],
      [1049, "bpcharlt"],
      [1050, "bpcharle"],
      [1051, "bpchargt"],
      [1052, "bpcharge"],
    ),
  ),
  opaque(
    "bytea",
    -1,
    rows(
      [1948, "byteaeq"],
      [1953, "byteane"],
      [1949, "bytealt"],
      [1950, "byteale"],
      [1951, "byteagt"],
      [1952, "byteage"],
    ),
  ),
  opaque(
    "uuid",
    16,
    rows(
      [2956, "uuid_eq"],
      [2959, "uuid_ne"],
      [2954, "uuid_lt"],
      [2955, "uuid_le"],
      [2958, "uuid_gt"],
      [2957, "uuid_ge"],
    ),
  ),
].flatMap(comparisonsOfViews);
