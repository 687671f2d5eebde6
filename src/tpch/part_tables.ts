// Rows of part and partsupp, and the two formulas lineitem shares with them: a part's retail price
// and its four suppliers (TPC-H clause 4.2.3).
import { defined } from "#base/assert.js";
import { Random, streamId } from "./random.js";
import { RowWriter } from "./row_writer.js";
import type { Chunk } from "./row_writer.js";
import type { Scale } from "./scale.js";
import {
  colours,
  containerKinds,
  containerSizes,
  typeFinishes,
  typeMetals,
  typeSizes,
} from "./vocabulary.js";

const streams = { part: streamId(20), partsupp: streamId(21) };
const encoder = new TextEncoder();
const manufacturerPrefix = encoder.encode("Manufacturer#");
const brandPrefix = encoder.encode("Brand#");
const space = 0x20;
const nameWords = 5;
/** Every part has this many suppliers. */
export const suppliersPerPart = 4;

/** The price of a part in cents. */
export function retailPriceCents(part: number): number {
  return 90_000 + (Math.floor(part / 10) % 20_001) + 100 * (part % 1_000);
}

/** The supplier number `choice` (0 to 3) of a part. */
export function supplierOfPart(part: number, choice: number, scale: Scale): number {
  const { suppliers } = scale;
  const stride = Math.floor(suppliers / 4) + Math.floor((part - 1) / suppliers);
  return ((part + choice * stride) % suppliers) + 1;
}

/** Draws five different colours: the start of a shuffle of the list's indexes. */
class ColourDraw {
  readonly #order = Uint8Array.from(colours.keys());

  write(writer: RowWriter, random: Random): void {
    const order = this.#order;
    for (let at = 0; at < order.length; at++) order[at] = at;
    for (let at = 0; at < nameWords; at++) {
      const other = random.between(at, order.length - 1);
      const drawn = defined(order[other], "a colour's index");
      order[other] = defined(order[at], "a colour's index");
      order[at] = drawn;
      if (at > 0) writer.byte(space);
      writer.word(colours, drawn);
    }
  }
}

function writeType(writer: RowWriter, random: Random): void {
  writer.word(typeSizes, random.below(typeSizes.length));
  writer.byte(space);
  writer.word(typeFinishes, random.below(typeFinishes.length));
  writer.byte(space);
  writer.word(typeMetals, random.below(typeMetals.length));
}

export function* partRows(scale: Scale): Generator<Chunk> {
  const writer = new RowWriter();
  const random = new Random();
  const names = new ColourDraw();
  for (let key = 1; key <= scale.parts; key++) {
    random.seed(streams.part, key);
    const manufacturer = random.between(1, 5);
    writer.integer(key);
    writer.next();
    names.write(writer, random);
    writer.next();
    writer.bytes(manufacturerPrefix);
    writer.integer(manufacturer);
    writer.next();
    writer.bytes(brandPrefix);
    writer.integer(manufacturer * 10 + random.between(1, 5));
    writer.next();
    writeType(writer, random);
    writer.next();
    writer.integer(random.between(1, 50));
    writer.next();
    writer.word(containerSizes, random.below(containerSizes.length));
    writer.byte(space);
    writer.word(containerKinds, random.below(containerKinds.length));
    writer.next();
    writer.hundredths(retailPriceCents(key));
    writer.next();
    writer.comment(random, 5, 22);
    if (writer.endRow()) yield writer.take();
  }
  yield writer.take();
}

export function* partsuppRows(scale: Scale): Generator<Chunk> {
  const writer = new RowWriter();
  const random = new Random();
  for (let part = 1; part <= scale.parts; part++) {
    random.seed(streams.partsupp, part);
    for (let choice = 0; choice < suppliersPerPart; choice++) {
      writer.integer(part);
      writer.next();
      writer.integer(supplierOfPart(part, choice, scale));
      writer.next();
      writer.integer(random.between(1, 9_999));
      writer.next();
      writer.hundredths(random.between(100, 100_000));
      writer.next();
      writer.comment(random, 49, 198);
      if (writer.endRow()) yield writer.take();
    }
  }
  yield writer.take();
}
