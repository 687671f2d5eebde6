// Letters by a table: each character by itself, words from one that is no letter or digit to the next, characters whose
// other case is longer or shorter.
import { functionByKey } from "#functions/registry.js";
import { asBytes } from "#functions/operand.js";
import { TABLE_TYPE } from "#functions/parameter_tables.js";
import { TEXT } from "#types/engine_type.js";
import { expect, test } from "vitest";
import { letterImage, lettersOfLatin1 } from "../../support/letter_images.js";

function changed(name: string, text: string, table = lettersOfLatin1): string {
  const value = functionByKey(`letters.${name}`).evaluate(
    [Buffer.from(text), table], { arguments: [TEXT, TABLE_TYPE], result: TEXT });
  return Buffer.from(asBytes(value)).toString();
}

test.each([
  ["upper", "straße, été 1st", "STRAßE, ÉTÉ 1ST"], ["lower", "ÀB日😀Z", "àb日😀z"],
  ["initcap", "l'ÉTÉ d-or 1ST àB", "L'Été D-Or 1st Àb"], ["upper", "ÿ", "Ÿ"], ["upper", "", ""],
])("%s of %j", (name, text, expected) => expect(changed(name, text)).toBe(expected));

test("dotted letters of a language", () => {
  const table = letterImage(
    [[0x69, 0x130], [0x131, 0x49]], [[0x49, 0x131], [0x130, 0x69]], [[0x41, 0x7a], [0x130, 0x131]]);
  expect(changed("upper", "iı", table)).toBe("İI");
  expect(changed("lower", "İI", table)).toBe("iı");
  expect(changed("initcap", "iI ıİ", table)).toBe("İı Ii");
});

test("many characters", () => {
  expect(changed("upper", "aé日".repeat(5000))).toBe("AÉ日".repeat(5000));
});
