// A statement nobody asked for, which the worker plans and runs once when it starts: the first real one then finds
// code that is loaded and warm. It is the text PostgreSQL 15 has for
//   SELECT k, sum(n * (1 - n)), avg(n), count(*) FROM w WHERE d < '2000-01-01' GROUP BY k
// over w(k text, n numeric(15,2), d date). Another major version may refuse it; then only less is warm.
import { encodePlanRequest } from "#codec/planning_message.js";
import type { ColumnFact, TypeFact } from "#plan/planning.js";

const text = `
{QUERY :commandType 1 :querySource 0 :canSetTag true :utilityStmt <> :resultRelation 0 :hasAggs true
:hasWindowFuncs false :hasTargetSRFs false :hasSubLinks false :hasDistinctOn false :hasRecursive false
:hasModifyingCTE false :hasForUpdate false :hasRowSecurity false :isReturn false :cteList <> :rtable
({RANGETBLENTRY :alias <> :eref {ALIAS :aliasname w :colnames ("k" "n" "d")} :rtekind 0 :relid 16384 :relkind
r :rellockmode 1 :tablesample <> :lateral false :inh true :inFromCl true :requiredPerms 2 :checkAsUser 0
:selectedCols (b 8 9 10) :insertedCols (b) :updatedCols (b) :extraUpdatedCols (b) :securityQuals <>})
:jointree {FROMEXPR :fromlist ({RANGETBLREF :rtindex 1}) :quals {OPEXPR :opno 1095 :opfuncid 1087
:opresulttype 16 :opretset false :opcollid 0 :inputcollid 0 :args ({VAR :varno 1 :varattno 3 :vartype 1082
:vartypmod -1 :varcollid 0 :varlevelsup 0 :varnosyn 1 :varattnosyn 3 :location 58} {CONST :consttype 1082
:consttypmod -1 :constcollid 0 :constlen 4 :constbyval true :constisnull false :location 62 :constvalue 4 [ 0
0 0 0 0 0 0 0 ]}) :location 60}} :targetList ({TARGETENTRY :expr {VAR :varno 1 :varattno 1 :vartype 25
:vartypmod -1 :varcollid 100 :varlevelsup 0 :varnosyn 1 :varattnosyn 1 :location 7} :resno 1 :resname k
:ressortgroupref 1 :resorigtbl 16384 :resorigcol 1 :resjunk false} {TARGETENTRY :expr {AGGREF :aggfnoid 2114
:aggtype 1700 :aggcollid 0 :inputcollid 0 :aggtranstype 0 :aggargtypes (o 1700) :aggdirectargs <> :args
({TARGETENTRY :expr {OPEXPR :opno 1760 :opfuncid 1726 :opresulttype 1700 :opretset false :opcollid 0
:inputcollid 0 :args ({VAR :varno 1 :varattno 2 :vartype 1700 :vartypmod 983046 :varcollid 0 :varlevelsup 0
:varnosyn 1 :varattnosyn 2 :location 14} {OPEXPR :opno 1759 :opfuncid 1725 :opresulttype 1700 :opretset false
:opcollid 0 :inputcollid 0 :args ({FUNCEXPR :funcid 1740 :funcresulttype 1700 :funcretset false :funcvariadic
false :funcformat 2 :funccollid 0 :inputcollid 0 :args ({CONST :consttype 23 :consttypmod -1 :constcollid 0
:constlen 4 :constbyval true :constisnull false :location 19 :constvalue 4 [ 1 0 0 0 0 0 0 0 ]}) :location -1}
{VAR :varno 1 :varattno 2 :vartype 1700 :vartypmod 983046 :varcollid 0 :varlevelsup 0 :varnosyn 1 :varattnosyn
2 :location 23}) :location 21}) :location 16} :resno 1 :resname <> :ressortgroupref 0 :resorigtbl 0
:resorigcol 0 :resjunk false}) :aggorder <> :aggdistinct <> :aggfilter <> :aggstar false :aggvariadic false
:aggkind n :agglevelsup 0 :aggsplit 0 :aggno -1 :aggtransno -1 :location 10} :resno 2 :resname sum
:ressortgroupref 0 :resorigtbl 0 :resorigcol 0 :resjunk false} {TARGETENTRY :expr {AGGREF :aggfnoid 2103
:aggtype 1700 :aggcollid 0 :inputcollid 0 :aggtranstype 0 :aggargtypes (o 1700) :aggdirectargs <> :args
({TARGETENTRY :expr {VAR :varno 1 :varattno 2 :vartype 1700 :vartypmod 983046 :varcollid 0 :varlevelsup 0
:varnosyn 1 :varattnosyn 2 :location 32} :resno 1 :resname <> :ressortgroupref 0 :resorigtbl 0 :resorigcol 0
:resjunk false}) :aggorder <> :aggdistinct <> :aggfilter <> :aggstar false :aggvariadic false :aggkind n
:agglevelsup 0 :aggsplit 0 :aggno -1 :aggtransno -1 :location 28} :resno 3 :resname avg :ressortgroupref 0
:resorigtbl 0 :resorigcol 0 :resjunk false} {TARGETENTRY :expr {AGGREF :aggfnoid 2803 :aggtype 20 :aggcollid 0
:inputcollid 0 :aggtranstype 0 :aggargtypes <> :aggdirectargs <> :args <> :aggorder <> :aggdistinct <>
:aggfilter <> :aggstar true :aggvariadic false :aggkind n :agglevelsup 0 :aggsplit 0 :aggno -1 :aggtransno -1
:location 36} :resno 4 :resname count :ressortgroupref 0 :resorigtbl 0 :resorigcol 0 :resjunk false})
:override 0 :onConflict <> :returningList <> :groupClause ({SORTGROUPCLAUSE :tleSortGroupRef 1 :eqop 98
:sortop 664 :nulls_first false :hashable true}) :groupDistinct false :groupingSets <> :havingQual <>
:windowClause <> :distinctClause <> :sortClause <> :limitOffset <> :limitCount <> :limitOption 0 :rowMarks <>
:setOperations <> :constraintDeps <> :withCheckOptions <> :mergeActionList <> :mergeUseOuterJoin false
:stmt_location 0 :stmt_len 0}
`;

function type(oid: number, name: string, length: number, byValue: boolean): TypeFact {
  return { oid, name, length, byValue, kind: "b", base: 0, element: 0, hashable: true, bitwiseEqual: byValue };
}

function column(attribute: number, typeOid: number, typmod: number, collation: number): ColumnFact {
  return { attribute, type: typeOid, typmod, collation, notNull: false, averageWidth: 8 };
}

/** Node id of the range table entry: the first after the query itself. */
const RTE_NODE = 1;

/** The request a backend would send for it. */
export function warmUpRequest(): Uint8Array {
  return encodePlanRequest({
    serverVersion: 150000,
    query: new TextEncoder().encode(text.trim().replaceAll("\n", " ")),
    types: [
      type(16, "bool", 1, true), type(20, "int8", 8, true), type(23, "int4", 4, true), type(25, "text", -1, false),
      type(1082, "date", 4, true), type(1700, "numeric", -1, false),
    ],
    collations: [{
      oid: 100, deterministic: true, byteOrder: false, asciiLetters: false, libraryLetters: false, orderKeys: false,
    }],
    functions: [],
    relations: [{
      rteNode: RTE_NODE, relation: 16384, name: "w", kind: "r", rows: 1000, pages: 10,
      columns: [column(1, 25, -1, 100), column(2, 1700, 983046, 0), column(3, 1082, -1, 0)],
    }],
    explain: true,
    timeZone: "UTC",
    workMemoryKb: 4096,
    runtimeFilters: false,
  });
}
