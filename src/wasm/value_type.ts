// The value types of WebAssembly and their binary codes (specification, section 5.3). Not SQL types: those
// are in src/types. Read next: opcodes.ts.

export type ValueType = "i32" | "i64" | "f32" | "f64";

export const valueTypeCode: Readonly<Record<ValueType, number>> = {
  i32: 0x7f,
  i64: 0x7e,
  f32: 0x7d,
  f64: 0x7c,
};

export interface FunctionType {
  readonly parameters: readonly ValueType[];
  readonly results: readonly ValueType[];
}
