// Plans from EXPLAIN's JSON, and the links between operators and actors, both ways.
import { expect, test } from "vitest";
import { actorsOfOperator, operatorsOfActor } from "#visualizer/plan_actors.js";
import { ExplainReadError, plansOfExplain } from "#visualizer/shown_plan.js";
import { storeOf, told } from "./traces.js";

const explained = [{
  Plan: {
    "Node Type": "Sort",
    Plans: [{
      "Node Type": "Custom Scan", "Custom Plan Provider": "PgFusionScan", Session: "2/7",
      Engine: [{
        Operator: 0, Name: "Hash Aggregate", Keys: "a", "Plan Rows": 200, "Actual Rows": 5, "Actual Time": 1.5,
        Pages: 0, Bytes: 0, Memory: 12, "Wide Pages": 0,
        Inputs: [{
          Operator: 1, Name: "Hash Join", Inputs: [
            { Operator: 2, Name: "Scan of leaf 1", Scan: 2, "Plan Rows": 10 },
            { Operator: 3, Name: "Scan of leaf 0", Scan: 1, "Plan Rows": 20 },
          ],
        }],
      }],
      Scans: [{ Scan: 1, Path: "heap batches", "Batch Quals": ["(a > 1)", "(b < 2)"] }, { Scan: 2, Path: "executor" }],
    }],
  },
}];

test("operators are read in preorder, with what was expected and what happened", () => {
  const [plan] = plansOfExplain(JSON.stringify(explained));
  expect(plan?.session).toEqual({ slot: 2, epoch: 7 });
  expect(plan?.operators.map(({ number, depth, name, leaf }) => [number, depth, name, leaf])).toEqual([
    [0, 0, "Hash Aggregate", undefined], [1, 1, "Hash Join", undefined], [2, 2, "Scan of leaf 1", 1],
    [3, 2, "Scan of leaf 0", 0],
  ]);
  expect(plan?.operators[0]).toMatchObject({
    rows: 200, actualRows: 5, timeMs: 1.5, memoryKb: 12, details: [{ label: "Keys", text: "a" }],
  });
  expect(plan?.scans[0]).toContainEqual({ label: "Batch Quals", text: "(a > 1), (b < 2)" });
});

test("psql's decoration does not matter, other texts are refused in words", () => {
  const lines = JSON.stringify(explained, undefined, 1).split("\n").map((line) => ` ${line}    +`);
  const psql = [" QUERY PLAN", "-------", ...lines, "(1 row)"].join("\n");
  expect(plansOfExplain(psql)).toHaveLength(1);
  expect(() => plansOfExplain("Seq Scan on t")).toThrow(ExplainReadError);
  expect(() => plansOfExplain('[{"Plan": {"Node Type": "Seq Scan"}}]')).toThrow(/no part that pg_fusion runs/);
});

test("operators and actors find each other", () => {
  const [plan] = plansOfExplain(JSON.stringify(explained));
  if (plan === undefined) throw new Error("no plan");
  const shared = { slot: 2, session: 7 };
  const store = storeOf([
    ...told(0, 1, shared, [["execution_backend", "start", "idle", "starting"]]),
    ...told(1, 1, shared, [["execution_worker", "startReceived", "opening", "compiling"]]),
    ...told(2, 1, { ...shared, actor: 1 }, [["scan", "open", "opening", "streaming"]]),
    ...told(3, 1, { ...shared, actor: 1, by: ["producer", 5] }, [["scan_producer", "opened", "opening", "producing"]]),
    ...told(4, 1, { ...shared, actor: 1, by: ["producer", 6] }, [["scan_producer", "opened", "opening", "producing"]]),
    ...told(5, 1, { ...shared, actor: 0 }, [["scan", "open", "opening", "streaming"]]),
  ]);
  expect(actorsOfOperator(store, 0, plan, 2)).toEqual([2, 3, 4]);
  expect(actorsOfOperator(store, 0, plan, 3)).toEqual([5]);
  expect(actorsOfOperator(store, 0, plan, 0)).toEqual([0, 1]);
  expect(actorsOfOperator(store, 0, plan, 1)).toEqual([1]);
  expect(operatorsOfActor(store, plan, 4)).toEqual([2]);
  expect(operatorsOfActor(store, plan, 1)).toEqual([0, 1]);
  expect(operatorsOfActor(store, plan, 0)).toEqual([0]);
});
