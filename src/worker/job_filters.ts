// The runtime filters of one job: their slots, as the backend leased them, and a machine (runtime_filter) for each,
// which is recorded. When a filter is made and of which rows is runtime/filter_build.ts; slots are freed by the lease's
// last owner (native/shm/slot.c), so that nothing is to be given back here.
import { TableActor, type EventOf, type TransitionRecorder } from "#actors/table_actor.js";
import type { FilterRows } from "#base/filter_rows.js";
import type { FilterSlot } from "#codec/execution_message.js";
import { runtimeFilter } from "#generated/machines.js";
import { Metric } from "#generated/metrics.js";
import type { FilterPort } from "#runtime/filter_build.js";
import type { FilterChannel, SlotLease } from "#transport/transport.js";
import type { CountMetric } from "./executor_ports.js";

type Machine = typeof runtimeFilter;

interface Filter {
  readonly lease: SlotLease;
  readonly actor: TableActor<Machine>;
}

export class JobFilters implements FilterPort {
  readonly #channel: FilterChannel;
  readonly #memory: Uint8Array;
  readonly #count: CountMetric;
  readonly #filters: ReadonlyMap<number, Filter>;

  /** `recorder` writes transitions of the filter of a number. */
  constructor(
    slots: readonly FilterSlot[], channel: FilterChannel, memory: Uint8Array, count: CountMetric,
    recorder: (filter: number) => TransitionRecorder,
  ) {
    this.#channel = channel;
    this.#memory = memory;
    this.#count = count;
    this.#filters = new Map(slots.map(({ filter, slot, generation }) => {
      const actor = new TableActor(runtimeFilter, recorder(filter));
      actor.send("leased", slot);
      return [filter, { lease: { slot, epoch: generation }, actor }];
    }));
  }

  begin(filter: number): boolean {
    const own = this.#filters.get(filter);
    return own !== undefined && this.#channel.begin(own.lease) && this.#step(own, "begun");
  }

  measure(filter: number, rows: FilterRows): boolean {
    const own = this.#filters.get(filter);
    return own !== undefined && this.#channel.measure(own.lease, this.#memory, rows);
  }

  size(filter: number, rows: number, isOneWord: boolean): boolean {
    const own = this.#filters.get(filter);
    return own !== undefined && this.#channel.size(own.lease, rows, isOneWord);
  }

  enter(filter: number, rows: FilterRows): boolean {
    const own = this.#filters.get(filter);
    return own !== undefined && this.#channel.enter(own.lease, this.#memory, rows);
  }

  publish(filter: number): boolean {
    const own = this.#filters.get(filter);
    if (own === undefined || !this.#channel.publish(own.lease)) return false;
    this.#count(Metric.workerFiltersPublished, 1);
    return this.#step(own, "published");
  }

  decline(filter: number): void {
    const own = this.#filters.get(filter);
    if (own === undefined) return;
    this.#channel.decline(own.lease);
    this.#count(Metric.workerFiltersDeclined, 1);
    this.#step(own, "declined");
  }

  #step({ lease, actor }: Filter, event: EventOf<Machine>): boolean {
    return actor.send(event, lease.slot) !== undefined;
  }
}
