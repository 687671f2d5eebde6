// Tables of time zones for tests, made of rules of their own: one with clocks that change twice a year for ever, one
// whose clocks change by half an hour, one that was changed now and then and has rested since, one that never was, and
// one given as a rule alone. Real zones are a server's business: test/cluster/zones.test.ts.
import { ZoneHeader } from "#generated/layout.js";

interface Zone {
  readonly firstOffset: number;
  readonly repeats: "never" | "later" | "always";
  /** Seconds from 2000-01-01 UTC, and the offset from then on; before the first one it is `before`. */
  readonly before: number;
  readonly changes: readonly (readonly [at: number, offset: number])[];
}

const secondsOf = (year: number, month: number, day: number): number =>
  (Date.UTC(year, month - 1, day) - Date.UTC(2000, 0, 1)) / 1000;

/** An hour before clocks of the first zone go forward: some times of that day do not exist, others come after. */
const TRANSACTION_START = BigInt(secondsOf(2020, 4, 3)) * 1_000_000n;

function imageOf({ firstOffset, repeats, before, changes }: Zone): Uint8Array {
  const image = new Uint8Array(ZoneHeader.SIZE + changes.length * 12 + 4);
  const view = new DataView(image.buffer);
  view.setBigInt64(ZoneHeader.repeat_before, repeats === "always" ? BigInt(secondsOf(1700, 1, 1)) : -(2n ** 63n), true);
  view.setBigInt64(
    ZoneHeader.repeat_from, repeats === "never" ? 2n ** 63n - 1n : BigInt(secondsOf(2500, 1, 1)), true);
  view.setBigInt64(ZoneHeader.transaction_start, TRANSACTION_START, true);
  view.setInt32(ZoneHeader.first_offset, firstOffset, true);
  view.setUint32(ZoneHeader.count, changes.length, true);
  changes.forEach(([at], index) => view.setBigInt64(ZoneHeader.SIZE + index * 8, BigInt(at), true));
  [before, ...changes.map(([, offset]) => offset)].forEach((offset, index) =>
    view.setInt32(ZoneHeader.SIZE + changes.length * 8 + index * 4, offset, true));
  return image;
}

/** Summer from April to October of every year. */
function summers(from: number, standard: number, saved: number): (readonly [number, number])[] {
  return Array.from({ length: 2501 - from }, (_, index) => [
    [secondsOf(from + index, 4, 3) + 3600, standard + saved], [secondsOf(from + index, 10, 30) + 3600, standard],
  ] as const).flat();
}

const HOUR = 3600;

const zones: readonly Zone[] = [
  {
    firstOffset: 3208, before: HOUR, repeats: "later",
    changes: [[secondsOf(1893, 4, 1) - 3208, HOUR], ...summers(1980, HOUR, HOUR)],
  },
  { firstOffset: 38_000, before: 36_000, repeats: "later", changes: summers(1981, 37_800, 1800) },
  {
    firstOffset: 20_476, before: 20_476, repeats: "never",
    changes: [
      [secondsOf(1920, 1, 1), 19_800], [secondsOf(1986, 1, 1), 20_700],
      [secondsOf(2011, 12, 30), 20_700 - 24 * HOUR + 1],
    ],
  },
  { firstOffset: -57_540, before: -57_540, repeats: "never", changes: [] },
  { firstOffset: -18_000, before: -18_000, repeats: "always", changes: summers(1700, -18_000, HOUR) },
];

export const zoneImages: readonly Uint8Array[] = zones.map(imageOf);

/** Around these the clocks change, in microseconds. */
export const zoneChanges: readonly bigint[] = zones.flatMap(({ changes }) =>
  [changes[0], changes[7], changes.at(-2)].flatMap((change) =>
    (change === undefined ? [] : [BigInt(change[0]) * 1_000_000n])));
