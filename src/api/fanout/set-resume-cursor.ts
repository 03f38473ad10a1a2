/** A subscription as it would be, had its client asked for what comes behind a cursor. */
import {
  type DocumentNode,
  type ExecutionArgs,
  Kind,
  type OperationDefinitionNode,
  parse,
  visit,
} from 'graphql';
import { collectSelection } from './collect-fields.ts';
import type { Sharing } from './operation.ts';

/** Given to the argument where the document gives it no variable. */
const VARIABLE = 'lastEventId';

/** By document, and by the field that takes the argument there: operations of one document may ask for different ones. */
const rewritten = new WeakMap<DocumentNode, Map<string, DocumentNode>>();

/** The same where its field cannot begin in the past. */
export function setResumeCursor(args: ExecutionArgs, cursor: string): ExecutionArgs {
  const selection = collectSelection(args);
  const [node] = [...(selection?.fields.values() ?? [])][0] ?? [];
  const field = node && selection?.type.getFields()[node.name.value];
  const argument = (field?.extensions.sharing as Sharing | undefined)?.resume?.argument;
  if (!node || argument === undefined) return args;
  const given = node.arguments?.find(({ name }) => name.value === argument)?.value;
  if (given?.kind === Kind.VARIABLE) return withVariable(args, given.name.value, cursor);
  const document = documentWith(args.document, node.name.value, argument);
  return withVariable({ ...args, document }, VARIABLE, cursor);
}

function withVariable(args: ExecutionArgs, name: string, value: string): ExecutionArgs {
  return { ...args, variableValues: { ...args.variableValues, [name]: value } };
}

function documentWith(document: DocumentNode, field: string, argument: string): DocumentNode {
  const made = rewritten.get(document) ?? new Map<string, DocumentNode>();
  rewritten.set(document, made);
  const known = made.get(field) ?? withArgument(document, field, argument);
  made.set(field, known);
  return known;
}

/** Every field of that name at the root takes the variable: a subscription has one such field, perhaps in several places. */
function withArgument(document: DocumentNode, field: string, argument: string): DocumentNode {
  const { definitions } = parse(
    `subscription ($${VARIABLE}: String) { ${field}(${argument}: $${VARIABLE}) }`,
  );
  const { variableDefinitions = [], selectionSet } = definitions[0] as OperationDefinitionNode;
  const [template] = selectionSet.selections;
  const [added] = (template?.kind === Kind.FIELD && template.arguments) || [];
  return visit(document, {
    OperationDefinition: (node) => ({
      ...node,
      variableDefinitions: [...(node.variableDefinitions ?? []), ...variableDefinitions],
    }),
    Field: (node) => {
      if (node.name.value !== field || !added) return undefined;
      const others = (node.arguments ?? []).filter(({ name }) => name.value !== argument);
      return { ...node, arguments: [...others, added] };
    },
  });
}
