// A backend in plain TypeScript that drives the same machines as the extension (execution_backend, scan_producer) over
// a MemoryRegion, one small step at a time, so that a scheduler may interleave it with the worker in any way. What the
// machines have no place for throws.
import { TableActor, type EventOf, type TransitionRecorder } from "#actors/table_actor.js";
import {
  decodeExecutionFailed, decodeExecutionFinished, encodeCloseExecution, encodeStartExecution,
  type CloseReason, type ExecutionFailed, type ExecutionFinished,
} from "#codec/execution_message.js";
import { encodeScanFailed, encodeScanFinished } from "#codec/scan_message.js";
import { MessageType } from "#generated/layout.js";
import { executionBackend, scanProducer } from "#generated/machines.js";
import type { BackendSide } from "#transport/memory_backend.js";
import type { SlotLease } from "#transport/transport.js";

type Execution = typeof executionBackend;
type Producer = typeof scanProducer;
type Effect = Execution["effects"][number];

export interface TwinProducerPlan {
  readonly leaf: number;
  /** Rows of each page it will make. */
  readonly pages: readonly number[];
  /** Fails after its pages instead of ending. */
  readonly fails: boolean;
}

/** How the statement ends if nothing goes wrong: by itself, or from outside after so many steps. */
export type TwinEnding =
  | { readonly kind: "natural" }
  | { readonly kind: "cancel" | "abort" | "enough" | "vanish"; readonly afterSteps: number };

const silent: TransitionRecorder = { transition: () => undefined };

class TwinProducer {
  readonly actor: TableActor<Producer>;
  readonly lease: SlotLease;
  readonly plan: TwinProducerPlan;
  made = 0;

  constructor(lease: SlotLease, plan: TwinProducerPlan, recorder: TransitionRecorder) {
    this.actor = new TableActor<Producer>(scanProducer, recorder);
    this.lease = lease;
    this.plan = plan;
  }

  send(event: EventOf<Producer>): readonly Producer["effects"][number][] {
    const effects = this.actor.send(event);
    if (effects === undefined) throw new Error(`producer: ${event} in ${this.actor.state}`);
    return effects;
  }
}

export class TwinBackend {
  readonly actor: TableActor<Execution>;
  readonly #recorder: TransitionRecorder;
  readonly #producerRecorder: ((producer: number) => TransitionRecorder | undefined) | undefined;
  readonly #side: BackendSide;
  readonly #ending: TwinEnding;
  readonly #plans: readonly TwinProducerPlan[];
  #lease: SlotLease | undefined;
  #producers: readonly TwinProducer[] = [];
  #steps = 0;
  #next = 0;
  /** Rows of the result pages taken. */
  readonly results: number[] = [];
  readonly raised: Effect[] = [];
  finished: ExecutionFinished | undefined;
  failed: ExecutionFailed | undefined;
  /** There was no worker: the statement never began. */
  refused = false;

  /** `producerRecorder` gives each producer a recorder of its own. */
  constructor(
    side: BackendSide, plans: readonly TwinProducerPlan[], ending: TwinEnding, recorder = silent,
    producerRecorder?: (producer: number) => TransitionRecorder | undefined,
  ) {
    this.#producerRecorder = producerRecorder;
    this.actor = new TableActor<Execution>(executionBackend, recorder);
    this.#recorder = recorder;
    this.#side = side;
    this.#plans = plans;
    this.#ending = ending;
  }

  /** The session's slot, once it has one. */
  get lease(): SlotLease | undefined {
    return this.#lease;
  }

  get over(): boolean {
    return this.refused || this.actor.final;
  }

  /** One step; tells whether anything happened. */
  step(): boolean {
    if (this.over) return false;
    this.#steps += 1;
    const ending = this.#ending;
    if (ending.kind !== "natural" && this.#steps > ending.afterSteps) {
      this.#endFromOutside(ending.kind);
      return true;
    }
    if (this.#lease === undefined) return this.#begin();
    return this.#takeMessage() || this.#takeResult() || this.#produce();
  }

  /** The supervisor says that the worker died. */
  workerLost(): void {
    if (!this.over) this.#send("workerLost");
  }

  #endFromOutside(kind: "cancel" | "abort" | "enough" | "vanish"): void {
    if (kind !== "vanish") return this.#send(kind);
    // As the exit callback does it: no message, only the slot.
    this.#send("abort", false);
  }

  /** All slots and pages, or none for now: then it tries again later, as the extension does. */
  #begin(): boolean {
    const leaves = new Set(this.#plans.map(({ leaf }) => leaf)).size;
    const lease = this.#side.acquireControl(2 * leaves, 2);
    if (lease === "stale") this.refused = true;
    if (typeof lease === "string") return this.refused;
    const producers: TwinProducer[] = [];
    for (const plan of this.#plans) {
      const scan = this.#side.acquireScan(lease, plan.leaf, producers.length);
      if (typeof scan === "string") {
        this.#side.detach("control", lease);
        return false;
      }
      producers.push(new TwinProducer(scan, plan, this.#producerRecorder?.(producers.length) ?? this.#recorder));
    }
    this.#lease = lease;
    this.#producers = producers;
    this.#send("start");
    return true;
  }

  #sendStart(lease: SlotLease): void {
    const payload = encodeStartExecution({
      plan: new Uint8Array(0), planDigest: 0n, parameters: [], permitsScan: 2, permitsResult: 2, analyze: true,
      memoryKb: 0, spillLimitKb: -1,
      filters: [],
      producers: this.#producers.map((producer, number) => ({
        leaf: producer.plan.leaf, producer: number, scanSlot: producer.lease.slot, scanEpoch: producer.lease.epoch,
      })),
    });
    this.#side.send("control", lease, MessageType.StartExecution, payload, 1);
  }

  #send(event: EventOf<Execution>, mayTalk = true): void {
    const effects = this.actor.send(event);
    if (effects === undefined) throw new Error(`execution: ${event} in ${this.actor.state}`);
    for (const effect of effects) this.#perform(effect, mayTalk);
  }

  #perform(effect: Effect, mayTalk: boolean): void {
    if (effect.startsWith("raise")) this.raised.push(effect);
    if (this.#lease === undefined) return;
    if (effect === "sendStartExecution") this.#sendStart(this.#lease);
    if (effect === "releaseScans")
      for (const producer of this.#producers) if (!producer.actor.final) producer.send("close");
    if (effect.startsWith("closeSession")) this.#close(this.#lease, effect, mayTalk);
  }

  #close(lease: SlotLease, effect: string, mayTalk: boolean): void {
    const word = effect.slice("closeSession".length);
    const reason = `${word.charAt(0).toLowerCase()}${word.slice(1)}` as CloseReason;
    if (mayTalk) this.#side.send("control", lease, MessageType.CloseExecution, encodeCloseExecution({ reason }), 2);
    this.#side.cancel(lease);
    this.#side.detach("control", lease);
  }

  #takeMessage(): boolean {
    const frame = this.#side.receive("control", this.#lease as SlotLease);
    if (frame === undefined) return false;
    switch (frame.type) {
      case MessageType.ExecutionStarted:
        this.#send("startedReceived");
        break;
      case MessageType.ExecutionFinished:
        this.finished = decodeExecutionFinished(frame.payload);
        this.#send("finishedReceived");
        break;
      case MessageType.ExecutionFailed:
        this.failed = decodeExecutionFailed(frame.payload);
        this.#send("failedReceived");
        break;
      default:
        this.#send("violated");
    }
    return true;
  }

  #takeResult(): boolean {
    const taken = this.#side.takeResult(this.#lease as SlotLease);
    switch (taken.kind) {
      case "page":
        this.results.push(taken.rows);
        this.#send("resultPageImported");
        return true;
      case "end":
        this.#send("resultEnded");
        return true;
      case "failed":
        this.#send("resultFailed");
        return true;
      default:
        return false;
    }
  }

  /** One producer after the other, beginning behind the last that did something. */
  #produce(): boolean {
    for (let tried = 0; tried < this.#producers.length; tried++) {
      const producer = this.#producers[this.#next++ % this.#producers.length];
      if (producer !== undefined && this.#turn(producer)) return true;
    }
    return false;
  }

  #turn(producer: TwinProducer): boolean {
    const { actor, lease, plan } = producer;
    if (actor.final) return false;
    const frame = this.#side.receive("scan", lease);
    if (frame !== undefined) {
      const event = frame.type === MessageType.OpenScan ? "opened" : "stop";
      this.#report(producer, producer.send(event));
      return true;
    }
    if (actor.state === "opening") return false;
    if (this.#side.stopped(lease)) {
      this.#report(producer, producer.send("stop"));
      return true;
    }
    if (producer.made === plan.pages.length) {
      this.#report(producer, producer.send(plan.fails ? "fail" : "rowsEnded"));
      return true;
    }
    return this.#makePage(producer);
  }

  /** Acquire, fill and issue are one call of the backend's side; the machine sees all of them. */
  #makePage(producer: TwinProducer): boolean {
    const rows = producer.plan.pages[producer.made] ?? 0;
    const outcome = this.#side.produce(this.#lease as SlotLease, producer.lease, new Uint8Array(64), rows);
    if (outcome !== "ok") {
      if (producer.actor.state === "producing") producer.send("poolExhausted");
      return false;
    }
    producer.send("pageAcquired");
    producer.send("pageIssued");
    producer.made += 1;
    return true;
  }

  #report({ lease }: TwinProducer, effects: readonly string[]): void {
    if (effects.includes("sendScanFailed")) {
      const payload = encodeScanFailed({ sqlstate: "22P02", message: "producer failed" });
      this.#side.send("scan", lease, MessageType.ScanFailed, payload);
      this.#side.endScan(lease, "failed");
    }
    if (effects.includes("sendScanFinished")) {
      const numbers = { rows: 0, pages: 0, bytes: 0, rowsFiltered: 0, timeNs: 0 };
      this.#side.send("scan", lease, MessageType.ScanFinished, encodeScanFinished(numbers));
      this.#side.endScan(lease, "end");
    }
  }
}
