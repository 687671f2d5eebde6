// Help of other threads for one execution, pipeline after pipeline: when it is asked for, and how the owner's own pages
// go on beside it. The owner keeps everything that ends: the pages, the order of errors, the way to disk. Read next:
// team.ts, ../execution.ts.
import type { Arena } from "../arena.js";
import type { CompiledPlan } from "../compiled_plan.js";
import type { ExecutionStores } from "../execution_stores.js";
import type { Consumed } from "../pipeline_run.js";
import type { Stage } from "../spill/spilled_stages.js";
import { MorselTeam, type MorselPort, isShareable } from "./team.js";

export interface MorselOptions {
  readonly compiled: CompiledPlan;
  readonly arena: Arena;
  readonly stores: ExecutionStores;
  /** Address of the control block. */
  readonly control: number;
  readonly port: MorselPort;
  readonly visitsPerCall: number;
}

export class Morsels {
  readonly #options: MorselOptions;
  /** Of the pipeline at work. */
  #team: MorselTeam | undefined;
  /** Its stage, once it is known whether it may be shared. */
  #stage: Stage | undefined;
  /** Most of all teams before. */
  #workers = 0;
  #peakBytes = 0;

  constructor(options: MorselOptions) {
    this.#options = options;
  }

  /** Threads that worked for any pipeline at once, beside the owner's. */
  get workers(): number {
    return Math.max(this.#workers, this.#team?.workers ?? 0);
  }

  /** Most that was held by helpers, beside what the owner held. */
  get peakBytes(): number {
    return Math.max(this.#peakBytes, this.#team?.peakBytes ?? 0);
  }

  /** Lends a page of the stage at work, if that may be and pays; `behind`: pages that came without a wait. */
  lend(stage: Stage, page: number, behind: number): boolean {
    if (this.#stage !== stage) {
      this.#stage = stage;
      this.#team = this.#newTeam(stage);
    }
    // The owner's own page in part comes first: the others may need what it does next.
    return behind >= this.#options.port.pagesBehind && !stage.run.suspended && this.#team?.lend(page) === true;
  }

  /** Pages that helpers are done with. Throws what failed first, in the order of pages. */
  takeBack(): readonly number[] {
    return this.#team?.takeBack(this.#stage?.run.suspended === true) ?? [];
  }

  /** A page of the owner's own. */
  consume(stage: Stage, page: number): Consumed {
    const { run } = stage;
    const team = this.#stage === stage ? this.#team : undefined;
    if (team === undefined) return run.consume(page);
    if (team.isPastFailure(run.suspended)) return "done";
    if (!run.suspended) team.beginOwn();
    let consumed: Consumed;
    try {
      consumed = run.consume(page);
    } catch (error) {
      if (!team.isLending) throw error;
      team.failOwn(error);
      return "done";
    }
    if (team.pressed && !run.suspended) team.gather();
    return consumed;
  }

  /** Takes over what helpers made, a part at a time; true when the pipeline is the owner's alone again. */
  gather(): boolean {
    const team = this.#team;
    if (team === undefined) return true;
    if (!team.gather()) return false;
    this.#workers = Math.max(this.#workers, team.workers);
    this.#peakBytes = Math.max(this.#peakBytes, team.peakBytes);
    this.#team = undefined;
    return true;
  }

  /** Keeps helpers out at once: their pages may be given back and the execution disposed of. */
  abandon(): void {
    this.#team?.abandon();
  }

  #newTeam(stage: Stage): MorselTeam | undefined {
    const { compiled, arena, stores, control, port, visitsPerCall } = this.#options;
    const { pipeline } = stage.run;
    // A stage cut in two has rows on disk, and its first part only writes more of them there.
    if (stage.split !== undefined || !isShareable(pipeline)) return undefined;
    const sink = stores.sinkOf(pipeline);
    const order = {
      control, visitsPerCall, chunkBytes: stores.chunkBytes, pipeline: compiled.pipelines.pipelines.indexOf(pipeline),
    };
    return sink && new MorselTeam({ arena, port, run: stage.run, sink, order });
  }
}
