/** What the fan-out must know of a subscription before it runs it. */
import {
  type DocumentNode,
  type ExecutionArgs,
  type FieldNode,
  type GraphQLNamedType,
  getArgumentValues,
  getNamedType,
  isObjectType,
  Kind,
  locatedError,
  print,
  visit,
} from 'graphql';
import { accessKey, type Requester } from '../../domain/access.ts';
import { collectSelection, type Selection } from './collect-fields.ts';
import type { SkipPlace } from './delivery.ts';

/** Set on a subscription field as its extension `sharing`: one execution may serve all who ask the same from now on. */
export interface Sharing {
  /** Of a field that can begin in the past, and whose events then come in the order in which everyone gets them. */
  resume?: Resume;
}

export interface Resume {
  /** The argument that says where to begin; with it a subscription has an execution of its own, until it has caught up. */
  argument: string;
  /** What that argument takes to go on behind the event. Executions with the same one have the same events to come. */
  cursorOf(event: unknown): string;
  /** What that argument takes for all that a subscription without it, begun now, will get. */
  cursorOfNow(args: Record<string, unknown>, context: unknown): Promise<string>;
}

export interface SubscriptionPlan {
  /** The same for identical subscriptions; null when this one needs an execution of its own. */
  key: string | null;
  skipPlace: SkipPlace;
  cursorOf: Resume['cursorOf'] | null;
  /** The cursor that it begins behind; null where sources of this kind cannot be resumed. @throws GraphQLError */
  begin: ((context: unknown) => Promise<string>) | null;
  /** The subscription that this one becomes once it has caught up; null when it stays what it is. */
  live: { key: string; args: ExecutionArgs } | null;
}

const texts = new WeakMap<DocumentNode, string>();

/** Reads the one root field of a validated subscription. @throws GraphQLError */
export function planSubscription(args: ExecutionArgs): SubscriptionPlan {
  const selection = collectSelection(args);
  const [root] = selection?.fields ?? [];
  if (!selection || !root) return UNSHARED;
  const [key, nodes] = root;
  const [node] = nodes;
  const field = node && selection.type.getFields()[node.name.value];
  if (!field) return UNSHARED;
  const skipPlace = { root: key, keys: skipKeys(selection, getNamedType(field.type), nodes) };
  const sharing = field.extensions.sharing as Sharing | undefined;
  if (!sharing) return { ...UNSHARED, skipPlace };
  const { variables } = selection;
  const { resume } = sharing;
  const values = getArgumentValues(field, node, variables);
  const begin = resume ? beginOf(resume, values, key, nodes) : null;
  const told = {
    ...{ skipPlace, begin },
    cursorOf: resume?.cursorOf ?? null,
  };
  if (!resume || values[resume.argument] == null) {
    return { ...told, key: keyOf(args, variables), live: null };
  }
  return { ...told, key: null, live: liveOf(args, nodes, variables, resume) };
}

const UNSHARED: SubscriptionPlan = {
  key: null,
  skipPlace: { root: '', keys: [] },
  cursorOf: null,
  begin: null,
  live: null,
};

function beginOf(
  { argument, cursorOfNow }: Resume,
  values: Record<string, unknown>,
  key: string,
  nodes: readonly FieldNode[],
): NonNullable<SubscriptionPlan['begin']> {
  return async (context) => {
    const after = values[argument];
    if (after != null) return String(after);
    try {
      return await cursorOfNow(values, context);
    } catch (error) {
      throw locatedError(error, nodes, [key]);
    }
  };
}

/** The same subscription without its `resume` argument: known where a variable, used for nothing else, gives that. */
function liveOf(
  args: ExecutionArgs,
  nodes: readonly FieldNode[],
  variables: Record<string, unknown>,
  { argument }: Resume,
): SubscriptionPlan['live'] {
  const value = nodes[0]?.arguments?.find(({ name }) => name.value === argument)?.value;
  if (value?.kind !== Kind.VARIABLE) return null;
  if (timesUsed(args.document, value.name.value) !== nodes.length) return null;
  const { [value.name.value]: _, ...rest } = variables;
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
function skipKeys(selection: Selection, type: GraphQLNamedType, nodes: readonly FieldNode[]): string[] {
  if (!isObjectType(type)) return [];
  return [...selection.below(type, nodes)]
    .filter(([, [field]]) => field?.name.value === 'skippedBefore')
    .map(([key]) => key);
}

/** Who asks, from the context that a subscription was prepared with. */
export function requesterOf({ contextValue }: ExecutionArgs): Requester {
  return (contextValue as { requester: Requester }).requester;
}

/** Shared by those who ask the same and are answered the same. */
function keyOf(args: ExecutionArgs, variables: Record<string, unknown>): string {
  const { document, operationName } = args;
  let text = texts.get(document);
  if (text === undefined) {
    text = print(document);
    texts.set(document, text);
  }
  const sorted = Object.entries(variables).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([accessKey(requesterOf(args).principal), operationName ?? null, text, sorted]);
}
