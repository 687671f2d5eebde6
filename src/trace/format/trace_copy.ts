// Writes a trace anew, record by record: for redaction, which takes data away, and for tests, which change a bit and
// see where it is noticed. Writers keep their names and numbers; gaps stay gaps.
import { TraceWriter, traceHeader } from "./trace_writer.js";
import type { Trace, WriterTrace } from "./trace_reader.js";
import type { TraceHeading, TraceRecord, TraceRecordFields } from "./trace_record.js";

/** What becomes of a trace's parts; a record that becomes undefined is left out. */
export interface TraceChanges {
  readonly heading?: (heading: TraceHeading) => TraceHeading;
  readonly facts?: (facts: ReadonlyMap<string, string>) => ReadonlyMap<string, string>;
  readonly record?: (record: TraceRecord, writer: WriterTrace) => TraceRecordFields | undefined;
}

/** The bytes of a trace after some changes. */
export function copyTrace(trace: Trace, changes: TraceChanges = {}): Uint8Array {
  const heading = changes.heading?.(trace.heading) ?? trace.heading;
  const chunks: Uint8Array[] = [traceHeader(heading)];
  const sink = { append: (chunk: Uint8Array) => (chunks.push(chunk.slice()), true) };
  const facts = changes.facts?.(trace.facts) ?? trace.facts;
  trace.writers.forEach((writer, at) => {
    const copy = new TraceWriter(writer, sink, writer.pid, () => 0n);
    if (at === 0) {
      copy.facts(facts);
      // The numbers mean what they meant: the tables that wrote them come along.
      copy.machines(trace.machines);
    }
    let next = 1;
    for (const record of writer.records) {
      const changed = changes.record === undefined ? record : changes.record(record, writer);
      if (record.sequence > next) copy.skip(record.sequence - next);
      next = record.sequence + 1;
      if (changed === undefined) copy.skip(1);
      else copy.add(changed);
    }
    const declared = writer.lost - gapsOf(writer);
    if (declared > 0) copy.loss(declared);
    copy.flush();
  });
  return Buffer.concat(chunks);
}

/** Records missing between those that are there; what a writer declared as lost comes on top. */
function gapsOf({ records }: WriterTrace): number {
  return (records.at(-1)?.sequence ?? 0) - records.length;
}
