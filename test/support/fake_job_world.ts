// A small world for jobs: scan queues, a bounded page pool, a bounded result ring and an engine that sums. It counts
// what is held, so that tests can ask whether everything went home. No shared memory, no threads.
import type { JobOrder, JobReport, SessionLease } from "#actors/ports.js";
import { FusionError } from "#base/errors.js";
import { encodeScanFailed } from "#codec/scan_message.js";
import { MessageType } from "#generated/layout.js";
import type {
  Engine, EngineJob, InputPage, JobTransport, OutputPage, PageLending, ResultImage, ScanFrame, ScanImport, ScanLease,
} from "#worker/executor_ports.js";
import type { FilterPort } from "#runtime/filter_build.js";
import type { TransitionRecorder } from "#actors/table_actor.js";

export interface FakeScanEntry {
  readonly kind: "page" | "end" | "failed";
  readonly rows?: number;
}

export class FakeJobWorld implements JobTransport {
  readonly scans = new Map<number, FakeScanEntry[]>();
  readonly scanFrames = new Map<number, ScanFrame[]>();
  readonly sent: { readonly scan: number; readonly type: number }[] = [];
  readonly results: { readonly rows: number; readonly text: string }[] = [];
  readonly said: number[] = [];
  readonly complaints: string[] = [];
  readonly metrics = new Map<number, number>();
  readonly transitions: string[] = [];
  readonly #held = new Set<number>();
  #nextPage = 0;
  #clock = 0;
  cancelled = false;
  ended = false;
  pageWaits = 0;
  resultPagesFree = 4;
  resultRingRoom = 4;

  get heldPages(): number {
    return this.#held.size;
  }

  count(metric: number, amount: number): void {
    this.metrics.set(metric, (this.metrics.get(metric) ?? 0) + amount);
  }

  raise(metric: number, value: number): void {
    this.metrics.set(metric, Math.max(this.metrics.get(metric) ?? 0, value));
  }

  cancelRequested(): boolean {
    return this.cancelled;
  }

  sendControl(_: SessionLease, type: number): void {
    this.said.push(type);
  }

  sendScan(scan: ScanLease, type: number): void {
    this.sent.push({ scan: scan.slot, type });
  }

  receiveScan(_: SessionLease, scan: ScanLease): ScanFrame | undefined {
    return this.scanFrames.get(scan.slot)?.shift();
  }

  failScan(slot: number, sqlstate: string, message: string): void {
    const frame = { type: MessageType.ScanFailed, sequence: 0, payload: encodeScanFailed({ sqlstate, message }) };
    this.scanFrames.set(slot, [frame]);
    this.scans.set(slot, [...(this.scans.get(slot) ?? []), { kind: "failed" }]);
  }

  importScan(scan: ScanLease): ScanImport {
    const entry = this.scans.get(scan.slot)?.shift();
    if (entry === undefined) return { kind: "empty" };
    if (entry.kind !== "page") return { kind: entry.kind };
    return { kind: "page", page: this.#inputPage(entry.rows ?? 1) };
  }

  #inputPage(rows: number): InputPage {
    const page = this.#hold();
    const release = () => this.#letGo(page);
    return { page, producer: 0, rows, bytes: 64, address: page * 64, content: () => new Uint8Array(64), release };
  }

  #hold(): number {
    this.#held.add(this.#nextPage);
    return this.#nextPage++;
  }

  #letGo(page: number): void {
    if (!this.#held.delete(page)) throw new Error(`page ${page} was not held`);
  }

  acquireResult(): OutputPage | undefined {
    if (this.resultPagesFree === 0) return undefined;
    this.resultPagesFree -= 1;
    const page = this.#hold();
    let text = "";
    return {
      page,
      write: (address) => {
        text = `image at ${address}`;
      },
      issue: (rows) => {
        if (this.resultRingRoom === 0) return false;
        this.resultRingRoom -= 1;
        this.#letGo(page);
        this.results.push({ rows, text });
        return true;
      },
      release: () => {
        this.#letGo(page);
        this.resultPagesFree += 1;
      },
    };
  }

  beginPageWait(): void {
    this.pageWaits = 1;
  }

  endPageWait(): void {
    this.pageWaits = 0;
  }

  endResult(): boolean {
    this.ended = true;
    return true;
  }

  nowNs(): number {
    return (this.#clock += 1000);
  }

  recorder(_: SessionLease, actor: number): TransitionRecorder {
    return {
      transition: (machine, event, from, to) =>
        this.transitions.push([machine, actor, event, from, to].join(":")),
    };
  }

  filters(): FilterPort {
    const never = (): boolean => false;
    return { begin: never, measure: never, size: never, enter: never, publish: never, decline: () => undefined };
  }

  complain(text: string): void {
    this.complaints.push(text);
  }
}

/**
 * Emits one result page of one row for every `rowsPerResult` rows pushed, and the rest when all leaves ended. Like the
 * real one it may take a page in parts, and has no patience with another page in between.
 */
export class FakeEngine implements Engine {
  disposed = 0;
  warmUps = 0;
  pushed = 0;
  failAt = Number.POSITIVE_INFINITY;
  startError: unknown;
  /** Rows of a page taken at one push; looking for a result hides that there are more, as getting tables ready does. */
  rowsPerPush = Number.POSITIVE_INFINITY;
  rows = 0;
  /** Whether rows that do not fill a result are offered when nothing comes. */
  offersParts = false;
  /** Leaves are wanted one after another, the last first. */
  inTurn = false;
  /** With inTurn: looks for a result until the next leaf is wanted, as when a table is made ready first. */
  looksPerLeaf = 0;
  /** Pages other threads take at once, and how many of them they are done with at each look. */
  lends = 0;
  returnsPerLook = 1;
  /** With lends: what the other threads' error is, once a page is asked back. */
  lentError: FusionError | undefined;
  recalls = 0;
  readonly #lent: InputPage[] = [];
  readonly leafCount: number;
  readonly rowsPerResult: number;
  readonly enoughAt: number;

  constructor(leafCount: number, rowsPerResult = 10, enoughAt = Number.POSITIVE_INFINITY) {
    this.leafCount = leafCount;
    this.rowsPerResult = rowsPerResult;
    this.enoughAt = enoughAt;
  }

  start(): EngineJob {
    if (this.startError !== undefined) throw this.startError;
    return this.#job();
  }

  warmUp(): void {
    this.warmUps += 1;
  }

  get lentPages(): number {
    return this.#lent.length;
  }

  #lending(): PageLending {
    const lent = this.#lent;
    return {
      threads: 2,
      lend: (_, page) => {
        const isTaken = lent.length < this.lends;
        if (isTaken) lent.push(page);
        return isTaken;
      },
      takeBack: () => {
        if (this.lentError !== undefined) throw this.lentError;
        const back = lent.splice(0, this.returnsPerLook);
        this.pushed += back.length;
        return back.map(({ address }) => address);
      },
      recall: () => {
        this.recalls += 1;
        lent.length = 0;
      },
    };
  }

  #job(): EngineJob {
    let rows = 0;
    let offered = 0;
    let paused = false;
    let looksLeft = 0;
    let part: { readonly page: InputPage; readonly rows: number } | undefined;
    let open = this.leafCount;
    const finished = new Set<number>();
    const images: ResultImage[] = [];
    const finish = (leaf: number) => {
      finished.add(leaf);
      looksLeft = this.looksPerLeaf;
      paused = looksLeft > 0;
      open -= 1;
      if (open === 0 && rows % this.rowsPerResult > 0) images.push({ address: rows, bytes: 8, rows: 1 });
    };
    const enough = () => rows >= this.enoughAt;
    return {
      ...(this.lends > 0 ? { lending: this.#lending() } : {}),
      leafCount: this.leafCount,
      compileNs: 1,
      peakBytes: 4096,
      get paused() {
        return paused;
      },
      code: { modules: 1, bytes: 64 },
      wantedLeaves: () => {
        const wanted = Array.from({ length: this.leafCount }, (_, leaf) => leaf).filter((leaf) => !finished.has(leaf));
        if (looksLeft > 0) return [];
        return this.inTurn ? wanted.slice(-1) : wanted;
      },
      get done() {
        return (open === 0 || enough()) && images.length === 0;
      },
      pushPage: (_, page) => {
        if (images.length > 0) return false;
        if (part !== undefined && part.page !== page) throw new Error(`page ${page.page} came inside another`);
        if (part === undefined) this.pushed += 1;
        if (this.pushed >= this.failAt)
          throw new FusionError({ code: "sqlError", sqlstate: "22012", message: "division by zero" });
        const left = part?.rows ?? page.rows;
        const taken = Math.min(left, this.rowsPerPush);
        const before = Math.floor(rows / this.rowsPerResult);
        rows += taken;
        this.rows = rows;
        for (let at = before + 1; at * this.rowsPerResult <= rows; at++)
          images.push({ address: at, bytes: 8, rows: 1 });
        paused = taken < left;
        part = paused ? { page, rows: left - taken } : undefined;
        return !paused;
      },
      finishLeaf: finish,
      offerPart: () => {
        if (!this.offersParts || rows === offered) return false;
        offered = rows;
        images.push({ address: rows, bytes: 8, rows: 1 });
        return true;
      },
      takeResult: () => {
        looksLeft = Math.max(0, looksLeft - 1);
        paused = looksLeft > 0;
        return images.shift();
      },
      stats: () => [],
      dispose: () => {
        this.disposed += 1;
      },
    };
  }
}

export const fakeLease: SessionLease = { slot: 3, epoch: 7 };

/** An order with `producers` producers for each of `leaves` leaves; scan slot = leaf * 10 + producer. */
export function fakeOrder(leaves: number, producers = 1): JobOrder {
  return {
    lease: fakeLease,
    start: {
      plan: new Uint8Array(0),
      planDigest: 0n,
      producers: Array.from({ length: leaves * producers }, (_, at) => ({
        leaf: Math.floor(at / producers),
        producer: at % producers,
        scanSlot: Math.floor(at / producers) * 10 + (at % producers),
        scanEpoch: 1,
      })),
      parameters: [],
      permitsScan: 2,
      permitsResult: 2,
      analyze: false,
      memoryKb: 0,
      spillLimitKb: -1,
      filters: [],
    },
  };
}

/** The kinds of reports in order; the last one ends the job. */
export const kindsOf = (reports: readonly JobReport[]): string[] => reports.map(({ kind }) => kind);
