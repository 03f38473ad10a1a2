/** What a request may hold beside its query. */
import { GraphQLError } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { Requester } from '../../domain/access.ts';
import { type AskedDocument, type PersistedDocuments, queryOf } from './persisted-documents.ts';

/**
 * Other parameters than those of GraphQL over HTTP are ignored, as a WebSocket ignores them: clients send some for
 * themselves. What is executed is the document that the request gives or names.
 *
 * @param documents those that may be asked; null: any
 */
export function useRequestParameters(
  documents: PersistedDocuments | null,
): Plugin<object, { requester: Requester }> {
  return {
    onParams({ params, setParams, request, context }) {
      if (params === null || typeof params !== 'object' || Array.isArray(params)) return;
      const { variables, operationName, extensions } = params;
      const documentId = (params as AskedDocument).documentId ?? documentIdIn(request.url);
      const query = queryOf({ ...params, documentId }, context.requester, documents) as typeof params.query;
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

/** Of an address, Yoga reads the other parameters by itself. */
function documentIdIn(url: string): string | null {
  return new URLSearchParams(url.slice(url.indexOf('?') + 1)).get('documentId');
}

/** What is wrong with the other parameters Yoga says by itself. */
function noName(): GraphQLError {
  return new GraphQLError('Give `operationName` as text, or leave it out.', {
    extensions: { code: 'BAD_REQUEST', http: { status: 400 } },
  });
}
