// Makes a control trace of a full one: what is left is what a control capture would have written. The header says that
// it was full once. Nothing here looks at data to decide what to keep: only fields known to be numbers stay.
import { copyTrace } from "./format/trace_copy.js";
import { TraceCall } from "./format/trace_call.js";
import type { Trace } from "./format/trace_reader.js";
import type { TraceRecord, TraceRecordFields } from "./format/trace_record.js";

/** Facts a control capture has. */
const factsKept = new Set(["server_version", "settings_changed"]);
const NOTHING = new Uint8Array(0);

/** An error without its words; anything that is no error with a proper code loses all. */
function codeOnly(data: Uint8Array): Uint8Array {
  try {
    const { sqlstate } = JSON.parse(new TextDecoder().decode(data)) as { sqlstate?: unknown };
    if (typeof sqlstate !== "string" || !/^[0-9A-Z]{5}$/.test(sqlstate)) return NOTHING;
    return new TextEncoder().encode(JSON.stringify({ sqlstate }));
  } catch {
    return NOTHING;
  }
}

function redactRecord(record: TraceRecord): TraceRecordFields | undefined {
  switch (record.kind) {
    case "transition":
      return { ...record, data: NOTHING };
    case "note":
      return undefined;
    case "call":
      if (record.failed) return { ...record, effects: 0, data: codeOnly(record.data) };
      // Numbers of leaves.
      if (record.code === TraceCall.engineWanted) return { ...record, effects: 0 };
      return { ...record, effects: 0, data: NOTHING };
    case "input":
      return { ...record, effects: 0, data: codeOnly(record.data) };
    default:
      return { ...record, effects: 0, data: NOTHING };
  }
}

/** The bytes of a trace at control level. */
export function redactTrace(trace: Trace): Uint8Array {
  return copyTrace(trace, {
    heading: (heading) => ({ ...heading, level: "control", redacted: heading.redacted || heading.level === "full" }),
    facts: (facts) => new Map([...facts].filter(([name]) => factsKept.has(name))),
    record: redactRecord,
  });
}
