// Wire form of the planning conversation (schemas/control/planning.fbs) to and from the records of
// src/plan/planning.ts. Requests are decoded by the worker, answers encoded by it; the other directions
// serve tests and recorded traces.
import { malformedMessage } from "#base/errors.js";
import { CollationFact as CollationTable } from "#generated/control/collation-fact.js";
import { ColumnFact as ColumnTable } from "#generated/control/column-fact.js";
import { ConditionFact as ConditionTable } from "#generated/control/condition-fact.js";
import { FunctionFact as FunctionTable } from "#generated/control/function-fact.js";
import { PlanRequest as RequestTable } from "#generated/control/plan-request.js";
import { RelationFact as RelationTable } from "#generated/control/relation-fact.js";
import { TypeFact as TypeTable } from "#generated/control/type-fact.js";
import { UniqueKey as UniqueKeyTable } from "#generated/control/unique-key.js";
import { PLANNING_VERSION } from "#plan/planning.js";
import type {
  CollationFact, ColumnFact, ConditionFact, FunctionFact, PlanRequest, RelationFact, TypeFact,
} from "#plan/planning.js";
import { Builder } from "flatbuffers";
import {
  asciiCharacter, asciiCode, checkVersion, decodeMessage, readVector,
} from "./flatbuffer_vector.js";

function readType(table: TypeTable): TypeFact {
  return {
    oid: table.oid(),
    name: table.name() ?? "",
    length: table.length(),
    byValue: table.byValue(),
    kind: asciiCharacter(table.kind()),
    base: table.base(),
    element: table.element(),
    hashable: table.hashable(),
    bitwiseEqual: table.bitwiseEqual(),
  };
}

function readCollation(table: CollationTable): CollationFact {
  return {
    oid: table.oid(), deterministic: table.deterministic(), byteOrder: table.byteOrder(),
    asciiLetters: table.asciiLetters(), libraryLetters: table.libraryLetters(), orderKeys: table.orderKeys(),
  };
}

function readFunction(table: FunctionTable): FunctionFact {
  return {
    oid: table.oid(),
    name: table.name() ?? "",
    volatility: asciiCharacter(table.volatility()),
    parallel: asciiCharacter(table.parallel()),
    strict: table.strict(),
    leakproof: table.leakproof(),
  };
}

function readColumn(table: ColumnTable): ColumnFact {
  return {
    attribute: table.attribute(),
    type: table.type(),
    typmod: table.typmod(),
    collation: table.collation(),
    notNull: table.notNull(),
    averageWidth: table.averageWidth(),
    distinct: table.distinct(),
    nullFraction: table.nullFraction(),
  };
}

function readUniqueKey(table: UniqueKeyTable): readonly number[] {
  return Array.from({ length: table.attributesLength() }, (_, index) => table.attributes(index) ?? 0);
}

/** ConditionFact.bound by its code. */
const bounds = ["none", "upper", "lower"] as const;

function readCondition(table: ConditionTable): ConditionFact {
  return { node: table.node(), selectivity: table.selectivity(), bound: bounds[table.bound()] ?? "none" };
}

function readRelation(table: RelationTable): RelationFact {
  return {
    rteNode: table.rteNode(),
    relation: table.relation(),
    name: table.name() ?? "",
    kind: asciiCharacter(table.kind()),
    rows: table.rows(),
    pages: table.pages(),
    columns: readVector("columns", table.columnsLength(), (i) => table.columns(i), readColumn),
    uniqueKeys: readVector(
      "unique keys", table.uniqueKeysLength(), (i) => table.uniqueKeys(i), readUniqueKey),
  };
}

/** Reads a PlanRequest; the query text is viewed, not copied. */
export function decodePlanRequest(payload: Uint8Array): PlanRequest {
  return decodeMessage("PlanRequest", payload, (buffer) => {
    const table = RequestTable.getRootAsPlanRequest(buffer);
    checkVersion("PlanRequest", table.version(), PLANNING_VERSION);
    const query = table.queryArray();
    if (query === null) throw malformedMessage("pg_fusion: PlanRequest has no query");
    return {
      serverVersion: table.serverVersion(),
      query,
      types: readVector("types", table.typesLength(), (i) => table.types(i), readType),
      collations: readVector(
        "collations", table.collationsLength(), (i) => table.collations(i), readCollation),
      functions: readVector(
        "functions", table.functionsLength(), (i) => table.functions(i), readFunction),
      relations: readVector(
        "relations", table.relationsLength(), (i) => table.relations(i), readRelation),
      explain: table.explain(),
      timeZone: table.timeZone() ?? "",
      workMemoryKb: table.workMemoryKb(),
      conditions: readVector(
        "conditions", table.conditionsLength(), (i) => table.conditions(i), readCondition),
      runtimeFilters: table.runtimeFilters(),
      otherEncoding: table.otherEncoding(),
      zones: readVector("zones", table.zonesLength(), (i) => table.zones(i), (name) => name),
    };
  });
}

function writeType(builder: Builder, fact: TypeFact): number {
  return TypeTable.createTypeFact(
    builder, fact.oid, builder.createString(fact.name), fact.length, fact.byValue,
    asciiCode(fact.kind), fact.base, fact.element, fact.hashable, fact.bitwiseEqual);
}

function writeCollation(builder: Builder, fact: CollationFact): number {
  return CollationTable.createCollationFact(
    builder, fact.oid, fact.deterministic, fact.byteOrder, fact.asciiLetters, fact.libraryLetters, fact.orderKeys);
}

function writeFunction(builder: Builder, fact: FunctionFact): number {
  return FunctionTable.createFunctionFact(
    builder, fact.oid, builder.createString(fact.name), asciiCode(fact.volatility),
    asciiCode(fact.parallel), fact.strict, fact.leakproof);
}

function writeColumn(builder: Builder, fact: ColumnFact): number {
  return ColumnTable.createColumnFact(
    builder, fact.attribute, fact.type, fact.typmod, fact.collation, fact.notNull,
    fact.averageWidth, fact.distinct ?? 0, fact.nullFraction ?? 0);
}

function writeUniqueKey(builder: Builder, attributes: readonly number[]): number {
  return UniqueKeyTable.createUniqueKey(
    builder, UniqueKeyTable.createAttributesVector(builder, [...attributes]));
}

function writeCondition(builder: Builder, fact: ConditionFact): number {
  return ConditionTable.createConditionFact(builder, fact.node, fact.selectivity, bounds.indexOf(fact.bound));
}

function writeRelation(builder: Builder, fact: RelationFact): number {
  const columns = RelationTable.createColumnsVector(
    builder, fact.columns.map((column) => writeColumn(builder, column)));
  const uniqueKeys = RelationTable.createUniqueKeysVector(
    builder, (fact.uniqueKeys ?? []).map((key) => writeUniqueKey(builder, key)));
  return RelationTable.createRelationFact(
    builder, fact.rteNode, fact.relation, builder.createString(fact.name), asciiCode(fact.kind),
    fact.rows, fact.pages, columns, uniqueKeys);
}

/** Writes a PlanRequest as the backend would. */
export function encodePlanRequest(request: PlanRequest): Uint8Array {
  const builder = new Builder(1024 + request.query.length);
  const query = builder.createByteVector(request.query);
  const types = RequestTable.createTypesVector(
    builder, request.types.map((fact) => writeType(builder, fact)));
  const collations = RequestTable.createCollationsVector(
    builder, request.collations.map((fact) => writeCollation(builder, fact)));
  const functions = RequestTable.createFunctionsVector(
    builder, request.functions.map((fact) => writeFunction(builder, fact)));
  const relations = RequestTable.createRelationsVector(
    builder, request.relations.map((fact) => writeRelation(builder, fact)));
  const conditions = RequestTable.createConditionsVector(
    builder, (request.conditions ?? []).map((fact) => writeCondition(builder, fact)));
  const zones = RequestTable.createZonesVector(
    builder, (request.zones ?? []).map((name) => builder.createString(name)));
  builder.finish(RequestTable.createPlanRequest(
    builder, PLANNING_VERSION, request.serverVersion, query, types, collations, functions,
    relations, request.explain, builder.createString(request.timeZone), request.workMemoryKb, conditions,
    request.runtimeFilters, request.otherEncoding ?? false, zones));
  return builder.asUint8Array();
}
