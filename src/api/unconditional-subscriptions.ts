/** The one field of a subscription is not conditional (as the GraphQL specification will have it): without it nothing is subscribed to. */
import { type DocumentNode, GraphQLError, Kind, type SelectionNode, type SelectionSetNode } from 'graphql';
import type { Plugin } from 'graphql-yoga';

/** graphql-js 16 looks at such directives before it knows any variable, and throws. */
export function unconditionalSubscriptions(): Plugin {
  return {
    onValidate({ params, setResult }) {
      const nodes = conditionalRoots(params.documentAST);
      if (nodes.length === 0) return;
      const message =
        'The field of a subscription takes no `@skip` and no `@include`: leave the whole subscription out.';
      setResult([new GraphQLError(message, { nodes, extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } })]);
    },
  };
}

function conditionalRoots({ definitions }: DocumentNode): SelectionNode[] {
  const seen = new Set<string>();
  const within = ({ selections }: SelectionSetNode): SelectionNode[] =>
    selections.flatMap((selection) => {
      if (selection.directives?.some(({ name }) => name.value === 'skip' || name.value === 'include'))
        return [selection];
      if (selection.kind === Kind.FIELD) return [];
      if (selection.kind === Kind.INLINE_FRAGMENT) return within(selection.selectionSet);
      const { value } = selection.name;
      if (seen.has(value)) return [];
      seen.add(value);
      return definitions.flatMap((fragment) =>
        fragment.kind === Kind.FRAGMENT_DEFINITION && fragment.name.value === value
          ? within(fragment.selectionSet)
          : [],
      );
    });
  return definitions.flatMap((definition) =>
    definition.kind === Kind.OPERATION_DEFINITION && definition.operation === 'subscription'
      ? within(definition.selectionSet)
      : [],
  );
}
