// Numbers in words: short, because they stand in rows.

/** "1.23 ms": three figures and a unit. */
export function duration(ns: number): string {
  const [value, unit] = ns >= 1e9 ? [ns / 1e9, "s"] : ns >= 1e6 ? [ns / 1e6, "ms"] : [ns / 1e3, "\u00b5s"];
  const digits = value >= 100 || value === 0 ? 0 : value >= 10 ? 1 : 2;
  return `${value.toFixed(digits)} ${unit}`;
}

/** UTC, of a moment counted from the recording's creation. */
export function timeOfDay(wallMs: number, timeNs: number): string {
  return new Date(wallMs + timeNs / 1e6).toISOString().slice(11, 23);
}
