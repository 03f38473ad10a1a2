/** What one request may ask for. Rules on the text come from graphql-armor; the sizes of pages, which may be variables, are ours. */
import { EnvelopArmor } from '@escape.tech/graphql-armor';
import {
  type ExecutionArgs,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLError,
  type GraphQLNamedType,
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
  const { coerced = {} } = getVariableValues(
    schema,
    operation.variableDefinitions ?? [],
    variableValues ?? {},
  );
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const node of document.definitions)
    if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node);
  const known = new Map<string, number>();

  /** Items below one object of a type. A fragment is counted once, and remembered, however often it is used. */
  const below = ({ selections }: SelectionSetNode, type: GraphQLNamedType): number =>
    selections.reduce((sum, selection) => sum + selected(selection, type), 0);

  const selected = (selection: SelectionNode, type: GraphQLNamedType): number => {
    if (selection.kind === Kind.FIELD) return ofField(selection, type);
    if (selection.kind === Kind.INLINE_FRAGMENT)
      return below(selection.selectionSet, narrowed(selection.typeCondition, type));
    const name = selection.name.value;
    const fragment = fragments.get(name);
    if (!fragment) return 0;
    const items = known.get(name) ?? below(fragment.selectionSet, narrowed(fragment.typeCondition, type));
    known.set(name, items);
    return items;
  };

  const ofField = (field: FieldNode, type: GraphQLNamedType): number => {
    const definition =
      isObjectType(type) || isInterfaceType(type) ? type.getFields()[field.name.value] : undefined;
    if (!definition || !field.selectionSet) return 0;
    const inner = getNamedType(definition.type);
    const items = below(field.selectionSet, inner);
    return isConnection(inner) ? pageSize(field, coerced) * (1 + items) : items;
  };

  const narrowed = (condition: NamedTypeNode | undefined, type: GraphQLNamedType): GraphQLNamedType =>
    (condition && schema.getType(condition.name.value)) ?? type;

  return below(operation.selectionSet, root);
}

function pageSize(field: FieldNode, variables: Record<string, unknown>): number {
  const value = field.arguments?.find(({ name }) => name.value === 'first' || name.value === 'last')?.value;
  const asked = value && valueFromASTUntyped(value, variables);
  return typeof asked === 'number' ? Math.max(0, asked) : DEFAULT_PAGE;
}

function isConnection(type: GraphQLNamedType): boolean {
  return isObjectType(type) && 'pageInfo' in type.getFields();
}
