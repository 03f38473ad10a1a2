/** What the fan-out must know of a subscription before it runs it. */
import {
  type DocumentNode,
  type ExecutionArgs,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLObjectType,
  getArgumentValues,
  getOperationAST,
  getVariableValues,
  Kind,
  print,
  type SelectionSetNode,
} from 'graphql';
import type { SkipPlace } from './delivery.ts';

/** Set on a subscription field: whether one execution may serve all who ask the same. */
export type Shareable = (args: Record<string, unknown>) => boolean;

export interface SubscriptionPlan {
  /** The same for identical subscriptions; null when this one needs an execution of its own. */
  key: string | null;
  skipPlace: SkipPlace;
}

const texts = new WeakMap<DocumentNode, string>();

/** Reads the one root field of a validated subscription. */
export function planSubscription(args: ExecutionArgs): SubscriptionPlan {
  const { document, operationName, schema } = args;
  const operation = getOperationAST(document, operationName);
  const type = schema.getSubscriptionType();
  const fragments = fragmentsOf(document);
  const root = operation && fieldsOf(operation.selectionSet, fragments)[0];
  if (!operation || !type || !root) return { key: null, skipPlace: { root: '', keys: [] } };
  const keys = root.selectionSet
    ? fieldsOf(root.selectionSet, fragments)
        .filter(({ name }) => name.value === 'skippedBefore')
        .map(responseKey)
    : [];
  const { coerced } = getVariableValues(
    schema,
    operation.variableDefinitions ?? [],
    args.variableValues ?? {},
  );
  const key = coerced && isShareable(type, root, coerced) ? keyOf(args, coerced) : null;
  return { key, skipPlace: { root: responseKey(root), keys } };
}

function isShareable(type: GraphQLObjectType, root: FieldNode, variables: Record<string, unknown>): boolean {
  const field = type.getFields()[root.name.value];
  const shareable = field?.extensions.shareable as Shareable | undefined;
  return field !== undefined && shareable?.(getArgumentValues(field, root, variables)) === true;
}

function keyOf({ document, operationName }: ExecutionArgs, variables: Record<string, unknown>): string {
  let text = texts.get(document);
  if (text === undefined) {
    text = print(document);
    texts.set(document, text);
  }
  const sorted = Object.entries(variables).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([operationName ?? null, text, sorted]);
}

function fragmentsOf(document: DocumentNode): Map<string, FragmentDefinitionNode> {
  return new Map(
    document.definitions
      .filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION)
      .map((definition) => [definition.name.value, definition]),
  );
}

/** The fields of a selection, those of its fragments included. */
function fieldsOf(
  { selections }: SelectionSetNode,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
): FieldNode[] {
  return selections.flatMap((selection) => {
    if (selection.kind === Kind.FIELD) return [selection];
    const inner = selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments.get(selection.name.value);
    return inner ? fieldsOf(inner.selectionSet, fragments) : [];
  });
}

function responseKey({ alias, name }: FieldNode): string {
  return (alias ?? name).value;
}
