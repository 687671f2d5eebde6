// upper(), lower() and initcap() under locales of the C library, which change each character by itself: as a table of
// the locale says, which comes with each execution. Those under collations whose letters are ASCII's are
// characters.ts's. Read next: letter_table.ts.
import { TEXT } from "#types/engine_type.js";
import { COMPUTED_BYTES_MAX } from "./characters.js";
import { errorTemplates, throwTemplate } from "./error_templates.js";
import type { ScalarFunction } from "./function.js";
import { hostFunction } from "./host_function.js";
import { type LetterTable, letterTable } from "./letter_table.js";
import { asBytes, first, second } from "./operand.js";
import { isTableType } from "./parameter_tables.js";

/** A character's code, and whether the one before it, as it became, is of a word. */
type Change = (code: number, isInWord: boolean, table: LetterTable) => number;

const changes: Readonly<Record<"upper" | "lower" | "initcap", Change>> = {
  upper: (code, _, table) => table.upper(code),
  lower: (code, _, table) => table.lower(code),
  initcap: (code, isInWord, table) => (isInWord ? table.lower(code) : table.upper(code)),
};

/** Characters made at once: all are arguments of one call. */
const PIECE = 1024;

function changed(text: Uint8Array, change: Change, table: LetterTable): Uint8Array {
  if (text.length > COMPUTED_BYTES_MAX) throwTemplate(errorTemplates.valueTooLong);
  const codes: number[] = [];
  const pieces: string[] = [];
  let isInWord = false;
  for (const character of Buffer.from(text.buffer, text.byteOffset, text.length).toString("utf8")) {
    const code = change(character.codePointAt(0) ?? 0, isInWord, table);
    if (change === changes.initcap) isInWord = table.isOfWord(code);
    codes.push(code);
    if (codes.length >= PIECE) pieces.push(String.fromCodePoint(...codes.splice(0)));
  }
  const made = Buffer.from(pieces.join("") + String.fromCodePoint(...codes), "utf8");
  return made.length > COMPUTED_BYTES_MAX ? throwTemplate(errorTemplates.valueTooLong) : made;
}

export const casedTexts: readonly ScalarFunction[] = (["upper", "lower", "initcap"] as const).map((name) =>
  hostFunction({
    key: `letters.${name}`, procedures: [], doc: `${name}() under a locale of the C library`,
    arguments: ["text", "opaque"], result: ([, table]) => (isTableType(table) ? TEXT : undefined),
    evaluate: (values) => changed(asBytes(first(values)), changes[name], letterTable(asBytes(second(values)))),
  }));
