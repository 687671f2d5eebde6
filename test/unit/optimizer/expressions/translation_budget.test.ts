// A statement whose expressions double from level to level ends in a limit, not in minutes of planning.
import { expect, it } from "vitest";
import { decodePlanRequest } from "#codec/planning_message.js";
import { RequestFacts } from "#frontend/request_facts.js";
import { spendTranslation } from "#optimizer/expressions/translation_budget.js";
import { warmUpRequest } from "#worker/warm_up_request.js";

it("counts the expressions of one request", () => {
  const request = decodePlanRequest(warmUpRequest());
  const [facts, others] = [new RequestFacts(request), new RequestFacts(request)];
  for (let count = 0; count < 500_000; count++) spendTranslation(facts);
  expect(() => spendTranslation(facts)).toThrow("more than 500000 expressions");
  expect(() => spendTranslation(others)).not.toThrow();
});
