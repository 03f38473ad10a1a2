/** What a request selects, collected as GraphQL does when it executes: merged, through fragments, `@skip` and `@include` heeded. */
import {
  type ExecutionArgs,
  type FieldNode,
  type GraphQLObjectType,
  getOperationAST,
  getVariableValues,
  Kind,
} from 'graphql';
import { collectFields, collectSubfields } from 'graphql/execution/collectFields.js';

/** By response key: all nodes that select this field, which have the same name and arguments. */
export type Fields = ReadonlyMap<string, readonly FieldNode[]>;

export interface Selection {
  /** The root type, and the fields of it that are selected. */
  type: GraphQLObjectType;
  fields: Fields;
  /** As the operation declares them, defaults included. */
  variables: Record<string, unknown>;
  /** The fields of an object of this type, which these nodes give. */
  below(type: GraphQLObjectType, nodes: readonly FieldNode[]): Fields;
}

/** Null where the request is none that can be executed: executing it tells why. @throws GraphQLError */
export function collectSelection(args: ExecutionArgs): Selection | null {
  const { document, operationName, schema, variableValues } = args;
  const operation = getOperationAST(document, operationName);
  const type = operation && schema.getRootType(operation.operation);
  if (!operation || !type) return null;
  const { coerced } = getVariableValues(schema, operation.variableDefinitions ?? [], variableValues ?? {});
  if (!coerced) return null;
  const fragments = Object.fromEntries(
    document.definitions
      .filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION)
      .map((fragment) => [fragment.name.value, fragment]),
  );
  return {
    type,
    fields: collectFields(schema, fragments, coerced, type, operation.selectionSet),
    variables: coerced,
    below: (parent, nodes) => collectSubfields(schema, fragments, coerced, parent, nodes),
  };
}
