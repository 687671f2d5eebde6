// The threads that help with one pipeline, as the owner of the execution sees them: lends them pages, takes pages
// back, and at the end takes over what they made. Pages are numbered as they come: of several that fail, the error of
// the first is told, as if one thread had read them all. Nothing here waits but abandon(). Read next: board.ts,
// page_borrower.ts.
import { asFusionError } from "#base/errors.js";
import { mergesGroups } from "#lowering/merge_module.js";
import type { Pipeline } from "#lowering/pipeline.js";
import type { Arena } from "../arena.js";
import type { GroupStore } from "../group_store.js";
import type { PipelineRun } from "../pipeline_run.js";
import { type RowRun, rowRuns } from "../row_chunks.js";
import type { TableStore } from "../table_store.js";
import { Board, PAGES_LENT_MAX, newBoard } from "./board.js";
import type { HelpOrder } from "./page_borrower.js";

/** A thread that said it would help. */
export interface InvitedHelper {
  /** There is news for it. */
  wake(): void;
}

/** The way to other threads. */
export interface MorselPort {
  /** Threads that may help at once. */
  readonly helpersMax: number;
  /** Pages that must have come without a wait before help is worth asking for. */
  readonly pagesBehind: number;
  /** Asks a thread that has nothing to do; undefined when there is none. */
  invite(order: HelpOrder): InvitedHelper | undefined;
}

/** What a pipeline fills. */
export type TeamSink =
  | { readonly kind: "groups"; readonly store: GroupStore; readonly bytesMax: (threads: number) => number }
  | { readonly kind: "rows"; readonly store: TableStore; readonly bytesMax: (threads: number) => number };

export interface TeamOptions {
  readonly arena: Arena;
  readonly port: MorselPort;
  /** The owner's own run of the pipeline. */
  readonly run: PipelineRun;
  readonly sink: TeamSink;
  /** All of the order but what is each helper's own. */
  readonly order: Omit<HelpOrder, "board" | "bytesMax">;
}

interface LentPage {
  readonly number: number;
  readonly page: number;
}

interface Member {
  readonly board: Board;
  readonly helper: InvitedHelper;
  readonly lent: LentPage[];
  worked: boolean;
}

interface Failure {
  readonly number: number;
  readonly error: unknown;
}

/** A helper with less would be done with at its first page. */
const BYTES_LEAST = 1 << 18;
/** Pages between two looks for a thread with nothing to do. */
const PAGES_PER_INVITATION = 8;
/** Numbers of a run that a board has room for: probes beyond that are rare. */
const PROBES_MAX = 16;

/** Whether other threads may take pages of a pipeline: it keeps all it makes, and no order of rows shows in that. */
export function isShareable({ source, sink, steps }: Pipeline): boolean {
  if (source.kind !== "pages" || steps.length > PROBES_MAX) return false;
  if (sink.kind === "aggregate") return mergesGroups(sink.plan);
  if (sink.kind !== "table") return false;
  const { keys, limit, single, order } = sink.input.plan;
  return limit === undefined && !single && (keys.length > 0 || order !== undefined);
}

export class MorselTeam {
  readonly #options: TeamOptions;
  readonly #members: Member[] = [];
  /** Rows of groups of the first member that are still to be merged. */
  #merging: RowRun[] | undefined;
  #pagesUntilInvitation = 0;
  /** Helpers get no more pages, and what they made is to be taken over soon. */
  #retiring = false;
  #failure: Failure | undefined;
  /** Number of the page that comes next, and of the one the owner is at. */
  #next = 0;
  #own = 0;
  #workers = 0;
  #peakBytes = 0;

  constructor(options: TeamOptions) {
    this.#options = options;
  }

  /** Threads that have worked on the pipeline beside the owner's. */
  get workers(): number {
    return this.#workers + this.#members.filter(({ worked }) => worked).length;
  }

  /** Most the helpers have held of their own. */
  get peakBytes(): number {
    return this.#peakBytes;
  }

  /** Lends a page that has come; false when the owner is to read it itself. */
  lend(page: number): boolean {
    if (this.pressed || this.#failure !== undefined) return false;
    const member = this.#members.find(({ board }) => board.pages < PAGES_LENT_MAX && !board.failed) ?? this.#invite();
    if (member === undefined) return false;
    member.lent.push({ number: this.#next++, page });
    member.worked = true;
    member.board.lend(page);
    member.helper.wake();
    return true;
  }

  /** The owner begins a page of its own. */
  beginOwn(): void {
    this.#own = this.#next++;
  }

  /** Whether pages are out of the owner's hands. */
  get isLending(): boolean {
    return this.#members.some(({ lent }) => lent.length > 0);
  }

  /** A page has failed, and the owner's own does not matter any more: it is new, or came later. */
  isPastFailure(ownOpen: boolean): boolean {
    return this.#failure !== undefined && !(ownOpen && this.#own < this.#failure.number);
  }

  /** The owner's own page has failed: what failed first is told once pages before it are done. */
  failOwn(error: unknown): void {
    this.#noteFailure({ number: this.#own, error });
  }

  /** Pages that helpers are done with. Throws what failed, once no page before it is at work, the owner's included. */
  takeBack(ownOpen: boolean): readonly number[] {
    const back = this.#members.flatMap((member) => this.#takeBackFrom(member));
    const failure = this.#failure;
    if (failure === undefined) return back;
    const isBefore = ({ number }: LentPage): boolean => number < failure.number;
    if (this.isPastFailure(ownOpen) && !this.#members.some(({ lent }) => lent.some(isBefore))) throw failure.error;
    return back;
  }

  /**
   * Whether someone holds as much as may be: then helpers are to be done with, so that the owner, alone again, may go
   * on with rows on disk.
   */
  get pressed(): boolean {
    const { sink } = this.#options;
    return this.#retiring || (sink.kind === "groups" && sink.store.pressed) ||
      this.#members.some(({ board }) => board.pressed);
  }

  /**
   * Takes over a part of what helpers made, once they have given all pages back: true when nothing is left of them.
   * Until then they get no more pages.
   */
  gather(): boolean {
    this.#retiring = true;
    if (this.isLending || this.#failure !== undefined) return false;
    const [member] = this.#members;
    if (member !== undefined) {
      member.board.close();
      if (!this.#takeOver(member)) return false;
      this.#members.shift();
      // It is to notice at once that it is free for others.
      member.helper.wake();
      if (member.worked) this.#workers++;
    }
    if (this.#members.length > 0) return false;
    const { sink } = this.#options;
    if (sink.kind === "groups") sink.store.patient = false;
    return true;
  }

  /** Keeps all helpers from working on, and gives their memory back; waits for calls of compiled code to end. */
  abandon(): void {
    const { memory } = this.#options.arena;
    for (const { board, helper } of this.#members) {
      board.close();
      helper.wake();
      if (board.memoryOwner !== 0) memory.handOver(board.memoryOwner, undefined);
    }
    this.#members.length = 0;
  }

  #invite(): Member | undefined {
    if (this.#pagesUntilInvitation-- > 0) return undefined;
    this.#pagesUntilInvitation = PAGES_PER_INVITATION;
    const { port, order, sink } = this.#options;
    if (this.#members.length >= port.helpersMax) return undefined;
    const bytesMax = sink.bytesMax(port.helpersMax + 1);
    if (bytesMax < BYTES_LEAST) return undefined;
    const shared = newBoard();
    const helper = port.invite({ ...order, board: shared, bytesMax });
    if (helper === undefined) return undefined;
    if (sink.kind === "groups") sink.store.patient = true;
    this.#pagesUntilInvitation = 0;
    const member = { board: new Board(shared), helper, lent: [], worked: false };
    this.#members.push(member);
    return member;
  }

  #takeBackFrom({ board, lent }: Member): number[] {
    // Before the number of pages: a helper that fails does nothing more.
    const { failed } = board;
    const back = lent.splice(0, lent.length - board.pages);
    const [first] = lent;
    if (failed && first !== undefined) {
      this.#noteFailure({ number: first.number, error: board.error(this.#options.arena.memory) });
      back.push(...lent.splice(0));
    }
    return back.map(({ page }) => page);
  }

  #noteFailure(failure: Failure): void {
    if (this.#failure === undefined || failure.number < this.#failure.number)
      this.#failure = { number: failure.number, error: asFusionError(failure.error) };
  }

  /** A part of what a helper made; true when nothing is left with it. */
  #takeOver({ board }: Member): boolean {
    const { arena, sink, run } = this.#options;
    const { sinkState, memoryOwner } = board;
    if (sinkState !== 0) {
      if (sink.kind === "groups") {
        this.#merging ??= [...rowRuns(arena.memory.view, sinkState)];
        const part = this.#merging.shift();
        if (part !== undefined) {
          run.mergeGroups(part.first, part.end);
          return false;
        }
        this.#merging = undefined;
      } else if (!sink.store.adopt(sinkState, memoryOwner)) return false;
      run.add(board.numbers(run.numbers.length));
    }
    if (memoryOwner === 0) return true;
    // Rows were taken over with their memory; of groups there are copies.
    const freed = arena.memory.handOver(memoryOwner, undefined);
    this.#peakBytes += freed.reduce((sum, { bytes }) => sum + bytes, 0);
    return true;
  }
}
