/** What one request may ask for. Rules on the text come from graphql-armor; the sizes of pages, which may be variables, are ours. */
import { EnvelopArmor } from '@escape.tech/graphql-armor';
import {
  type DocumentNode,
  type ExecutionArgs,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLError,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  getOperationAST,
  getVariableValues,
  isInterfaceType,
  isObjectType,
  Kind,
  type NamedTypeNode,
  type SelectionNode,
  type SelectionSetNode,
  valueFromASTUntyped,
} from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { MienError } from '../errors.ts';
import { DEFAULT_PAGE } from './schema/builder.ts';

/** Items of all pages of one request together. */
export const MAX_ITEMS = 10_000;

export const LIMITS = { depth: 12, tokens: 1000, aliases: 15, directives: 10, cost: 100_000 } as const;

/** Depth, cost, aliases, directives and tokens. Introspection stays, for GraphiQL and code generators. */
export function documentLimits(): Plugin[] {
  const armor = new EnvelopArmor({
    maxDepth: { n: LIMITS.depth, onReject },
    maxTokens: { n: LIMITS.tokens, onReject },
    maxAliases: { n: LIMITS.aliases, onReject },
    maxDirectives: { n: LIMITS.directives, onReject },
    costLimit: { maxCost: LIMITS.cost, onReject },
    blockFieldSuggestion: { enabled: false },
  });
  return armor.protect().plugins as unknown as Plugin[];
}

/** The armour calls what is too large a syntax error, and gives it no code. */
const onReject = [
  (_context: unknown, error: GraphQLError): void => {
    error.message = `${error.message.replace(/^Syntax Error: /, '').replace(/\.$/, '')}: ask for less at a time.`;
    error.extensions.code = 'QUERY_TOO_LARGE';
  },
];

/** Refuses pages within pages that would come to more than MAX_ITEMS, sizes given by variables included. */
export function itemLimit(): Plugin {
  return {
    onExecute({ args }) {
      assertItemLimit(args);
    },
  };
}

/** @throws MienError BAD_INPUT */
export function assertItemLimit(args: ExecutionArgs): void {
  const items = countItems(args);
  if (items <= MAX_ITEMS) return;
  throw new MienError(
    'BAD_INPUT',
    `This asks for up to ${items} items in one request, and ${MAX_ITEMS} is the most: ask for smaller pages with \`first\`.`,
  );
}

function countItems({ document, operationName, schema, variableValues }: ExecutionArgs): number {
  const operation = getOperationAST(document, operationName);
  const root = operation && schema.getRootType(operation.operation);
  if (!operation || !root) return 0;
  const { variableDefinitions = [], selectionSet } = operation;
  const { coerced = {} } = getVariableValues(schema, variableDefinitions, variableValues ?? {});
  return new ItemCounter(schema, document, coerced).countBelow(selectionSet, root);
}

/** Counts what a selection may give, by the sizes of its pages. */
class ItemCounter {
  readonly #schema: GraphQLSchema;
  readonly #variables: Record<string, unknown>;
  readonly #fragments = new Map<string, FragmentDefinitionNode>();
  /** A fragment is counted once, however often it is used. */
  readonly #counted = new Map<string, number>();

  constructor(schema: GraphQLSchema, { definitions }: DocumentNode, variables: Record<string, unknown>) {
    this.#schema = schema;
    this.#variables = variables;
    for (const node of definitions)
      if (node.kind === Kind.FRAGMENT_DEFINITION) this.#fragments.set(node.name.value, node);
  }

  /** Items below one object of a type. */
  countBelow({ selections }: SelectionSetNode, type: GraphQLNamedType): number {
    return selections.reduce((sum, selection) => sum + this.#countSelection(selection, type), 0);
  }

  #countSelection(selection: SelectionNode, type: GraphQLNamedType): number {
    if (selection.kind === Kind.FIELD) return this.#countField(selection, type);
    if (selection.kind === Kind.INLINE_FRAGMENT)
      return this.countBelow(selection.selectionSet, this.#narrow(selection.typeCondition, type));
    const name = selection.name.value;
    const fragment = this.#fragments.get(name);
    if (!fragment) return 0;
    const items =
      this.#counted.get(name) ??
      this.countBelow(fragment.selectionSet, this.#narrow(fragment.typeCondition, type));
    this.#counted.set(name, items);
    return items;
  }

  #countField(field: FieldNode, type: GraphQLNamedType): number {
    const definition =
      isObjectType(type) || isInterfaceType(type) ? type.getFields()[field.name.value] : undefined;
    if (!definition || !field.selectionSet) return 0;
    const inner = getNamedType(definition.type);
    const items = this.countBelow(field.selectionSet, inner);
    return isConnection(inner) ? pageSize(field, this.#variables) * (1 + items) : items;
  }

  #narrow(condition: NamedTypeNode | undefined, type: GraphQLNamedType): GraphQLNamedType {
    return (condition && this.#schema.getType(condition.name.value)) ?? type;
  }
}

function pageSize(field: FieldNode, variables: Record<string, unknown>): number {
  const value = field.arguments?.find(({ name }) => name.value === 'first' || name.value === 'last')?.value;
  const asked = value && valueFromASTUntyped(value, variables);
  return typeof asked === 'number' ? Math.max(0, asked) : DEFAULT_PAGE;
}

function isConnection(type: GraphQLNamedType): boolean {
  return isObjectType(type) && 'pageInfo' in type.getFields();
}
