// date_bin(): timestamps cut to a stride counted from an origin. Evaluated by the host. Read next: calendar.ts.
import { isInfiniteTimestamp, isTimestamp } from "./calendar.js";
import { errorTemplates, throwTemplate } from "./error_templates.js";
import type { ErrorTemplate, ScalarFunction } from "./function.js";
import { hostFunction } from "./host_function.js";
import { INFINITE_INTERVALS, intervalOf, intervalOutOfRange } from "./interval_arithmetic.js";
import { DAY_MICROSECONDS, type Interval } from "./interval_image.js";
import { asBigint, first, second, third } from "./operand.js";

const infiniteOrigin: ErrorTemplate = { sqlstate: "22008", message: "origin out of range" };
const strideOfMonths: ErrorTemplate = {
  sqlstate: "0A000", message: "timestamps cannot be binned into intervals containing months or years",
};
const strideTooSmall: ErrorTemplate = { sqlstate: "22008", message: "stride must be greater than zero" };

/** A 64-bit number of microseconds. */
function fit(microseconds: bigint): bigint {
  return BigInt.asIntN(64, microseconds) === microseconds ? microseconds : throwTemplate(intervalOutOfRange);
}

function bin({ microseconds, days, months }: Interval, timestamp: bigint, origin: bigint): bigint {
  if (isInfiniteTimestamp(timestamp)) return timestamp;
  if (isInfiniteTimestamp(origin)) throwTemplate(infiniteOrigin);
  if (months !== 0) throwTemplate(strideOfMonths);
  const stride = fit(fit(BigInt(days) * DAY_MICROSECONDS) + microseconds);
  if (stride <= 0n) throwTemplate(strideTooSmall);
  const distance = fit(timestamp - origin);
  const rest = distance % stride;
  if (rest >= 0n) return timestamp - rest;
  const earlier = timestamp - rest - stride;
  return isTimestamp(earlier) ? earlier : throwTemplate(errorTemplates.timestampOutOfRange);
}

export const dateBins: readonly ScalarFunction[] = ([
  ["timestamp", 6177, "timestamp_bin"], ["timestamptz", 6178, "timestamptz_bin"],
] as const).map(([kind, oid, source]) => hostFunction({
  key: `${kind}.bin`, procedures: [{ oid, source }], doc: `date_bin() of ${kind}`, changedIn: INFINITE_INTERVALS,
  arguments: ["interval", kind, kind], result: { kind },
  evaluate: (values) => bin(intervalOf(first(values)), asBigint(second(values)), asBigint(third(values))),
}));
