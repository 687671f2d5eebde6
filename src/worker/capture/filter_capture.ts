// The runtime filters of a captured job: whether each step of making one went on decides how many steps the engine
// takes, so full traces keep the answers. In control traces the tape answers for the engine, and nothing asks. The
// steps of a filter's machine are on the tape either way.
import type { FilterPort } from "#runtime/filter_build.js";
import { TraceCall } from "#trace/format/trace_call.js";
import type { TapeWriter } from "./tape_writer.js";

/** Steps pass through; their answers go to the tape. */
export function capturedFilters(inner: FilterPort, tape: TapeWriter): FilterPort {
  if (!tape.full) return inner;
  const told = (filter: number, step: () => boolean): boolean =>
    tape.call(TraceCall.filter, step, (goesOn) => ({ actor: filter, argument: goesOn ? 1 : 0 }));
  return {
    begin: (filter) => told(filter, () => inner.begin(filter)),
    measure: (filter, rows) => told(filter, () => inner.measure(filter, rows)),
    size: (filter, rows, isOneWord) => told(filter, () => inner.size(filter, rows, isOneWord)),
    enter: (filter, rows) => told(filter, () => inner.enter(filter, rows)),
    publish: (filter) => told(filter, () => inner.publish(filter)),
    decline: (filter) => inner.decline(filter),
  };
}
