// Joins of ever more tables that nobody asked for, which the worker plans when it starts: the search for an order is
// most of the planner's code, and cold it takes the first large statement a tenth of a second. The text is what
// PostgreSQL 15 has for SELECT count(*) FROM w t1, ..., w tn WHERE t1.a = t2.a AND t1.b = t3.a AND ..., over
// w(a int4, b int4): chains of two, which is neither the easiest nor the hardest shape. Read next: warm_up_request.ts.
import { encodePlanRequest } from "#codec/planning_message.js";
import type { ColumnFact, RelationFact, TypeFact } from "#plan/planning.js";

const RELATION = 16384;
const INT4 = 23;

/** Tables of the joins, small ones first: each makes the next one faster, and none is long. */
export const practisedJoins: readonly number[] = [4, 8, 10, 12, 12, 12];

function entry(number: number): string {
  return `{RANGETBLENTRY :alias {ALIAS :aliasname t${number} :colnames <>} :eref {ALIAS :aliasname t${number} `
    + `:colnames ("a" "b")} :rtekind 0 :relid ${RELATION} :relkind r :rellockmode 1 :tablesample <> :lateral false `
    + ":inh true :inFromCl true :requiredPerms 2 :checkAsUser 0 :selectedCols (b 8 9) :insertedCols (b) "
    + ":updatedCols (b) :extraUpdatedCols (b) :securityQuals <>}";
}

function variable(table: number, column: number): string {
  return `{VAR :varno ${table} :varattno ${column} :vartype ${INT4} :vartypmod -1 :varcollid 0 :varlevelsup 0 `
    + `:varnosyn ${table} :varattnosyn ${column} :location 0}`;
}

function equality(left: string, right: string): string {
  return "{OPEXPR :opno 96 :opfuncid 65 :opresulttype 16 :opretset false :opcollid 0 :inputcollid 0 "
    + `:args (${left} ${right}) :location 0}`;
}

const COUNT = "{TARGETENTRY :expr {AGGREF :aggfnoid 2803 :aggtype 20 :aggcollid 0 :inputcollid 0 :aggtranstype 0 "
  + ":aggargtypes <> :aggdirectargs <> :args <> :aggorder <> :aggdistinct <> :aggfilter <> :aggstar true "
  + ":aggvariadic false :aggkind n :agglevelsup 0 :aggsplit 0 :aggno -1 :aggtransno -1 :location 7} :resno 1 "
  + ":resname count :ressortgroupref 0 :resorigtbl 0 :resorigcol 0 :resjunk false}";

function queryText(tables: number): string {
  const numbers = Array.from({ length: tables }, (_, index) => index + 1);
  const references = numbers.map((number) => `{RANGETBLREF :rtindex ${number}}`).join(" ");
  // Table n hangs on table n / 2, rounded down.
  const joins = numbers.slice(1).map((number) =>
    equality(variable(Math.floor(number / 2), 1 + (number % 2)), variable(number, 1)));
  const [only] = joins;
  const quals = joins.length === 1 ? only : `{BOOLEXPR :boolop and :args (${joins.join(" ")}) :location -1}`;
  return "{QUERY :commandType 1 :querySource 0 :canSetTag true :utilityStmt <> :resultRelation 0 :hasAggs true "
    + ":hasWindowFuncs false :hasTargetSRFs false :hasSubLinks false :hasDistinctOn false :hasRecursive false "
    + ":hasModifyingCTE false :hasForUpdate false :hasRowSecurity false :isReturn false :cteList <> "
    + `:rtable (${numbers.map(entry).join(" ")}) :jointree {FROMEXPR :fromlist (${references}) :quals ${quals}} `
    + `:targetList (${COUNT}) :override 0 :onConflict <> :returningList <> :groupClause <> :groupDistinct false `
    + ":groupingSets <> :havingQual <> :windowClause <> :distinctClause <> :sortClause <> :limitOffset <> "
    + ":limitCount <> :limitOption 0 :rowMarks <> :setOperations <> :constraintDeps <> :withCheckOptions <> "
    + ":mergeActionList <> :mergeUseOuterJoin false :stmt_location 0 :stmt_len 0}";
}

function type(oid: number, name: string, length: number): TypeFact {
  return { oid, name, length, byValue: true, kind: "b", base: 0, element: 0, hashable: true, bitwiseEqual: true };
}

function column(attribute: number, distinct: number): ColumnFact {
  return { attribute, type: INT4, typmod: -1, collation: 0, notNull: false, averageWidth: 4, distinct };
}

/** Node ids go from the query through its range table: an entry is followed by its alias and its names. */
const FIRST_ENTRY_NODE = 1;
const NODES_PER_ENTRY = 3;

/** The request a backend would send for a join of so many tables. */
export function warmUpJoinRequest(tables: number): Uint8Array {
  const relations = Array.from({ length: tables }, (_, index): RelationFact => ({
    rteNode: FIRST_ENTRY_NODE + NODES_PER_ENTRY * index, relation: RELATION, name: "w", kind: "r",
    rows: 1000 * (1 + (index * 7) % 5), pages: 10, columns: [column(1, 1000), column(2, 100)], uniqueKeys: [[1]],
  }));
  return encodePlanRequest({
    serverVersion: 150000,
    query: new TextEncoder().encode(queryText(tables)),
    types: [type(16, "bool", 1), type(20, "int8", 8), type(INT4, "int4", 4)],
    collations: [],
    functions: [],
    relations,
    explain: true,
    timeZone: "UTC",
    workMemoryKb: 4096,
    runtimeFilters: true,
  });
}
