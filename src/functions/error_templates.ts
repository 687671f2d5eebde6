// Errors of scalar functions, spelled as PostgreSQL spells them. Codes from errcodes.txt: 22003 numeric value
// out of range, 22008 datetime value out of range, 22012 division by zero.
import { FusionError, sqlError } from "#base/errors.js";
import type { ErrorTemplate } from "./function.js";

const range = (message: string): ErrorTemplate => ({ sqlstate: "22003", message });

export const errorTemplates = {
  int2OutOfRange: range("smallint out of range"),
  int4OutOfRange: range("integer out of range"),
  int8OutOfRange: range("bigint out of range"),
  floatOverflow: range("value out of range: overflow"),
  floatUnderflow: range("value out of range: underflow"),
  divisionByZero: { sqlstate: "22012", message: "division by zero" },
  dateOutOfRange: { sqlstate: "22008", message: "date out of range" },
  timestampOutOfRange: { sqlstate: "22008", message: "timestamp out of range" },
  infiniteDates: { sqlstate: "22008", message: "cannot subtract infinite dates" },
  nanToSmallint: { sqlstate: "0A000", message: "cannot convert NaN to smallint" },
  nanToInteger: { sqlstate: "0A000", message: "cannot convert NaN to integer" },
  nanToBigint: { sqlstate: "0A000", message: "cannot convert NaN to bigint" },
  moreThanOneRow: {
    sqlstate: "21000",
    message: "more than one row returned by a subquery used as an expression",
  },
  negativeLimit: { sqlstate: "2201W", message: "LIMIT must not be negative" },
  negativeOffset: { sqlstate: "2201X", message: "OFFSET must not be negative" },
  /** Not PostgreSQL's: it makes values of up to a gigabyte. */
  valueTooLong: {
    sqlstate: "0A000",
    message: "pg_fusion: a computed value of more than 512 MB is not supported",
    detail: "Run the statement with pg_fusion.enable = off.",
  },
  /** Not PostgreSQL's: it adds up squares with more digits than a value of the type has. */
  squareTooLong: {
    sqlstate: "0A000",
    message: "pg_fusion: a variance of numerics with so many digits is not supported",
    detail: "A square has more than 131,000 digits before the decimal point or 16,383 after it.",
  },
  /** Not PostgreSQL's: the count has no negative, and releases of one major version differ in what they take it for. */
  rightOfLeast: { sqlstate: "0A000", message: "pg_fusion: right(text, -2147483648) is not supported" },
} as const satisfies Record<string, ErrorTemplate>;

/** A value that does not fit numeric(precision, scale); the limit is 10^(precision - scale). */
export function fieldOverflow(precision: number, scale: number): ErrorTemplate {
  const exponent = precision - scale;
  const limit = exponent === 0 ? "1" : `10^${exponent}`;
  return {
    sqlstate: "22003",
    message: "numeric field overflow",
    detail: `A field with precision ${precision}, scale ${scale} must round to an absolute value less than ${limit}.`,
  };
}

export function throwTemplate(template: ErrorTemplate): never {
  // Ours, where PostgreSQL has an answer.
  if (template.message.startsWith("pg_fusion: ")) {
    throw new FusionError({ code: "notSupported", ...template });
  }
  throw sqlError(template.sqlstate, template.message, template.detail);
}
