// Rows of orders and lineitem (TPC-H clause 4.2.3). An order's status and total come from its lines,
// so both tables draw the same order from the same seed; each then adds its own text columns.
import { currentDay, lastOrderDay } from "./calendar.js";
import { retailPriceCents, supplierOfPart, suppliersPerPart } from "./part_tables.js";
import { Random, streamId } from "./random.js";
import { RowWriter } from "./row_writer.js";
import type { Chunk } from "./row_writer.js";
import type { Scale } from "./scale.js";
import { instructions, priorities, shipModes } from "./vocabulary.js";

const streams = { order: streamId(30), orderText: streamId(31), lineText: streamId(32) };
const clerkPrefix = new TextEncoder().encode("Clerk#");
/** Lines of an order, at most; uniform from one. */
const linesMax = 7;
/** Lines of an order on average: what lineitem's progress expects. */
export const linesPerOrder = (1 + linesMax) / 2;

const flags = { accepted: 0x41, finished: 0x46, none: 0x4e, open: 0x4f, part: 0x50, returned: 0x52 };
const zero = 0x30;

/** Key of the order with this index: eight of each 32 keys are used (clause 4.2.3). */
export function orderKey(index: number): number {
  return Math.floor(index / 8) * 32 + (index % 8) + 1;
}

/** Customers whose key is a multiple of three never order; the others are numbered without gaps. */
export function orderingCustomer(index: number): number {
  return index + Math.floor(index / 2) + 1;
}

/** One order with its lines, column by column; `draw` overwrites it. */
class OrderDraw {
  key = 0;
  customer = 0;
  day = 0;
  lines = 0;
  readonly part = new Int32Array(linesMax);
  readonly supplier = new Int32Array(linesMax);
  readonly quantity = new Int32Array(linesMax);
  readonly priceCents = new Float64Array(linesMax);
  readonly discount = new Int32Array(linesMax);
  readonly tax = new Int32Array(linesMax);
  readonly shipDay = new Int32Array(linesMax);
  readonly commitDay = new Int32Array(linesMax);
  readonly receiptDay = new Int32Array(linesMax);
  readonly returnFlag = new Uint8Array(linesMax);
  readonly #random = new Random();
  readonly #scale: Scale;
  readonly #orderingCustomers: number;

  constructor(scale: Scale) {
    this.#scale = scale;
    this.#orderingCustomers = scale.customers - Math.floor(scale.customers / 3);
  }

  draw(index: number): void {
    const random = this.#random;
    this.key = orderKey(index);
    random.seed(streams.order, this.key);
    this.customer = orderingCustomer(random.below(this.#orderingCustomers));
    this.day = random.between(0, lastOrderDay);
    this.lines = random.between(1, linesMax);
    for (let line = 0; line < this.lines; line++) this.#drawLine(line);
  }

  #drawLine(line: number): void {
    const random = this.#random;
    const part = random.between(1, this.#scale.parts);
    const quantity = random.between(1, 50);
    const shipDay = this.day + random.between(1, 121);
    const receiptDay = shipDay + random.between(1, 30);
    this.part[line] = part;
    this.supplier[line] = supplierOfPart(part, random.below(suppliersPerPart), this.#scale);
    this.quantity[line] = quantity;
    this.priceCents[line] = quantity * retailPriceCents(part);
    this.discount[line] = random.between(0, 10);
    this.tax[line] = random.between(0, 8);
    this.shipDay[line] = shipDay;
    this.commitDay[line] = this.day + random.between(30, 90);
    this.receiptDay[line] = receiptDay;
    const settled = random.below(2) === 0 ? flags.returned : flags.accepted;
    this.returnFlag[line] = receiptDay <= currentDay ? settled : flags.none;
  }

  /** Sum over the lines of price, plus tax, less discount; in cents, rounded once. */
  totalCents(): number {
    let total = 0;
    for (let line = 0; line < this.lines; line++) {
      const price = this.priceCents[line] ?? 0;
      total += price * (100 + (this.tax[line] ?? 0)) * (100 - (this.discount[line] ?? 0));
    }
    return Math.round(total / 10_000);
  }

  lineStatus(line: number): number {
    return (this.shipDay[line] ?? 0) > currentDay ? flags.open : flags.finished;
  }

  /** F when every line is finished, O when every line is open, else P. */
  status(): number {
    let open = 0;
    for (let line = 0; line < this.lines; line++) {
      if (this.lineStatus(line) === flags.open) open++;
    }
    if (open === 0) return flags.finished;
    return open === this.lines ? flags.open : flags.part;
  }
}

export function* orderRows(scale: Scale): Generator<Chunk> {
  const writer = new RowWriter();
  const random = new Random();
  const order = new OrderDraw(scale);
  for (let index = 0; index < scale.orders; index++) {
    order.draw(index);
    random.seed(streams.orderText, order.key);
    writer.integer(order.key);
    writer.next();
    writer.integer(order.customer);
    writer.next();
    writer.byte(order.status());
    writer.next();
    writer.hundredths(order.totalCents());
    writer.next();
    writer.day(order.day);
    writer.next();
    writer.word(priorities, random.below(priorities.length));
    writer.next();
    writer.bytes(clerkPrefix);
    writer.padded(random.between(1, scale.clerks), 9);
    writer.next();
    writer.byte(zero);
    writer.next();
    writer.comment(random, 19, 78);
    if (writer.endRow()) yield writer.take();
  }
  yield writer.take();
}

function writeLine(writer: RowWriter, random: Random, order: OrderDraw, line: number): void {
  writer.integer(order.key);
  writer.next();
  writer.integer(order.part[line] ?? 0);
  writer.next();
  writer.integer(order.supplier[line] ?? 0);
  writer.next();
  writer.integer(line + 1);
  writer.next();
  writer.hundredths((order.quantity[line] ?? 0) * 100);
  writer.next();
  writer.hundredths(order.priceCents[line] ?? 0);
  writer.next();
  writer.hundredths(order.discount[line] ?? 0);
  writer.next();
  writer.hundredths(order.tax[line] ?? 0);
  writer.next();
  writer.byte(order.returnFlag[line] ?? 0);
  writer.next();
  writer.byte(order.lineStatus(line));
  writer.next();
  writer.day(order.shipDay[line] ?? 0);
  writer.next();
  writer.day(order.commitDay[line] ?? 0);
  writer.next();
  writer.day(order.receiptDay[line] ?? 0);
  writer.next();
  writer.word(instructions, random.below(instructions.length));
  writer.next();
  writer.word(shipModes, random.below(shipModes.length));
  writer.next();
  writer.comment(random, 10, 43);
}

export function* lineitemRows(scale: Scale): Generator<Chunk> {
  const writer = new RowWriter();
  const random = new Random();
  const order = new OrderDraw(scale);
  for (let index = 0; index < scale.orders; index++) {
    order.draw(index);
    random.seed(streams.lineText, order.key);
    for (let line = 0; line < order.lines; line++) {
      writeLine(writer, random, order, line);
      if (writer.endRow()) yield writer.take();
    }
  }
  yield writer.take();
}
