// Casts to text and from it, and concat(): which function of the engine writes what a type's output function writes,
// or reads what its input function reads. What the session's settings say of it comes as a parameter. Read next:
// functions/texts_of_values.ts.
import { constantOf, isNull } from "#expr/construct.js";
import type { Expression } from "#expr/expression.js";
import type { Call, SqlType } from "#frontend/analysed_expression.js";
import type { RequestFacts } from "#frontend/request_facts.js";
import { tableParameter } from "#functions/parameter_tables.js";
import { typedCall } from "#functions/typed_call.js";
import { type EngineType, INT4 } from "#types/engine_type.js";
import { sqlTypes } from "#types/sql_types.js";
import { engineTypeOf } from "./column_types.js";
import { asNumeric } from "./numeric_values.js";
import type { Translated } from "./translated.js";

const writers: ReadonlyMap<number, string> = new Map([
  [sqlTypes.bool, "bool.letter"], [sqlTypes.int2, "int2.text"], [sqlTypes.int4, "int4.text"],
  [sqlTypes.int8, "int8.text"], [sqlTypes.oid, "oid.text"], [sqlTypes.numeric, "numeric.text"],
  [sqlTypes.time, "time.text"], [sqlTypes.timetz, "timetz.text"], [sqlTypes.uuid, "uuid.text"],
  [sqlTypes.name, "name.text"],
]);

/** The same, which are told how the session writes them. */
const formattingWriters: ReadonlyMap<number, string> = new Map([
  [sqlTypes.date, "date.text"], [sqlTypes.timestamp, "timestamp.text"], [sqlTypes.timestamptz, "timestamptz.text"],
  [sqlTypes.float4, "float4.text"], [sqlTypes.float8, "float8.text"], [sqlTypes.interval, "interval.text"],
  [sqlTypes.bytea, "bytea.text"],
]);

/** Written with a zone. */
const ZONED = "timestamptz.text";

function formattedText(facts: RequestFacts, base: number, value: Expression): Expression | undefined {
  const writer = formattingWriters.get(base);
  if (writer === undefined) return undefined;
  const formats = tableParameter(facts.formatsParameter());
  return writer === ZONED
    ? typedCall(writer, value, formats, tableParameter(facts.zoneParameter())) : typedCall(writer, value, formats);
}

/** Characters of the collation of what they belong to. */
const retyped = (value: Expression, type: EngineType): Expression => ({ ...value, type }) as Expression;

/** A char(n) with its blanks, of which a column's type says how many there are; undefined for other expressions. */
export function blankFilled(value: Expression): Expression | undefined {
  if (value.type.kind !== "bpchar" || value.kind !== "column") return undefined;
  return typedCall("text.padRightBlanks", typedCall("text.ofChar", value), constantOf(BigInt(value.type.length), INT4));
}

function plainText(facts: RequestFacts, base: number, value: Translated): Expression | undefined {
  const { expression } = value;
  if (expression.type.kind === "bpchar") return facts.isUtf8 ? blankFilled(expression) : undefined;
  const writer = writers.get(base);
  return writer === undefined ? formattedText(facts, base, expression) : typedCall(writer, asNumeric(value));
}

/** What the output function of a type writes, as a text of the given type. */
export function writtenText(
  facts: RequestFacts, sql: SqlType, value: Translated, target: SqlType,
): Expression | undefined {
  const [base, type] = [facts.baseType(sql.type), engineTypeOf(facts, target)];
  if (type?.kind !== "text") return undefined;
  if (value.expression.type.kind === "text") return retyped(value.expression, type);
  const text = plainText(facts, base, value);
  return text && retyped(text, type);
}

const readers: ReadonlyMap<number, string> = new Map([
  [sqlTypes.bool, "text.bool"], [sqlTypes.int2, "text.int2"], [sqlTypes.int4, "text.int4"],
  [sqlTypes.int8, "text.int8"], [sqlTypes.uuid, "text.uuid"],
]);

/** What the input function of a type reads from a text. */
export function readText(facts: RequestFacts, value: Translated, target: SqlType): Expression | undefined {
  const reader = readers.get(facts.baseType(target.type));
  return reader === undefined ? undefined : typedCall(reader, value.expression);
}

const CONCAT = 3058;
const CONCAT_WITH_SEPARATOR = 3059;
/** Each further argument of concat_ws() asks about all before it. */
const SEPARATED_MAX = 8;

export const concatenates = (oid: number): boolean => oid === CONCAT || oid === CONCAT_WITH_SEPARATOR;

/** concat() and concat_ws(), which leave NULLs out; without a separator concat_ws() is NULL. */
export function concatenation(
  facts: RequestFacts, call: Call, values: readonly Translated[],
): Expression | undefined {
  const texts: Expression[] = [];
  for (const [index, value] of values.entries()) {
    const text = writtenText(facts, call.arguments[index] ?? call, value, call);
    if (text === undefined) return undefined;
    texts.push(text);
  }
  const [separator, ...others] = texts;
  const join = (list: readonly (Expression | undefined)[]): Expression | undefined =>
    list.reduce((sum, piece) => typedCall("text.concatenate", sum, piece));
  const empty = separator && constantOf(new Uint8Array(0), separator.type);
  if (separator === undefined || empty === undefined) return undefined;
  const { type } = separator;
  if (call.function === CONCAT)
    return join(texts.map((text): Expression => ({ kind: "coalesce", arguments: [text, empty], type })));
  if (separator.kind !== "constant" || separator.value === null || others.length > SEPARATED_MAX) return undefined;
  if (others.length === 0) return empty;
  return join(others.map((text, index): Expression | undefined => {
    const separated = typedCall("text.concatenate", separator, text);
    if (separated === undefined) return undefined;
    const before = others.slice(0, index).map(isNull);
    if (before.length === 0) return { kind: "coalesce", arguments: [text, empty], type };
    const branches = [
      { when: isNull(text), then: empty },
      { when: { kind: "and" as const, arguments: before, type: { kind: "bool" as const } }, then: text },
    ];
    return { kind: "case", branches, otherwise: retyped(separated, type), type };
  }));
}
