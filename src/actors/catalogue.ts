// Every machine of the system under its stable number: the number stands in flight records and in the C tables, so
// rows are only ever appended. Not a place for behaviour: that is in <name>/<name>.machine.ts.
import type { AnyStateMachine } from "xstate";
import { cancellationMachine } from "./cancellation/cancellation.machine.js";
import { executionBackendMachine } from "./execution_backend/execution_backend.machine.js";
import { executionWorkerMachine } from "./execution_worker/execution_worker.machine.js";
import { pageLeaseMachine } from "./page_lease/page_lease.machine.js";
import { planningBackendMachine } from "./planning_backend/planning_backend.machine.js";
import { planningWorkerMachine } from "./planning_worker/planning_worker.machine.js";
import { runtimeFilterMachine } from "./runtime_filter/runtime_filter.machine.js";
import { scanProducerMachine } from "./scan_producer/scan_producer.machine.js";
import { scanMachine } from "./scan/scan.machine.js";
import { spillDirectoryMachine } from "./spill_directory/spill_directory.machine.js";

export interface CataloguedMachine {
  /** From 1; 0 in a flight record is a note. */
  readonly code: number;
  readonly name: string;
  /** Who runs it: shown in diagrams and stories. */
  readonly side: "backend" | "worker" | "both";
  readonly machine: AnyStateMachine;
}

export const machineCatalogue: readonly CataloguedMachine[] = [
  { code: 1, name: "planning_backend", side: "backend", machine: planningBackendMachine },
  { code: 2, name: "planning_worker", side: "worker", machine: planningWorkerMachine },
  { code: 3, name: "execution_backend", side: "backend", machine: executionBackendMachine },
  { code: 4, name: "execution_worker", side: "worker", machine: executionWorkerMachine },
  { code: 5, name: "scan", side: "worker", machine: scanMachine },
  { code: 6, name: "scan_producer", side: "backend", machine: scanProducerMachine },
  { code: 7, name: "page_lease", side: "both", machine: pageLeaseMachine },
  { code: 8, name: "cancellation", side: "worker", machine: cancellationMachine },
  { code: 9, name: "runtime_filter", side: "both", machine: runtimeFilterMachine },
  { code: 10, name: "spill_directory", side: "worker", machine: spillDirectoryMachine },
];
