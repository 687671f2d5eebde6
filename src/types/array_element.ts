// What PostgreSQL's arrays say of their elements: the type in the header, and how values stand one behind the other.
// Not the values themselves: functions/array_image.ts makes those. Read next: engine_type.ts.
import type { EngineType } from "./engine_type.js";

export interface ArrayElement {
  /** OID of the element type, as the array's header has it. */
  readonly type: number;
  /** pg_type.typlen: -1 for values with a header of their own that says how long they are. */
  readonly length: number;
  /** Bytes that each value begins at a multiple of. */
  readonly alignment: 1 | 2 | 4 | 8;
}

/** The length an element of an engine type has; undefined for those whose value is not the datum PostgreSQL stores. */
export function elementLength(type: EngineType): number | undefined {
  switch (type.kind) {
    case "bool": return 1;
    case "int2": return 2;
    case "int4": case "date": case "float4": return 4;
    case "int8": case "time": case "timestamp": case "timestamptz": case "float8": return 8;
    case "interval": return 16;
    case "text": case "numeric": return -1;
    case "opaque": return type.width;
    case "decimal": case "bpchar": return undefined;
  }
}
