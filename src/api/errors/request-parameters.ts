/** What a request may hold beside its query. */
import { GraphQLError } from 'graphql';
import type { Plugin } from 'graphql-yoga';

/**
 * Other parameters than those of GraphQL over HTTP are ignored, as a WebSocket ignores them: clients send some for
 * themselves. Whoever asks by the hash of a persisted query alone is told to send the query, in the words that clients know.
 */
export function useRequestParameters(): Plugin {
  return {
    onParams({ params, setParams }) {
      if (params === null || typeof params !== 'object' || Array.isArray(params)) return;
      const { query, variables, operationName, extensions } = params;
      if (query == null && extensions?.persistedQuery != null) throw notSupported();
      if (operationName != null && typeof operationName !== 'string') throw noName();
      setParams({
        ...(query !== undefined && { query }),
        ...(variables !== undefined && { variables }),
        ...(operationName !== undefined && { operationName }),
        ...(extensions !== undefined && { extensions }),
      });
    },
  };
}

function notSupported(): GraphQLError {
  return new GraphQLError('PersistedQueryNotSupported', {
    extensions: { code: 'PERSISTED_QUERY_NOT_SUPPORTED' },
  });
}

/** What is wrong with the other parameters Yoga says by itself. */
function noName(): GraphQLError {
  return new GraphQLError('Give `operationName` as text, or leave it out.', {
    extensions: { code: 'BAD_REQUEST', http: { status: 400 } },
  });
}
