// Where two recorded sessions part: writer by writer, the first record that says something else, then how often each
// thing was said. Times, page numbers and slots are no difference; order within a writer is.
import { TraceCall } from "./format/trace_call.js";
import type { Trace, WriterTrace } from "./format/trace_reader.js";
import type { TraceRecord } from "./format/trace_record.js";
import { recordWords, writerLabel } from "./record_lines.js";

/** What a record says, apart from the numbers that differ between any two runs. */
function essence(record: TraceRecord, trace: Trace): string | undefined {
  if (record.kind === "call" && record.code === TraceCall.now) return undefined;
  const machine = record.kind === "transition" ? trace.machines[record.machine - 1]?.name : undefined;
  // A page's number, and a scan slot's, are chance.
  const plain = machine === "page_lease" || record.kind === "sent" ? { ...record, argument: 0, actor: 0 } : record;
  return recordWords({ ...plain, ...(record.kind === "call" ? { actor: 0, numbers: [0, 0, 0] } : {}) }, trace.machines);
}

interface Said {
  readonly words: string;
  readonly record: TraceRecord;
}

function saidBy(writer: WriterTrace | undefined, trace: Trace): Said[] {
  return (writer?.records ?? []).flatMap((record) => {
    const words = essence(record, trace);
    return words === undefined ? [] : [{ words, record }];
  });
}

/** Writers of a kind in the order of their first records: slots and threads are numbered by chance. */
function writersOf(trace: Trace, kind: string): WriterTrace[] {
  const found = trace.writers.filter((writer) => writer.kind === kind);
  return found.sort((a, b) => Number((a.records[0]?.timeNs ?? 0n) - (b.records[0]?.timeNs ?? 0n)));
}

function countsOf(said: readonly Said[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { words } of said) counts.set(words, (counts.get(words) ?? 0) + 1);
  return counts;
}

function compareWriter(one: readonly Said[], other: readonly Said[], label: string): string[] {
  const length = Math.max(one.length, other.length);
  let at = 0;
  while (at < length && one[at]?.words === other[at]?.words) at += 1;
  if (at === length) return [];
  const say = (said: Said | undefined): string =>
    said === undefined ? "nothing more" : `#${said.record.sequence}  ${said.words}`;
  const lines = [`${label}: the first ${at} records agree, then`, `  < ${say(one[at])}`, `  > ${say(other[at])}`];
  const [before, after] = [countsOf(one), countsOf(other)];
  for (const words of new Set([...before.keys(), ...after.keys()])) {
    const [a, b] = [before.get(words) ?? 0, after.get(words) ?? 0];
    if (a !== b) lines.push(`  ${String(a).padStart(6)} ${String(b).padStart(6)}  ${words}`);
  }
  return lines;
}

/** Lines that tell two traces apart; none when they say the same. */
export function diffTraces(one: Trace, other: Trace): string[] {
  const lines: string[] = [];
  for (const kind of ["backend", "worker", "executor", "producer"]) {
    const [ones, others] = [writersOf(one, kind), writersOf(other, kind)];
    for (let at = 0; at < Math.max(ones.length, others.length); at++) {
      const label = writerLabel(ones[at] ?? others[at] ?? { kind: "worker", number: 0 });
      lines.push(...compareWriter(saidBy(ones[at], one), saidBy(others[at], other), label));
    }
  }
  return lines;
}
