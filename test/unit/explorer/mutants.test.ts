// Mistakes put into the machines, and how many of them an exploration notices: the share is a floor. Only what happens
// without faults is tried here; `npm run explore -- --mutants` tries all.
import { describe, expect, it } from "vitest";
import { smallConfigurations } from "#explorer/configurations.js";
import { mutants, scoreMutants } from "#explorer/mutants.js";

const peaceful = smallConfigurations.map((configuration) => ({ ...configuration, budget: 0 }));
const limits = { worldsMax: 200_000 };

describe("mistakes in machines", () => {
  it("a transition that is missing is always noticed", () => {
    const { killed, survivors } = scoreMutants(mutants(["dropped"]), peaceful, limits);
    expect(survivors.map(({ name }) => name)).toEqual([]);
    expect(killed).toBeGreaterThanOrEqual(60);
  }, 120_000);

  it("an effect that is missing is noticed, unless somebody else sees to the same", () => {
    const { killed, survivors } = scoreMutants(mutants(["robbed"]), peaceful, limits);
    expect(survivors.map(({ name }) => name)).toEqual([
      // The cancel word and the closing slot tell a job, too; the order comes for those who sleep, and needs a death.
      "execution_worker compiling closeReceived without disposeJob",
      "execution_worker streaming closeReceived without disposeJob",
      "execution_worker draining closeReceived without disposeJob",
      // Announced again before every look.
      "scan_producer producing poolExhausted without beginPageWait",
      // Numbers for EXPLAIN; the end itself stands in the ring.
      "scan_producer producing rowsEnded without sendScanFinished",
      // Whoever gives a page back has taken the announcement away.
      "scan_producer waitingForPage pageAcquired without endPageWait",
    ]);
    expect(killed).toBeGreaterThanOrEqual(25);
  }, 120_000);
});
