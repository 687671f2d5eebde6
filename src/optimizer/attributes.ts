// The attributes of a statement's logical plan: every column that an operator makes, numbered through, with the
// operator it comes from. Attributes are added while expressions are translated; operators need not list them.
import { defined } from "#base/assert.js";
import type { Expression } from "#expr/expression.js";
import { columnsRead } from "#expr/traverse.js";
import type { ColumnType } from "#types/column_type.js";
import type { EngineType } from "#types/engine_type.js";

interface Attribute {
  readonly origin: number;
  readonly name: string;
  readonly type: ColumnType;
  readonly isComputed: boolean;
}

export class Attributes {
  private readonly attributes: Attribute[] = [];
  private origins = 0;

  /** A number for an operator that makes attributes. */
  newOrigin(): number {
    return this.origins++;
  }

  add(origin: number, name: string, type: ColumnType, isComputed = false): number {
    this.attributes.push({ origin, name, type, isComputed });
    return this.attributes.length - 1;
  }

  originOf(attribute: number): number {
    return this.at(attribute).origin;
  }

  typeOf(attribute: number): ColumnType {
    return this.at(attribute).type;
  }

  nameOf(attribute: number): string {
    return this.at(attribute).name;
  }

  /** Whether a scan evaluates something for it. */
  isComputed(attribute: number): boolean {
    return this.at(attribute).isComputed;
  }

  retype(attribute: number, engine: EngineType): void {
    const known = this.at(attribute);
    this.attributes[attribute] = { ...known, type: { ...known.type, engine } };
  }

  /** The origins an expression reads. */
  originsRead(expression: Expression): ReadonlySet<number> {
    return new Set([...columnsRead(expression)].map((attribute) => this.originOf(attribute)));
  }

  private at(attribute: number): Attribute {
    return defined(this.attributes[attribute], `attribute ${attribute}`);
  }
}
