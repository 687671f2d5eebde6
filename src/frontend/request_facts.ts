// The facts of a planning request by OID, with the rules for what is not among them. Facts describe the catalogue;
// what follows from them for the engine is decided in src/optimizer.
import type {
  CollationFact, ColumnFact, ConditionFact, PlanRequest, RelationFact, TableParameter, TypeFact,
} from "#plan/planning.js";
import { volatileBuiltins } from "./volatile_functions.js";

/** Functions below this OID are the built-in ones, for which no facts travel. */
export const BUILTIN_FUNCTIONS_END = 10000;

/** PG_VERSION_NUM is 150004 for 15.4. */
const VERSIONS_OF_A_MAJOR = 10000;

/** The greatest number of a statement's own parameter. */
const OWN_PARAMETER_MAX = 65535;
/** Beyond those. */
const FIRST_ZONE_PARAMETER = 1 << 20;
const FIRST_ENUM_PARAMETER = 1 << 21;
const FORMATS_PARAMETER = 1 << 22;
const FIRST_LETTERS_PARAMETER = 1 << 23;

/** int2vector and oidvector: arrays, but not what an array of their elements is. */
const vectorTypes: ReadonlySet<number> = new Set([22, 30]);

/** Domains over domains; PostgreSQL allows any depth, nobody writes more. */
const DOMAIN_DEPTH_MAX = 32;

export class RequestFacts {
  /** The server's major version. */
  readonly serverMajor: number;
  /** Joins may filter what their probed leaves deliver. */
  readonly runtimeFilters: boolean;
  /** Whether bytes of text are characters in UTF-8. */
  readonly isUtf8: boolean;
  /** The session's time zone, by name. */
  readonly timeZone: string;
  private readonly zones: readonly string[];
  private readonly enums: readonly number[];
  /** Collations with letters of the C library. */
  private readonly lettered: readonly number[];
  private readonly types: ReadonlyMap<number, TypeFact>;
  private readonly collations: ReadonlyMap<number, CollationFact>;
  private readonly volatilities: ReadonlyMap<number, string>;
  private readonly functionNames: ReadonlyMap<number, string>;
  private readonly relations: ReadonlyMap<number, RelationFact>;
  private readonly conditions: ReadonlyMap<number, ConditionFact>;

  constructor(request: PlanRequest) {
    this.serverMajor = Math.floor(request.serverVersion / VERSIONS_OF_A_MAJOR);
    this.runtimeFilters = request.runtimeFilters;
    this.isUtf8 = request.otherEncoding !== true;
    this.timeZone = request.timeZone;
    this.zones = request.zones ?? [];
    this.enums = request.types.filter(({ kind }) => kind === "e").map(({ oid }) => oid);
    this.lettered = request.collations.filter((fact) => fact.libraryLetters).map(({ oid }) => oid);
    this.types = new Map(request.types.map((fact) => [fact.oid, fact]));
    this.collations = new Map(request.collations.map((fact) => [fact.oid, fact]));
    this.volatilities = new Map(request.functions.map((fact) => [fact.oid, fact.volatility]));
    this.functionNames = new Map(request.functions.map((fact) => [fact.oid, fact.name]));
    this.relations = new Map(request.relations.map((fact) => [fact.rteNode, fact]));
    this.conditions = new Map((request.conditions ?? []).map((fact) => [fact.node, fact]));
  }

  type(oid: number): TypeFact | undefined {
    return this.types.get(oid);
  }

  /** The array type whose elements are of this type, where the request mentions it. */
  arrayType(element: number): number | undefined {
    const isArray = ({ oid, element: of }: TypeFact): boolean => of === element && !vectorTypes.has(oid);
    return [...this.types.values()].find(isArray)?.oid;
  }

  /** The type below all domains; the OID itself when it is no domain or nothing is known of it. */
  baseType(oid: number): number {
    let base = oid;
    for (let depth = 0; depth < DOMAIN_DEPTH_MAX; depth++) {
      const fact = this.types.get(base);
      if (fact === undefined || fact.kind !== "d") return base;
      base = fact.base;
    }
    return oid;
  }

  /** Unknown collations count as nondeterministic: nothing may be concluded from their bytes. */
  isDeterministic(collation: number): boolean {
    return this.collations.get(collation)?.deterministic ?? false;
  }

  isByteOrder(collation: number): boolean {
    return this.collations.get(collation)?.byteOrder ?? false;
  }

  /** Whether upper() and lower() change letters of ASCII alone; a collation may order bytes and know more letters. */
  hasAsciiLetters(collation: number): boolean {
    return this.collations.get(collation)?.asciiLetters ?? false;
  }

  /** Whether a scan can make keys of texts that are ordered as the collation orders these (collation_order.h). */
  hasOrderKeys(collation: number): boolean {
    return this.collations.get(collation)?.orderKeys ?? false;
  }

  isVolatile(functionOid: number): boolean {
    const volatility = this.volatilities.get(functionOid);
    if (volatility !== undefined) return volatility === "v";
    return functionOid >= BUILTIN_FUNCTIONS_END || volatileBuiltins.has(functionOid);
  }

  /** The name of a function, where the request tells it. */
  functionName(functionOid: number): string | undefined {
    return this.functionNames.get(functionOid);
  }

  /** The number of the parameter that is a time zone, by its name, or the session's without one. */
  zoneParameter(name?: string): number | undefined {
    const index = name === undefined ? 0 : this.zones.indexOf(name) + 1;
    return name !== undefined && index === 0 ? undefined : FIRST_ZONE_PARAMETER + index;
  }

  /** The number of the parameter that is the order of an enum's values; undefined for types that are none. */
  enumParameter(type: number): number | undefined {
    const index = this.enums.indexOf(type);
    return index < 0 ? undefined : FIRST_ENUM_PARAMETER + index;
  }

  /** The number of the parameter that tells how the session writes values. */
  formatsParameter(): number {
    return FORMATS_PARAMETER;
  }

  /** The number of the parameter that is the letters of a collation; undefined where these are not the C library's. */
  lettersParameter(collation: number): number | undefined {
    const index = this.lettered.indexOf(collation);
    return index < 0 ? undefined : FIRST_LETTERS_PARAMETER + index;
  }

  /** What a parameter stands for. */
  tableOfParameter(id: number): TableParameter | undefined {
    if (id <= OWN_PARAMETER_MAX) return { id, kind: "own", zone: "", object: 0 };
    const enumType = this.enums[id - FIRST_ENUM_PARAMETER];
    if (enumType !== undefined) return { id, kind: "enum", zone: "", object: enumType };
    if (id === FORMATS_PARAMETER) return { id, kind: "formats", zone: "", object: 0 };
    const collation = this.lettered[id - FIRST_LETTERS_PARAMETER];
    if (collation !== undefined) return { id, kind: "letters", zone: "", object: collation };
    const zone = id === FIRST_ZONE_PARAMETER ? "" : this.zones[id - FIRST_ZONE_PARAMETER - 1];
    return zone === undefined ? undefined : { id, kind: "zone", zone, object: 0 };
  }

  relation(rteNode: number): RelationFact | undefined {
    return this.relations.get(rteNode);
  }

  /** What PostgreSQL expects of a condition over one relation, by the condition's node id. */
  condition(node: number): ConditionFact | undefined {
    return this.conditions.get(node);
  }

  column(relation: RelationFact | undefined, attribute: number): ColumnFact | undefined {
    return relation?.columns.find((column) => column.attribute === attribute);
  }
}
