// Properties are asked of the same cases in every run, so that a test that fails tells of a change. PG_FUSION_SEEDS=N
// looks for others, N of each of the large searches: compiled plans, shared pipelines, and what goes to disk.
import fc from "fast-check";

if (process.env["PG_FUSION_SEEDS"] === undefined) fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: 20_261_123 });
