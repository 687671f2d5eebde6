// How a session writes values as texts, as functions get it: a parameter of the plan whose bytes are the settings that
// output functions go by (FormatHeader of schemas/layout/format.json). Written by native/extension/format_table.c. Read
// next: texts_of_times.ts, float_text.ts, interval_text.ts.
import { FormatHeader, FormatName } from "#generated/layout.js";

export type DateStyle = "postgres" | "iso" | "sql" | "german";
export type IntervalStyle = "postgres" | "postgresVerbose" | "sqlStandard" | "iso8601";

export interface SessionFormats {
  readonly dateStyle: DateStyle;
  /** The day stands before the month in the styles that have either order. */
  readonly dayFirst: boolean;
  readonly intervalStyle: IntervalStyle;
  readonly extraFloatDigits: number;
  readonly byteaInHex: boolean;
  /** What the zone is called once it has passed so many of its boundaries; empty where it has no name. */
  zoneName(passed: number): string;
}

/** In the order of PostgreSQL's numbers. */
const dateStyles: readonly DateStyle[] = ["postgres", "iso", "sql", "german"];
const intervalStyles: readonly IntervalStyle[] = ["postgres", "postgresVerbose", "sqlStandard", "iso8601"];

const DAY_BEFORE_MONTH = 1;
const HEX = 1;

function read(image: Uint8Array): SessionFormats {
  const view = new DataView(image.buffer, image.byteOffset, image.byteLength);
  const setting = (offset: number): number => view.getInt32(offset, true);
  const count = setting(FormatHeader.name_count);
  return {
    dateStyle: dateStyles[setting(FormatHeader.date_style)] ?? "iso",
    dayFirst: setting(FormatHeader.date_order) === DAY_BEFORE_MONTH,
    intervalStyle: intervalStyles[setting(FormatHeader.interval_style)] ?? "postgres",
    extraFloatDigits: setting(FormatHeader.extra_float_digits),
    byteaInHex: setting(FormatHeader.bytea_output) === HEX,
    zoneName(passed) {
      if (passed >= count) return "";
      const at = FormatHeader.SIZE + passed * FormatName.SIZE;
      const letters = at + FormatName.letters;
      return Buffer.from(image.subarray(letters, letters + view.getUint8(at + FormatName.length))).toString("latin1");
    },
  };
}

const known = new WeakMap<Uint8Array, SessionFormats>();

/** What a table says. Each call of an execution brings the same bytes, which are read once. */
export function sessionFormats(image: Uint8Array): SessionFormats {
  const found = known.get(image) ?? read(image);
  known.set(image, found);
  return found;
}
