// Small steps every message codec takes: reading vectors of tables into arrays and turning whatever a
// broken buffer throws into one malformed-message error. Frames were verified against their schema at the
// door (native/addon); what is checked here is meaning, not bounds.
import { FusionError, malformedMessage } from "#base/errors.js";
import { ByteBuffer } from "flatbuffers";

/** Elements of one vector, at most; far above any statement PostgreSQL's own parser accepts in time. */
const VECTOR_ELEMENTS_MAX = 1 << 20;

/** Reads a vector element by element. */
export function readVector<Table, Row>(
  what: string,
  length: number,
  element: (index: number) => Table | null,
  read: (table: Table) => Row,
): Row[] {
  if (length > VECTOR_ELEMENTS_MAX) throw malformedMessage(`pg_fusion: ${what}: too many elements`);
  const rows: Row[] = [];
  for (let index = 0; index < length; index++) {
    const table = element(index);
    if (table === null) throw malformedMessage(`pg_fusion: ${what}: element ${index} is absent`);
    rows.push(read(table));
  }
  return rows;
}

/** Runs a decoder over a payload; errors of the reader itself become malformed-message errors. */
export function decodeMessage<Record>(
  name: string,
  payload: Uint8Array,
  decode: (buffer: ByteBuffer) => Record,
): Record {
  if (payload.length < 8) throw malformedMessage(`pg_fusion: ${name} of ${payload.length} bytes`);
  try {
    return decode(new ByteBuffer(payload));
  } catch (error) {
    if (error instanceof FusionError) throw error;
    throw malformedMessage(`pg_fusion: ${name} cannot be read`, String(error));
  }
}

/** Checks the version field every conversation opens with. */
export function checkVersion(name: string, found: number, expected: number): void {
  if (found !== expected)
    throw malformedMessage(`pg_fusion: ${name} has version ${found}, this build reads ${expected}`);
}

/** A pg_catalog "char" travelling as its ASCII code. */
export function asciiCharacter(code: number): string {
  return String.fromCharCode(code);
}

export function asciiCode(character: string): number {
  return character.length === 0 ? 0 : character.charCodeAt(0);
}
