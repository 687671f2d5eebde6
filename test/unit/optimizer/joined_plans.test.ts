// Every recorded statement over several tables against its printed plan in test/plans/joins.
import { describe, it } from "vitest";
import { planText } from "../../support/plan_text.js";
import { fixtureRequest, queriesOf } from "../../support/planning_fixtures.js";
import { expectPlan } from "../../support/printed_plans.js";

describe("plans of statements over several tables", () => {
  for (const [name, sql] of Object.entries(queriesOf("joins")))
    it(name, () => expectPlan("joins", name, `${sql}\n\n${planText(fixtureRequest(name, "joins"))}`));
});
