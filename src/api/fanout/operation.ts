/** What the fan-out must know of a subscription before it runs it. */
import {
  type DocumentNode,
  type ExecutionArgs,
  type FieldNode,
  type FragmentDefinitionNode,
  getArgumentValues,
  getOperationAST,
  getVariableValues,
  Kind,
  print,
  type SelectionSetNode,
  visit,
} from 'graphql';
import type { SkipPlace } from './delivery.ts';

/** Set on a subscription field as its extension `sharing`. */
export interface Sharing {
  /** Whether one execution may serve all who ask the same. */
  isShareable(args: Record<string, unknown>): boolean;
  /** Of a field that can begin in the past, and whose events then come in the order in which everyone gets them. */
  resume?: Resume;
}

export interface Resume {
  /** The argument that says where to begin; without it a subscription is shareable. */
  argument: string;
  /** Whether events have one order, with these arguments. */
  isOrdered(args: Record<string, unknown>): boolean;
  /** The same for the same event, in every execution. */
  positionOf(event: unknown): string;
}

export interface SubscriptionPlan {
  /** The same for identical subscriptions; null when this one needs an execution of its own. */
  key: string | null;
  skipPlace: SkipPlace;
  positionOf: Resume['positionOf'] | null;
  /** The subscription that this one becomes once it has caught up; null when it stays what it is. */
  live: { key: string; args: ExecutionArgs } | null;
}

const texts = new WeakMap<DocumentNode, string>();

/** Reads the one root field of a validated subscription. */
export function planSubscription(args: ExecutionArgs): SubscriptionPlan {
  const { document, operationName, schema } = args;
  const operation = getOperationAST(document, operationName);
  const fragments = fragmentsOf(document);
  const root = operation && fieldsOf(operation.selectionSet, fragments)[0];
  const field = root && schema.getSubscriptionType()?.getFields()[root.name.value];
  if (!operation || !root || !field) return UNSHARED;
  const { variableDefinitions = [] } = operation;
  const { coerced } = getVariableValues(schema, variableDefinitions, args.variableValues ?? {});
  const skipPlace = { root: responseKey(root), keys: skipKeys(root, fragments) };
  const sharing = field.extensions.sharing as Sharing | undefined;
  if (!coerced || !sharing) return { ...UNSHARED, skipPlace };
  const values = getArgumentValues(field, root, coerced);
  const positionOf = sharing.resume?.isOrdered(values) ? sharing.resume.positionOf : null;
  if (sharing.isShareable(values)) return { key: keyOf(args, coerced), skipPlace, positionOf, live: null };
  return { key: null, skipPlace, positionOf, live: positionOf && liveOf(args, root, coerced, sharing) };
}

const UNSHARED: SubscriptionPlan = {
  key: null,
  skipPlace: { root: '', keys: [] },
  positionOf: null,
  live: null,
};

/** The same subscription without its `resume` argument: known where a variable, used for nothing else, gives that. */
function liveOf(
  args: ExecutionArgs,
  root: FieldNode,
  coerced: Record<string, unknown>,
  { resume }: Sharing,
): SubscriptionPlan['live'] {
  const value = root.arguments?.find(({ name }) => name.value === resume?.argument)?.value;
  if (value?.kind !== Kind.VARIABLE || timesUsed(args.document, value.name.value) !== 1) return null;
  const { [value.name.value]: _, ...rest } = coerced;
  return { key: keyOf(args, rest), args: { ...args, variableValues: rest } };
}

function timesUsed(document: DocumentNode, variable: string): number {
  let mentions = 0;
  visit(document, {
    VariableDefinition: () => false,
    Variable: ({ name }) => {
      if (name.value === variable) mentions += 1;
    },
  });
  return mentions;
}

/** Response keys of `skippedBefore` below the root field. */
function skipKeys(root: FieldNode, fragments: ReadonlyMap<string, FragmentDefinitionNode>): string[] {
  if (!root.selectionSet) return [];
  return fieldsOf(root.selectionSet, fragments)
    .filter(({ name }) => name.value === 'skippedBefore')
    .map(responseKey);
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
