// What the worker accepts from its supervisor's environment.
import { expect, test } from "vitest";
import { EnvironmentError, readEnvironment } from "#worker/environment.js";

const good = {
  PG_FUSION_REGION_FD: "3", PG_FUSION_FLIGHT_FD: "4", PG_FUSION_WAKE_FDS: "5",
  PG_FUSION_GENERATION: "7", PG_FUSION_EXECUTORS: "2", PG_FUSION_WORKER_MEMORY_MB: "64",
};

test("reads descriptors and numbers", () => {
  expect(readEnvironment(good)).toEqual({
    regionFd: 3, flightFd: 4, wakeFds: 5, generation: 7, executors: 2, memoryMb: 64,
  });
});

test.each(Object.keys(good))("names %s when it is absent or wrong", (name) => {
  for (const value of [undefined, "", "-1", "x", "99999999999"])
    expect(() => readEnvironment({ ...good, [name]: value })).toThrow(new RegExp(name));
  expect(() => readEnvironment({})).toThrow(EnvironmentError);
});
