// Names and numbers the writers of machine files share: spelling of states and events, effect masks.

/** "execution.resultEnded" -> "resultEnded": the conversation is clear from the machine. */
export const eventWord = (type) => type.slice(type.indexOf(".") + 1);

/** The set of effects as a bit mask. */
export const effectMask = (effects) => effects.reduce((bits, effect) => bits | (1 << effect), 0) >>> 0;

export const snakeCase = (name) => name.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase();
export const upperCase = (name) => snakeCase(name).toUpperCase();
export const camelCase = (name) => name.replace(/_(.)/g, (_, letter) => letter.toUpperCase());
export const pascalCase = (name) => camelCase(`_${name}`);

/** Items joined by commas, broken into lines that fit the house's width. */
export function wrapped(items, indent, widthMax = 110) {
  const lines = [];
  let line = "";
  for (const item of items) {
    if (line !== "" && line.length + item.length + 2 > widthMax) {
      lines.push(`${indent}${line},`);
      line = "";
    }
    line = line === "" ? item : `${line}, ${item}`;
  }
  return [...lines, `${indent}${line}`];
}
