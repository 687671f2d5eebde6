// Times of day with a time zone as PostgreSQL stores them, which is how the engine carries them: microseconds of the
// day, then seconds west of Greenwich. Read next: timetz.ts for their functions, order_keys.ts for their order.
import { View } from "#generated/layout.js";
import { type EngineType, isSameType, TIMETZ } from "#types/engine_type.js";
import type { FunctionBuilder, Local } from "#wasm/function_builder.js";
import type { Emission, Operand, Present } from "./function.js";
import { emitMadeView } from "./host_function.js";
import { pushViewBytes } from "./library/bytes.js";
import { asBytes, viewParts } from "./operand.js";

export interface TimeWithZone {
  readonly microseconds: bigint;
  /** Seconds west of Greenwich, of less than sixteen hours either way. */
  readonly zone: bigint;
}

const ZONE_AT = 8;

export const isTimetz = (type: EngineType | undefined): boolean => type !== undefined && isSameType(type, TIMETZ);

export function readTimetz(value: Present): TimeWithZone {
  const image = asBytes(value);
  const view = new DataView(image.buffer, image.byteOffset, image.byteLength);
  return { microseconds: view.getBigInt64(0, true), zone: BigInt(view.getInt32(ZONE_AT, true)) };
}

export function writeTimetz({ microseconds, zone }: TimeWithZone): Uint8Array {
  const image = new DataView(new ArrayBuffer(TIMETZ.width));
  image.setBigInt64(0, microseconds, true);
  image.setInt32(ZONE_AT, Number(zone), true);
  return new Uint8Array(image.buffer);
}

/** Its microseconds and its zone in locals, both i64. */
export function loadTimetz({ code }: Emission, operand: Operand): readonly [microseconds: Local, zone: Local] {
  const [bytes, microseconds, zone] = [code.local("i32"), code.local("i64"), code.local("i64")];
  pushViewBytes(code, ...viewParts(operand));
  code.tee(bytes).load("i64.load").set(microseconds);
  code.get(bytes).load("i64.load32_s", ZONE_AT).set(zone);
  return [microseconds, zone];
}

/** Bytes that a view of one takes; all of it stands inside. */
export const TIMETZ_ROOM = View.SIZE;

/** Makes one at the start of a room; each part is pushed as an i64. */
export function storeTimetz(code: FunctionBuilder, room: Local, pushTime: () => void, pushZone: () => void): void {
  code.get(room).i32(TIMETZ.width).store("i32.store", View.length);
  code.get(room);
  pushTime();
  code.store("i64.store", View.prefix).get(room);
  pushZone();
  code.store("i64.store32", View.prefix + ZONE_AT);
}

/** The same in room of its own, as the result of a function. */
export function emitTimetz(emission: Emission, pushTime: () => void, pushZone: () => void): void {
  emitMadeView(emission, TIMETZ_ROOM, (room) => storeTimetz(emission.code, room, pushTime, pushZone));
}
