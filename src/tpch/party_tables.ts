// Rows of region, nation, supplier and customer (TPC-H clause 4.2.3): the tables about who trades.
// What is traded is in part_tables.ts, the trades in order_tables.ts.
import { Random, streamId } from "./random.js";
import { RowWriter } from "./row_writer.js";
import type { Chunk } from "./row_writer.js";
import type { Scale } from "./scale.js";
import { nations, regions, segments } from "./vocabulary.js";

const streams = {
  region: streamId(10),
  nation: streamId(11),
  supplier: streamId(12),
  supplierRemark: streamId(13),
  customer: streamId(14),
};
const encoder = new TextEncoder();
const supplierPrefix = encoder.encode("Supplier#");
const customerPrefix = encoder.encode("Customer#");
const remarkSubject = encoder.encode("Customer ");
const complaint = encoder.encode("Complaints");
const recommendation = encoder.encode("Recommends");

export function* regionRows(): Generator<Chunk> {
  const writer = new RowWriter();
  const random = new Random();
  for (const [key, name] of regions.entries()) {
    random.seed(streams.region, key);
    writer.integer(key);
    writer.next();
    writer.bytes(encoder.encode(name));
    writer.next();
    writer.comment(random, 31, 115);
    writer.endRow();
  }
  yield writer.take();
}

export function* nationRows(): Generator<Chunk> {
  const writer = new RowWriter();
  const random = new Random();
  for (const [key, [name, region]] of nations.entries()) {
    random.seed(streams.nation, key);
    writer.integer(key);
    writer.next();
    writer.bytes(encoder.encode(name));
    writer.next();
    writer.integer(region);
    writer.next();
    writer.comment(random, 31, 114);
    writer.endRow();
  }
  yield writer.take();
}

/** Suppliers whose comment tells a customer's verdict: five of each kind per unit of scale. */
function remarkedSuppliers(scale: Scale): ReadonlyMap<number, Uint8Array> {
  const random = new Random();
  random.seed(streams.supplierRemark, 0);
  const each = Math.max(1, Math.round(5 * scale.factor));
  const chosen = new Map<number, Uint8Array>();
  while (chosen.size < 2 * each) {
    const key = random.between(1, scale.suppliers);
    if (chosen.has(key)) continue;
    chosen.set(key, chosen.size < each ? complaint : recommendation);
  }
  return chosen;
}

function writeRemark(writer: RowWriter, random: Random, verdict: Uint8Array): void {
  // Together 21 to 79 bytes beside the 19 of the two words: within the column's 25 to 100.
  writer.comment(random, 2, 26);
  writer.bytes(remarkSubject);
  writer.comment(random, 1, 26);
  writer.bytes(verdict);
  writer.comment(random, 3, 26);
}

/** What suppliers and customers have in common: key, name, address, nation, phone and account balance. */
function writeParty(writer: RowWriter, random: Random, prefix: Uint8Array, key: number): void {
  const nation = random.below(nations.length);
  writer.integer(key);
  writer.next();
  writer.bytes(prefix);
  writer.padded(key, 9);
  writer.next();
  writer.address(random);
  writer.next();
  writer.integer(nation);
  writer.next();
  writer.phone(random, nation);
  writer.next();
  writer.hundredths(random.between(-99_999, 999_999));
  writer.next();
}

export function* supplierRows(scale: Scale): Generator<Chunk> {
  const writer = new RowWriter();
  const random = new Random();
  const remarks = remarkedSuppliers(scale);
  for (let key = 1; key <= scale.suppliers; key++) {
    random.seed(streams.supplier, key);
    writeParty(writer, random, supplierPrefix, key);
    const verdict = remarks.get(key);
    if (verdict) writeRemark(writer, random, verdict);
    else writer.comment(random, 25, 100);
    if (writer.endRow()) yield writer.take();
  }
  yield writer.take();
}

export function* customerRows(scale: Scale): Generator<Chunk> {
  const writer = new RowWriter();
  const random = new Random();
  for (let key = 1; key <= scale.customers; key++) {
    random.seed(streams.customer, key);
    writeParty(writer, random, customerPrefix, key);
    writer.word(segments, random.below(segments.length));
    writer.next();
    writer.comment(random, 29, 116);
    if (writer.endRow()) yield writer.take();
  }
  yield writer.take();
}
