// The scale factor and how many rows it gives each table (TPC-H clause 4.2.5). Lineitem's count is
// random per order, so only its expectation is known here. Read tables.ts next.
import { CommandError } from "#cluster/command_error.js";

/** Suppliers come in hundreds: the part-supplier formula repeats a supplier for odd counts below 229. */
const scaleStep = 0.01;
/** Order keys are four-byte integers; they run out near scale 350. */
const scaleMax = 100;

export interface Scale {
  readonly factor: number;
  readonly suppliers: number;
  readonly parts: number;
  readonly customers: number;
  readonly orders: number;
  readonly clerks: number;
}

/** Checks a factor and derives the cardinalities. */
export function scaleOf(factor: number): Scale {
  const hundredths = Math.round(factor / scaleStep);
  const exact = Math.abs(hundredths * scaleStep - factor) < 1e-9;
  if (!exact || factor < scaleStep || factor > scaleMax) {
    throw new CommandError(
      `scale ${factor} is not possible.`,
      `Choose a multiple of ${scaleStep} between ${scaleStep} and ${scaleMax}, such as 0.1 or 1.`,
    );
  }
  return {
    factor: hundredths / 100,
    suppliers: hundredths * 100,
    parts: hundredths * 2_000,
    customers: hundredths * 1_500,
    orders: hundredths * 15_000,
    clerks: hundredths * 10,
  };
}

/** Parses a scale given on the command line. */
export function parseScale(text: string): Scale {
  return scaleOf(text.trim() === "" ? Number.NaN : Number(text));
}
