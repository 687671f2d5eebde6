// How sessions write values, as tables for tests: one for each style, some with names for what zone_images.ts has.
// What real sessions say is a server's business: test/cluster/session_formats.test.ts.
import { FormatHeader, FormatName } from "#generated/layout.js";

export interface Formats {
  readonly dateStyle: number;
  readonly dateOrder: number;
  readonly intervalStyle: number;
  readonly extraFloatDigits: number;
  readonly byteaOutput: number;
  readonly names: readonly string[];
}

export function formatImage(formats: Formats): Uint8Array {
  const image = new Uint8Array(FormatHeader.SIZE + formats.names.length * FormatName.SIZE);
  const view = new DataView(image.buffer);
  view.setInt32(FormatHeader.date_style, formats.dateStyle, true);
  view.setInt32(FormatHeader.date_order, formats.dateOrder, true);
  view.setInt32(FormatHeader.interval_style, formats.intervalStyle, true);
  view.setInt32(FormatHeader.extra_float_digits, formats.extraFloatDigits, true);
  view.setInt32(FormatHeader.bytea_output, formats.byteaOutput, true);
  view.setUint32(FormatHeader.name_count, formats.names.length, true);
  formats.names.forEach((name, index) => {
    const at = FormatHeader.SIZE + index * FormatName.SIZE;
    view.setUint8(at + FormatName.length, name.length);
    image.set(Buffer.from(name, "latin1"), at + FormatName.letters);
  });
  return image;
}

export const formatImages: readonly Uint8Array[] = [0, 1, 2, 3].map((style) => formatImage({
  dateStyle: style, dateOrder: style % 3, intervalStyle: style, extraFloatDigits: style * 4 - 11,
  byteaOutput: style % 2, names: style === 1 ? [] : ["LMT", "CET", "CEST"],
}));
