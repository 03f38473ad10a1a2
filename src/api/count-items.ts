/** How many items a request may be answered with, by the sizes of its pages and lists, before anything is read. */
import {
  type ExecutionArgs,
  type FieldNode,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isObjectType,
  valueFromASTUntyped,
} from 'graphql';
import { MienError } from '../errors.ts';
import { collectSelection, type Fields, type Selection } from './fanout/collect-fields.ts';
import { DEFAULT_PAGE } from './schema/builder.ts';
import type { Sized } from './schema/list-sizes.ts';

/** @throws MienError BAD_INPUT: a page from both ends; GraphQLError */
export function countItems(args: ExecutionArgs): number {
  const selection = collectSelection(args);
  return selection ? new ItemCounter(args.schema, selection).count() : 0;
}

class ItemCounter {
  readonly #schema: GraphQLSchema;
  readonly #selection: Selection;

  constructor(schema: GraphQLSchema, selection: Selection) {
    this.#schema = schema;
    this.#selection = selection;
  }

  count(): number {
    return this.#countFields(this.#selection.type, this.#selection.fields);
  }

  #countFields(type: GraphQLObjectType, fields: Fields): number {
    return [...fields.values()].reduce((sum, nodes) => sum + this.#countField(type, nodes), 0);
  }

  #countField(type: GraphQLObjectType, nodes: readonly FieldNode[]): number {
    const [node] = nodes;
    const field = node && type.getFields()[node.name.value];
    if (!field) return 0;
    const below = this.#countBelow(getNamedType(field.type), nodes);
    const size = sizeOf(field, argumentsOf(node, this.#selection.variables));
    // A list of nothing is looked for, too.
    return size === null ? below : Math.max(1, size * (1 + below));
  }

  /** Of one object, whichever of its possible types it has. */
  #countBelow(type: GraphQLNamedType, nodes: readonly FieldNode[]): number {
    if (isObjectType(type)) return this.#countFields(type, this.#selection.below(type, nodes));
    if (!isAbstractType(type)) return 0;
    return Math.max(
      ...this.#schema.getPossibleTypes(type).map((possible) => this.#countBelow(possible, nodes)),
    );
  }
}

/** How many items a field gives at most; null: it is no list that grows. */
function sizeOf(field: GraphQLField<unknown, unknown>, args: Record<string, unknown>): number | null {
  const { first, last } = args;
  if (isConnection(getNamedType(field.type))) {
    if (first != null && last != null) throw fromBothEnds(field.name);
    return pageSize(first ?? last);
  }
  const { items } = field.extensions as Partial<Sized>;
  return items ? items(args) : null;
}

function pageSize(asked: unknown): number {
  return typeof asked === 'number' ? Math.max(0, asked) : DEFAULT_PAGE;
}

function isConnection(type: GraphQLNamedType): boolean {
  return isObjectType(type) && 'pageInfo' in type.getFields();
}

/** As they are given: whether they are right is judged when the field is executed. */
function argumentsOf(node: FieldNode, variables: Record<string, unknown>): Record<string, unknown> {
  const given = node.arguments ?? [];
  return Object.fromEntries(
    given.map(({ name, value }) => [name.value, valueFromASTUntyped(value, variables)]),
  );
}

function fromBothEnds(name: string): MienError {
  return new MienError(
    'BAD_INPUT',
    `\`${name}\` takes \`first\` with \`after\`, or \`last\` with \`before\`: not \`first\` and \`last\` together.`,
  );
}
