// The work of one pipeline when something it probes, reads or groups is on disk. Rows that meet a table on disk go
// there as well, by the same hashes; then both are read partition by partition, and the rest of the pipeline runs over
// each. A partition of the table too large for memory is divided again; one that is mostly one key is probed in pieces,
// by all rows of the partition each time, which remember whether they were matched. When many rows wait for a table,
// they meet it before more come, so that a join of a join never stands on disk as a whole. Groups get rounds of their
// own.
// Read next: lowering/spill_pipeline.ts, table_store.ts, execution.ts.
import { assert, defined } from "#base/assert.js";
import type { Pipeline } from "#lowering/pipeline.js";
import type { ProbeStep } from "#lowering/probe_step.js";
import type { OverflowPipeline } from "#lowering/spill_pipeline.js";
import { firstSpillTable } from "#lowering/spill_pipeline.js";
import { type TablePlan, marksBuildRows } from "#lowering/table_plan.js";
import type { GroupStore } from "../group_store.js";
import { PipelineRun, type RunEnvironment } from "../pipeline_run.js";
import type { TableStore } from "../table_store.js";
import type { SpilledRows } from "./row_writer.js";

/** Why a stage stops for a while: its result page is full, or others should get their turn. */
export type Stop = "full" | "paused";
type Work = Generator<Stop, void, void>;

export type TableOwner =
  | { readonly kind: "table"; readonly table: number }
  | { readonly kind: "groups"; readonly aggregate: number };

export interface StageHost {
  readonly environment: RunEnvironment & { readonly tables: readonly (TableStore | undefined)[] };
  /** A table between two parts of a pipeline, for the operator that has a table or an aggregate. */
  openTable(table: number, plan: TablePlan, owner: TableOwner): TableStore;
  /** Every run there is, for its numbers. */
  noteRun(run: PipelineRun): void;
}

/** A pipeline at work, up to the first probe whose table is on disk. */
export interface Stage {
  readonly run: PipelineRun;
  readonly split: Split | undefined;
  /** The one that reaches the pipeline's end. */
  readonly last: PipelineRun;
}

interface Split {
  readonly probe: ProbeStep;
  readonly rows: TableStore;
  /** With so many bytes of rows on disk they are to meet the table before more come. */
  readonly manyBytes: number;
  /** From the probe on. */
  readonly rest: Stage;
}

/** Rows on disk that are to meet a table. */
interface Meeting {
  readonly split: Split;
  readonly rows: SpilledRows | undefined;
}

/** A table on disk, the rows that are to meet it, and who reads its own rows afterwards. */
interface SpilledJoin {
  readonly table: TableStore;
  readonly spilled: SpilledRows;
  readonly meetings: readonly Meeting[];
  readonly own: Stage | undefined;
}

/** Hashes have bits for so many levels. */
const LEVELS_MAX = 7;
/** Dividing a partition of which more than this stays together is for nothing. */
const SHARE_TOGETHER_MAX = 3 / 4;

/** A pipeline whose groups had no room. */
interface Feeder {
  readonly overflow: OverflowPipeline;
  readonly written: TableStore;
  readonly read: TableStore;
  readonly again: PipelineRun;
}

/** One partition of each feeder's rows. */
interface Round {
  readonly level: number;
  readonly partition: number;
  readonly rows: readonly (SpilledRows | undefined)[];
  /** No other partition of these rows waits. */
  readonly isLast: boolean;
}

export class SpilledStages {
  readonly #host: StageHost;
  readonly #feeders = new Map<number, Feeder[]>();
  /** By table: rows that are to mark it before its rows are delivered. */
  readonly #meetings = new Map<number, Meeting[]>();

  constructor(host: StageHost) {
    this.#host = host;
  }

  /** A pipeline of the plan, once all tables it probes are complete. */
  open(pipeline: Pipeline): Stage {
    return this.#open(pipeline, pipeline, 0);
  }

  /** For the numbers of a pipeline that has not begun. */
  idle(pipeline: Pipeline): PipelineRun {
    return new PipelineRun(this.#host.environment, pipeline, () => pipeline);
  }

  /** Everything a stage does that needs no pages of a leaf. */
  *work(stage: Stage): Work {
    const { source } = stage.run.pipeline;
    switch (source.kind) {
      case "pages":
        break;
      case "groups":
        yield* this.#rounds(stage, source.aggregate);
        break;
      case "table": {
        const table = this.#table(source.table);
        if (table.sorted !== undefined) yield* this.#ordered(stage, table);
        else if (table.spilled === undefined) yield* this.#drain(stage);
        else if (table.inSequence) yield* this.#inSequence(stage, table, table.spilled);
        else yield* this.#marked(stage, source.table);
      }
    }
    yield* this.#meetLast(stage);
  }

  /** The meeting that is due before the stage goes on, because many rows wait for it; undefined if none is. */
  dueMeeting({ split }: Stage): Work | undefined {
    const isDue = split !== undefined && !marksBuildRows[split.probe.join] && split.rows.bytesWritten > split.manyBytes;
    return isDue ? this.#meetEarly(split) : undefined;
  }

  get #tables(): StageHost["environment"]["tables"] {
    return this.#host.environment.tables;
  }

  #table(table: number): TableStore {
    return defined(this.#tables[table], "a table");
  }

  /** Steps before `from` are done: the rows stand in front of a table that is in memory now. */
  #open(root: Pipeline, pipeline: Pipeline, from: number): Stage {
    const probe = pipeline.steps.find((step, at): step is ProbeStep =>
      at >= from && step.kind === "probe" && this.#tables[step.table]?.spilled !== undefined);
    if (probe === undefined) {
      const run = this.#newRun(root, pipeline);
      return { run, split: undefined, last: run };
    }
    const { compiled } = this.#host.environment;
    const probes = pipeline.steps.filter(({ kind }) => kind === "probe");
    const number = probesOf(root) - probes.length + probes.indexOf(probe);
    const split = compiled.split(pipeline, probe, firstSpillTable(compiled.pipelines, root) + number);
    const rows = this.#host.openTable(split.table, split.plan, { kind: "table", table: probe.table });
    const manyBytes = rows.waitingBytes(bytesOf(this.#table(probe.table).spilled));
    const rest = this.#open(root, split.after, 1);
    return { run: this.#newRun(root, split.before), split: { probe, rows, manyBytes, rest }, last: rest.last };
  }

  #newRun(root: Pipeline, pipeline: Pipeline): PipelineRun {
    let feeder: Feeder | undefined;
    const run = new PipelineRun(this.#host.environment, pipeline, () => {
      feeder ??= this.#newFeeder(root, pipeline);
      return feeder.overflow.overflowing;
    });
    this.#host.noteRun(run);
    return run;
  }

  #newFeeder(root: Pipeline, pipeline: Pipeline): Feeder {
    const { environment } = this.#host;
    const { compiled } = environment;
    const table = firstSpillTable(compiled.pipelines, root) + probesOf(root);
    const overflow = compiled.overflow(pipeline, table);
    const again = new PipelineRun(environment, overflow.again, () => overflow.againOverflowing, true);
    this.#host.noteRun(again);
    assert(pipeline.sink.kind === "aggregate", "a pipeline that makes groups");
    const { aggregate } = pipeline.sink;
    const open = (number: number): TableStore =>
      this.#host.openTable(number, overflow.plan, { kind: "groups", aggregate });
    const feeder = { overflow, again, written: open(overflow.written), read: open(overflow.read) };
    this.#feeders.set(aggregate, [...(this.#feeders.get(aggregate) ?? []), feeder]);
    return feeder;
  }

  /** Runs over all that its source has in memory. */
  *#drain(stage: Stage): Work {
    const { run, last } = stage;
    for (;;) {
      const meeting = this.dueMeeting(stage);
      if (meeting !== undefined) yield* meeting;
      if (last.exhausted) return;
      while (!run.prepare()) yield "paused";
      const consumed = run.consume(0);
      if (consumed === "done" || consumed === "enough") return;
      yield consumed;
    }
  }

  /** Groups that had room, then those of each partition of the rest. */
  *#rounds(stage: Stage, aggregate: number): Work {
    const store = defined(this.#host.environment.stores[aggregate], "an aggregate");
    yield* this.#deliver(stage, store);
    const feeders = this.#feeders.get(aggregate) ?? [];
    const rounds: Round[] = [];
    yield* this.#addRounds(feeders, rounds, 0);
    for (let round = rounds.pop(); round !== undefined && !stage.last.exhausted; round = rounds.pop()) {
      store.restart();
      const { level, partition } = round;
      for (const { written } of feeders) written.spillAt(level + 1);
      for (const [index, { again, read }] of feeders.entries()) {
        const rows = round.rows[index];
        if (rows === undefined) continue;
        for (const loaded of read.batches(rows, partition)) {
          read.show(loaded);
          yield* this.#drain({ run: again, split: undefined, last: again });
          read.unload();
        }
      }
      if (round.isLast) for (const rows of round.rows) rows?.file.close();
      yield* this.#addRounds(feeders, rounds, level + 1);
      yield* this.#deliver(stage, store);
    }
  }

  /** Runs over all groups there are. */
  *#deliver(stage: Stage, store: GroupStore): Work {
    if (!store.inParts) return yield* this.#drain(stage);
    for (const batch of store.batches()) {
      if (batch === undefined) yield "paused";
      else yield* this.#drain(stage);
      if (stage.last.exhausted) return;
    }
  }

  /** The partitions of what had no room since the last time, in front of those that wait. */
  *#addRounds(feeders: readonly Feeder[], rounds: Round[], level: number): Work {
    for (const { written } of feeders) while (!written.finish()) yield "paused";
    const rows = feeders.map(({ written }) => written.takeSpilled());
    const partitions = Math.max(0, ...rows.map((each) => each?.partitions.length ?? 0));
    let isLast = true;
    for (let partition = partitions - 1; partition >= 0; partition--) {
      if (!rows.some((each) => hasRows(each, partition))) continue;
      rounds.push({ level, partition, rows, isLast });
      isLast = false;
    }
  }

  *#ordered(stage: Stage, table: TableStore): Work {
    for (const batch of defined(table.sorted, "sorted runs").batches()) {
      if (batch === undefined) yield "paused";
      else {
        table.deliver(batch);
        yield* this.#drain(stage);
      }
      if (stage.last.exhausted) return;
    }
  }

  /** The rows stay where they are: others may come to read them. */
  *#inSequence(stage: Stage, table: TableStore, spilled: SpilledRows): Work {
    for (const partition of spilled.partitions.keys())
      for (const loaded of table.batches(spilled, partition)) {
        table.show(loaded);
        yield* this.#drain(stage);
        table.unload();
        if (stage.last.exhausted) return;
      }
  }

  /** All rows of the first part of a pipeline are on disk. */
  *#meetLast({ split }: Stage): Work {
    if (split === undefined) return;
    const meeting = yield* this.#gathered(split);
    const { join, table } = split.probe;
    if (marksBuildRows[join]) {
      // Rows of a marked table are delivered by another pipeline: the meeting waits for that.
      this.#meetings.set(table, [...(this.#meetings.get(table) ?? []), meeting]);
      return;
    }
    yield* this.#parts(table, [meeting], undefined);
    yield* this.#meetLast(split.rest);
  }

  /** More rows will come. */
  *#meetEarly(split: Split): Work {
    const meeting = yield* this.#gathered(split);
    yield* this.#parts(split.probe.table, [meeting], undefined);
    split.rows.reopen();
  }

  *#gathered(split: Split): Generator<Stop, Meeting, void> {
    while (!split.rows.finish()) yield "paused";
    return { split, rows: split.rows.takeSpilled() };
  }

  /** Rows of a table on disk that was to be marked. */
  *#marked(own: Stage, table: number): Work {
    const meetings = this.#meetings.get(table) ?? [];
    this.#meetings.delete(table);
    yield* this.#parts(table, meetings, own);
    for (const { split } of meetings) yield* this.#meetLast(split.rest);
  }

  /** A table on disk and the rows that meet it, partition by partition. */
  *#parts(number: number, meetings: readonly Meeting[], own: Stage | undefined): Work {
    const table = this.#table(number);
    const spilled = defined(table.spilled, "a table on disk");
    const join = { table, spilled, meetings, own };
    for (const partition of spilled.partitions.keys()) yield* this.#part(join, partition, 0);
    for (const { rows } of meetings) rows?.file.close();
  }

  /** A partition: the rows that meet the table's, then the table's own if they are wanted. */
  *#part(join: SpilledJoin, partition: number, level: number): Work {
    const { table, spilled, own } = join;
    const segments = defined(spilled.partitions[partition], "a partition");
    const meetings = join.meetings.filter(({ rows }) => hasRows(rows, partition));
    if (meetings.length === 0 && (own === undefined || segments.length === 0)) return;
    const isEnough = (): boolean =>
      own?.last.exhausted === true || meetings.some(({ split }) => split.rest.last.exhausted);
    if (isEnough()) return;
    if (level < LEVELS_MAX && table.outgrows(spilled, partition)) {
      const divided = yield* this.#divided({ ...join, meetings }, partition, level + 1);
      if (divided !== undefined) {
        for (const each of divided.spilled.partitions.keys()) yield* this.#part(divided, each, level + 1);
        for (const { file } of filesOf(divided)) file.close();
        return;
      }
    }
    let from = 0;
    do {
      const end = table.loadPart(spilled, partition, from);
      const isWhole = from === 0 && end === segments.length;
      for (const meeting of meetings) yield* this.#probe(meeting, partition, isWhole);
      if (own !== undefined && segments.length > 0) yield* this.#drain(own);
      table.unload();
      from = end;
    } while (from < segments.length && !isEnough());
  }

  /** Both sides of a partition, divided once more; undefined when most rows have one key and would stay together. */
  *#divided(join: SpilledJoin, partition: number, level: number): Generator<Stop, SpilledJoin | undefined, void> {
    const { table, spilled } = join;
    const finer = yield* paused(table.divide(spilled, partition, level));
    const counts = finer.partitions.map((segments) => segments.reduce((sum, { rows }) => sum + rows, 0));
    const all = counts.reduce((sum, count) => sum + count, 0);
    if (Math.max(...counts) > all * SHARE_TOGETHER_MAX) {
      finer.file.close();
      return undefined;
    }
    const meetings: Meeting[] = [];
    for (const { split, rows } of join.meetings)
      meetings.push({ split, rows: rows && (yield* paused(split.rows.divide(rows, partition, level))) });
    return { ...join, spilled: finer, meetings };
  }

  *#probe({ split, rows }: Meeting, partition: number, isWhole: boolean): Work {
    const { rest, rows: table } = split;
    for (const loaded of table.batches(defined(rows, "rows"), partition)) {
      table.show(loaded);
      yield* this.#drain(rest);
      if (!isWhole) loaded.writeBack();
      table.unload();
      if (rest.last.exhausted) return;
    }
  }
}

/** The same work, stopping where it may. */
function* paused<T>(work: Generator<unknown, T, void>): Generator<Stop, T, void> {
  for (let next = work.next(); ; next = work.next()) {
    if (next.done === true) return next.value;
    yield "paused";
  }
}

function filesOf({ spilled, meetings }: SpilledJoin): readonly SpilledRows[] {
  return [spilled, ...meetings.flatMap(({ rows }) => rows ?? [])];
}

function bytesOf(spilled: SpilledRows | undefined): number {
  return (spilled?.partitions ?? []).flat().reduce((sum, each) => sum + each.rowBytes + each.stringBytes, 0);
}

function hasRows(rows: SpilledRows | undefined, partition: number): boolean {
  return (rows?.partitions[partition]?.length ?? 0) > 0;
}

function probesOf({ steps }: Pipeline): number {
  return steps.filter(({ kind }) => kind === "probe").length;
}
