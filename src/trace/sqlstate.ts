// SQLSTATEs as records carry them: five characters of six bits each, as PostgreSQL packs them (its utils/elog.h).

const CHARACTERS = 5;
const BITS = 6;

/** "57014", or undefined when the number is none. */
export function sqlstateOf(packed: number): string | undefined {
  let text = "";
  for (let at = 0; at < CHARACTERS; at++) text += String.fromCharCode(48 + ((packed >>> (at * BITS)) & 63));
  return packed < 2 ** (CHARACTERS * BITS) && /^[0-9A-Z]{5}$/.test(text) ? text : undefined;
}
