// Calls that are several calls of the engine: LIKE of char(n) and names, ILIKE, upper() and its like by the letters of
// a collation, a pattern with an escape of its own, OVERLAPS, a plus sign. Arguments are translated already. Read next:
// text_casts.ts, expression_translator.ts.
import { allOf, constantOf, isNull, isPresent, onlyWhere } from "#expr/construct.js";
import type { Expression } from "#expr/expression.js";
import type { Call } from "#frontend/analysed_expression.js";
import type { RequestFacts } from "#frontend/request_facts.js";
import { withBackslashes } from "#functions/like.js";
import { tableParameter } from "#functions/parameter_tables.js";
import { typedCall } from "#functions/typed_call.js";
import { BOOL } from "#types/engine_type.js";
import { sqlTypes } from "#types/sql_types.js";
import { engineTypeOf } from "./column_types.js";
import { type Compare, extreme, lessFunctions } from "./conditional_values.js";
import { blankFilled, concatenates, concatenation, writtenText } from "./text_casts.js";
import type { Translated } from "./translated.js";

type Build = (
  facts: RequestFacts, call: Call, values: readonly Translated[], compare: Compare,
) => Expression | undefined;

/** A text that LIKE compares; char(n) has all its blanks there. */
function comparedText(value: Expression | undefined): Expression | undefined {
  switch (value?.type.kind) {
    case "text": return value;
    case "opaque": return typedCall("name.text", value);
    case "bpchar": return blankFilled(value);
    default: return undefined;
  }
}

const like = (key: "text.like" | "text.notLike", isCaseless: boolean): Build => (facts, call, values) => {
  if (!facts.isUtf8 || !facts.isDeterministic(call.inputCollation)) return undefined;
  const sides = values.map(({ expression }) => comparedText(expression));
  return typedCall(key, ...sides.map((side) => (isCaseless ? cased("lower", facts, call, side) : side)));
};

type CaseName = "upper" | "lower" | "initcap";

/** Letters of ASCII, or those of a locale of the C library, by its table. ICU's are PostgreSQL's. */
function cased(
  name: CaseName, facts: RequestFacts, { inputCollation }: Call, text: Expression | undefined,
): Expression | undefined {
  if (facts.hasAsciiLetters(inputCollation)) return typedCall(`text.${name}`, text);
  return typedCall(`letters.${name}`, text, tableParameter(facts.lettersParameter(inputCollation)));
}

const withCase = (name: CaseName): Build => (facts, call, [value]) => {
  const type = engineTypeOf(facts, call);
  if (!facts.isUtf8 || !facts.isDeterministic(call.inputCollation) || type?.kind !== "text") return undefined;
  const made = cased(name, facts, call, value?.expression);
  return made && { ...made, type } as Expression;
};

const escaped: Build = (facts, _call, values) => {
  const [pattern, escape] = values.map(({ expression }) => expression);
  if (pattern?.kind !== "constant" || escape?.kind !== "constant" || !facts.isUtf8) return undefined;
  if (!(pattern.value instanceof Uint8Array) || !(escape.value instanceof Uint8Array)) return undefined;
  const made = withBackslashes(pattern.value, escape.value);
  return made && constantOf(made, pattern.type);
};

/** A name as text. */
const asText: Build = (facts, call, [value]) => value && writtenText(facts, call.arguments[0] ?? call, value, call);

/** Two spans of time, each of two ends in any order, one of which may be missing. */
const overlaps: Build = (facts, call, values, compare) => {
  const [sql] = call.arguments;
  const less = sql && lessFunctions.get(facts.baseType(sql.type));
  const span = (a?: Translated, b?: Translated): readonly [start: Translated, end: Expression] | undefined => {
    if (a === undefined || b === undefined || sql === undefined) return undefined;
    const ends = (["least", "greatest"] as const).map((kind) => extreme(facts, sql, compare, kind, [a, b]));
    const [start, end] = ends;
    const both = allOf([isPresent(a.expression), isPresent(b.expression)]);
    return start && end && [start, onlyWhere(both, end.expression)];
  };
  const [one, other] = [span(values[0], values[1]), span(values[2], values[3])];
  if (one === undefined || other === undefined || less === undefined) return undefined;
  const isLess = (a: Translated, b: Translated): Expression | undefined => compare(less, [a, b])?.expression;
  const nothing = constantOf(null, BOOL);
  /** The later of two begins before the earlier ends; where it does not, an end that is missing leaves it open. */
  const meets = (later: typeof one, earlier: typeof one): Expression | undefined => {
    const isWithin = isLess(later[0], { expression: earlier[1] });
    const open = onlyWhere(isPresent(later[1]), constantOf(false, BOOL));
    return isWithin && { kind: "or", arguments: [isWithin, open], type: BOOL };
  };
  const [isLater, isEarlier] = [isLess(other[0], one[0]), isLess(one[0], other[0])];
  const [ifLater, ifEarlier] = [meets(one, other), meets(other, one)];
  if (!isLater || !isEarlier || !ifLater || !ifEarlier) return undefined;
  const isUnknown = [one, other].map(([start]) => isNull(start.expression));
  return {
    kind: "case", type: BOOL,
    branches: [
      { when: { kind: "or", arguments: isUnknown, type: BOOL }, then: nothing },
      { when: isLater, then: ifLater }, { when: isEarlier, then: ifEarlier },
    ],
    otherwise: onlyWhere(allOf([isPresent(one[1]), isPresent(other[1])]), constantOf(true, BOOL)),
  };
};

/** An int2 as int4 or as an oid, by one function. */
const INT2_WIDENED = 313;

const widened: Build = (facts, call, values) =>
  typedCall(facts.baseType(call.type) === sqlTypes.oid ? "cast.int2.oid" : "cast.int2.int4", values[0]?.expression);

/** An int4 as oid or the other way round, which share their bits; undefined for other types. */
export function oidOfBits(from: number, to: number, value: Expression): Expression | undefined {
  if (from === sqlTypes.int4 && to === sqlTypes.oid) return typedCall("cast.int4.oid", value);
  return from === sqlTypes.oid && to === sqlTypes.int4 ? typedCall("cast.oid.int4", value) : undefined;
}

const known: ReadonlyMap<number, Build> = new Map<number, Build>([
  // Of char(n), names and texts.
  ...[1631, 858, 1571].map((oid) => [oid, like("text.like", false)] as const),
  ...[1632, 859, 1572].map((oid) => [oid, like("text.notLike", false)] as const),
  ...[1660, 1635, 1633].map((oid) => [oid, like("text.like", true)] as const),
  ...[1661, 1636, 1634].map((oid) => [oid, like("text.notLike", true)] as const),
  [871, withCase("upper")], [870, withCase("lower")], [872, withCase("initcap")],
  [1637, escaped], [INT2_WIDENED, widened], [406, asText], [1401, asText],
  ...[1271, 1304, 1308, 2041].map((oid) => [oid, overlaps] as const),
]);

const unaryPlus: ReadonlySet<number> = new Set([1910, 1911, 1912, 1913, 1914, 1915]);

export function isComposed(oid: number): boolean {
  return known.has(oid) || unaryPlus.has(oid) || concatenates(oid);
}

/** The call as the engine's own; undefined where it is not exact for these arguments. */
export function composedCall(
  facts: RequestFacts, call: Call, values: readonly Translated[], compare: Compare,
): Translated | undefined {
  if (unaryPlus.has(call.function)) return values[0];
  const made = concatenates(call.function)
    ? concatenation(facts, call, values) : known.get(call.function)?.(facts, call, values, compare);
  return made && { expression: made };
}
