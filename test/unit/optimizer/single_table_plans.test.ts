// Every recorded statement over one table against its printed plan in test/plans/single_table.
import { describe, it } from "vitest";
import { planText } from "../../support/plan_text.js";
import { fixtureQueries, fixtureRequest } from "../../support/planning_fixtures.js";
import { expectPlan } from "../../support/printed_plans.js";

describe("plans of single-table statements", () => {
  for (const [name, sql] of Object.entries(fixtureQueries))
    it(name, () => expectPlan("single_table", name, `${sql}\n\n${planText(fixtureRequest(name))}`));
});
