// The word lists of TPC-H clause 4.2.2.13 and 4.2.3, as bytes ready to be written. Lists of the
// comment grammar carry weights, which steer how often a pattern of a query is met.

/** Words as bytes. */
export type WordList = readonly Uint8Array[];

const encoder = new TextEncoder();

function words(text: string): WordList {
  return text.split("|").map((word) => encoder.encode(word));
}

export const regions = ["AFRICA", "AMERICA", "ASIA", "EUROPE", "MIDDLE EAST"] as const;

/** Name and region of each nation, in key order. */
export const nations: readonly (readonly [name: string, region: number])[] = [
  ["ALGERIA", 0],
  ["ARGENTINA", 1],
  ["BRAZIL", 1],
  ["CANADA", 1],
  ["EGYPT", 4],
  ["ETHIOPIA", 0],
  ["FRANCE", 3],
  ["GERMANY", 3],
  ["INDIA", 2],
  ["INDONESIA", 2],
  ["IRAN", 4],
  ["IRAQ", 4],
  ["JAPAN", 2],
  ["JORDAN", 4],
  ["KENYA", 0],
  ["MOROCCO", 0],
  ["MOZAMBIQUE", 0],
  ["PERU", 1],
  ["CHINA", 2],
  ["ROMANIA", 3],
  ["SAUDI ARABIA", 4],
  ["VIETNAM", 2],
  ["RUSSIA", 3],
  ["UNITED KINGDOM", 3],
  ["UNITED STATES", 1],
];

export const colours = words(
  "almond|antique|aquamarine|azure|beige|bisque|black|blanched|blue|blush|brown|burlywood|" +
    "burnished|chartreuse|chiffon|chocolate|coral|cornflower|cornsilk|cream|cyan|dark|deep|dim|" +
    "dodger|drab|firebrick|floral|forest|frosted|gainsboro|ghost|goldenrod|green|grey|honeydew|" +
    "hot|indian|ivory|khaki|lace|lavender|lawn|lemon|light|lime|linen|magenta|maroon|medium|" +
    "metallic|midnight|mint|misty|moccasin|navajo|navy|olive|orange|orchid|pale|papaya|peach|" +
    "peru|pink|plum|powder|puff|purple|red|rose|rosy|royal|saddle|salmon|sandy|seashell|sienna|" +
    "sky|slate|smoke|snow|spring|steel|tan|thistle|tomato|turquoise|violet|wheat|white|yellow",
);
export const typeSizes = words("STANDARD|SMALL|MEDIUM|LARGE|ECONOMY|PROMO");
export const typeFinishes = words("ANODIZED|BURNISHED|PLATED|POLISHED|BRUSHED");
export const typeMetals = words("TIN|NICKEL|BRASS|STEEL|COPPER");
export const containerSizes = words("SM|LG|MED|JUMBO|WRAP");
export const containerKinds = words("CASE|BOX|BAG|JAR|PKG|PACK|CAN|DRUM");
export const segments = words("AUTOMOBILE|BUILDING|FURNITURE|MACHINERY|HOUSEHOLD");
export const priorities = words("1-URGENT|2-HIGH|3-MEDIUM|4-NOT SPECIFIED|5-LOW");
export const instructions = words("DELIVER IN PERSON|COLLECT COD|NONE|TAKE BACK RETURN");
export const shipModes = words("REG AIR|AIR|RAIL|SHIP|TRUCK|MAIL|FOB");

/** Words that are drawn in proportion to their weight. */
export interface WeightedWords {
  readonly words: readonly string[];
  /** Running sums of the weights; the last one is the total. */
  readonly sums: readonly number[];
}

/** Groups of "weight: words", most frequent first. */
function weighted(...groups: readonly (readonly [weight: number, words: string])[]): WeightedWords {
  const all: string[] = [];
  const sums: number[] = [];
  let total = 0;
  for (const [weight, text] of groups) {
    for (const word of text.split("|")) {
      total += weight;
      all.push(word);
      sums.push(total);
    }
  }
  return { words: all, sums };
}

export const nouns = weighted(
  [40, "packages|requests|accounts|deposits"],
  [20, "foxes|ideas|theodolites|pinto beans|instructions"],
  [10, "dependencies|excuses|platelets|asymptotes"],
  [5, "courts|dolphins"],
  [
    1,
    "multipliers|sauternes|warthogs|frets|dinos|attainments|somas|Tiresias'|patterns|forges|" +
      "braids|hockey players|frays|warhorses|dugouts|notornis|epitaphs|pearls|tithes|waters|" +
      "orbits|gifts|sheaves|depths|sentiments|decoys|realms|pains|grouches|escapades",
  ],
);
export const verbs = weighted(
  [20, "sleep|wake|are|cajole|haggle|nag|use"],
  [10, "boost|affix|detect|integrate"],
  [
    1,
    "maintain|nod|was|lose|sublate|solve|thrash|promise|engage|hinder|print|x-ray|breach|eat|" +
      "grow|impress|mold|poach|serve|run|dazzle|snooze|doze|unwind|kindle|play|hang|believe|doubt",
  ],
);
export const adjectives = weighted(
  [50, "regular"],
  [40, "final|ironic"],
  [30, "even"],
  [20, "special|pending|unusual|express|bold"],
  [10, "silent"],
  [
    1,
    "furious|sly|careful|blithe|quick|fluffy|slow|quiet|ruthless|thin|close|dogged|daring|brave|" +
      "stealthy|permanent|enticing|idle|busy",
  ],
);
export const adverbs = weighted(
  [50, "furiously|slyly|carefully"],
  [40, "blithely"],
  [30, "quickly"],
  [20, "fluffily"],
  [
    1,
    "sometimes|always|never|slowly|quietly|ruthlessly|thinly|closely|doggedly|daringly|bravely|" +
      "stealthily|permanently|enticingly|idly|busily|regularly|finally|ironically|evenly|boldly|" +
      "silently",
  ],
);
export const prepositions = weighted(
  [50, "about|above|according to|across|after|against|along"],
  [
    10,
    "alongside of|among|around|at|atop|before|behind|beneath|beside|besides|between|beyond|by|" +
      "despite|during|except|for|from|in place of|inside|instead of|into|near|of|on|outside|over|" +
      "past|since|through|throughout|to|toward|under|until|up|upon|without|with|within",
  ],
);
export const auxiliaries = weighted([
  1,
  "do|may|might|shall|will|would|can|could|should|ought to|must|will have to|shall have to|" +
    "could have to|should have to|must have to|need to|try to",
]);
export const terminators = weighted([50, "."], [1, ";|:|?|!|--"]);
