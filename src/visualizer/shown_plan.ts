// The engine's plan as the page shows it: operators in preorder with what was expected and what happened. It is read
// from EXPLAIN's JSON, here and in the page, or from a full trace (traced_plans.ts). Which actors are an operator's is
// plan_actors.ts's.

export interface ShownDetail {
  readonly label: string;
  readonly text: string;
}

export interface ShownOperator {
  /** Its place in preorder. */
  readonly number: number;
  readonly name: string;
  readonly depth: number;
  readonly details: readonly ShownDetail[];
  /** Of a scan. */
  readonly leaf?: number;
  readonly rows?: number;
  readonly actualRows?: number;
  readonly timeMs?: number;
  readonly pages?: number;
  readonly bytes?: number;
  readonly memoryKb?: number;
}

export interface ShownPlan {
  /** Control slot and epoch of the execution, where the plan's source names one. */
  readonly session: { readonly slot: number; readonly epoch: number } | undefined;
  readonly operators: readonly ShownOperator[];
  /** About each scan, by leaf: its path, SQL, producers, numbers. */
  readonly scans: readonly (readonly ShownDetail[])[];
}

/** The text is no EXPLAIN output with a plan of the engine in it; the message says what is missing. */
export class ExplainReadError extends Error {}

type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const objects = (value: unknown): readonly Json[] => (Array.isArray(value) ? value.filter(isObject) : []);
const text = (value: unknown): string =>
  Array.isArray(value) ? value.map(text).join(", ") : typeof value === "string" ? value : JSON.stringify(value);

function numberAt(from: Json, name: string): number | undefined {
  const value = from[name];
  return typeof value === "number" ? value : undefined;
}

/** Present members only: absence means that nobody knows. */
function withNumbers(from: Json): Partial<ShownOperator> {
  const scan = numberAt(from, "Scan");
  const found: Readonly<Record<string, number | undefined>> = {
    leaf: scan === undefined ? undefined : scan - 1, rows: numberAt(from, "Plan Rows"),
    actualRows: numberAt(from, "Actual Rows"), timeMs: numberAt(from, "Actual Time"), pages: numberAt(from, "Pages"),
    bytes: numberAt(from, "Bytes"), memoryKb: numberAt(from, "Memory"),
  };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined));
}

const ownNames = new Set([
  "Operator", "Name", "Scan", "Inputs", "Plan Rows", "Actual Rows", "Actual Time", "Pages", "Bytes", "Memory",
  "Wide Pages",
]);

function readOperator(from: Json, depth: number, into: ShownOperator[]): void {
  into.push({
    number: into.length, name: text(from["Name"] ?? "operator"), depth,
    details: Object.entries(from).filter(([name]) => !ownNames.has(name))
      .map(([label, value]) => ({ label, text: text(value) })),
    ...withNumbers(from),
  });
  for (const input of objects(from["Inputs"])) readOperator(input, depth + 1, into);
}

function readPlan(node: Json): ShownPlan {
  const operators: ShownOperator[] = [];
  for (const root of objects(node["Engine"])) readOperator(root, 0, operators);
  const [, slot, epoch] = /^(\d+)\/(\d+)$/.exec(text(node["Session"] ?? "")) ?? [];
  return {
    session: slot === undefined ? undefined : { slot: Number(slot), epoch: Number(epoch) },
    operators,
    scans: objects(node["Scans"]).map((scan) => Object.entries(scan).filter(([name]) => name !== "Scan")
      .map(([label, value]) => ({ label, text: text(value) }))),
  };
}

function findPlans(node: unknown, into: ShownPlan[]): void {
  if (Array.isArray(node)) for (const each of node) findPlans(each, into);
  else if (isObject(node)) {
    if (node["Custom Plan Provider"] === "PgFusionScan" && Array.isArray(node["Engine"])) into.push(readPlan(node));
    findPlans(node["Plan"], into);
    findPlans(node["Plans"], into);
  }
}

/** Plans of the engine in the output of EXPLAIN (FORMAT JSON); psql's headings and line marks do not matter. */
export function plansOfExplain(given: string): readonly ShownPlan[] {
  const lines = given.replaceAll(/ *\+$/gm, "");
  const [first, last] = [lines.indexOf("["), lines.lastIndexOf("]")];
  let json: unknown;
  try {
    json = JSON.parse(lines.slice(first, last + 1));
  } catch {
    throw new ExplainReadError("this is not the output of EXPLAIN (FORMAT JSON)");
  }
  const plans: ShownPlan[] = [];
  findPlans(json, plans);
  if (plans.length === 0) throw new ExplainReadError("the plan has no part that pg_fusion runs");
  return plans;
}
