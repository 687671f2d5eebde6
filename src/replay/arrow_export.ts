// Pages of a full capture as an Arrow IPC file: the pages of one leaf, or of the result, each as a record batch with
// the plan's columns. It copies bytes and judges nothing; whether they are right is replay_trace.ts's.
import { RecordBatchFileWriter, type RecordBatch } from "apache-arrow";
import { decodePhysicalPlan } from "#codec/physical_codec.js";
import { pageAsRecordBatch } from "#runtime/arrow_page.js";
import type { ColumnType } from "#types/column_type.js";
import { unpackPage } from "#trace/format/page_image.js";
import { scanImports, TraceCall } from "#trace/format/trace_call.js";
import type { Trace } from "#trace/format/trace_reader.js";
import type { TraceRecord } from "#trace/format/trace_record.js";
import { leafColumns } from "#worker/plan_leaves.js";
import { startOf } from "./replay_trace.js";

/** Which pages: a leaf's, by number, or the result's. */
export type ArrowWanted = number | "result";

/** The trace has no such pages; the message says why. */
export class ArrowExportError extends Error {}

interface Wanted {
  readonly columns: readonly ColumnType[];
  readonly names: readonly string[];
  matches(record: TraceRecord): boolean;
}

function wantedOf(trace: Trace, wanted: ArrowWanted): Wanted {
  const start = startOf(trace);
  if (start === undefined) throw new ArrowExportError("pages are in full captures of executions only");
  const plan = decodePhysicalPlan(start.plan);
  if (wanted === "result")
    return {
      columns: plan.outputs.map(({ type }) => type),
      names: plan.outputs.map(({ name }) => name),
      matches: ({ code }) => code === TraceCall.writeResult,
    };
  const columns = leafColumns(plan.root, plan.leafCount)[wanted];
  if (columns === undefined) throw new ArrowExportError(`the plan has leaves 0 to ${plan.leafCount - 1}`);
  const slots = new Set(start.producers.filter(({ leaf }) => leaf === wanted).map(({ scanSlot }) => scanSlot));
  return {
    columns,
    names: columns.map((_, at) => `column_${at}`),
    matches: ({ code, actor, argument }) =>
      code === TraceCall.importScan && scanImports[argument] === "page" && slots.has(actor),
  };
}

/** The bytes of an Arrow file, and how many pages went into it. */
export function arrowFile(trace: Trace, asked: ArrowWanted): { readonly bytes: Uint8Array; readonly pages: number } {
  const wanted = wantedOf(trace, asked);
  const pages = trace.writers.filter(({ kind }) => kind === "executor").flatMap(({ records }) =>
    records.filter((record) => record.kind === "call" && record.data.length > 0 && wanted.matches(record)));
  if (pages.length === 0) throw new ArrowExportError("the trace has no such page");
  const { pageBytes } = trace.heading;
  // Scanned pages are packed; those of the result are whole already. Either way they begin a buffer of their own, so
  // that typed views of their columns are possible.
  const pageOf = (data: Uint8Array): Uint8Array => asked === "result" ? data.slice() : unpackPage(data, pageBytes);
  const writer = new RecordBatchFileWriter();
  for (const { data } of pages) {
    const batch: RecordBatch = pageAsRecordBatch(pageOf(data), wanted.columns, wanted.names);
    writer.write(batch);
  }
  return { bytes: writer.finish().toUint8Array(true), pages: pages.length };
}
