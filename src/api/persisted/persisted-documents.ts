/** Which document a request asks for, by its text or its id: any, or, where a list is given, those of the list alone. */
import { GraphQLError } from 'graphql';
import type { Requester } from '../../domain/access.ts';
import type { ErrorCode } from '../../errors.ts';

export interface PersistedDocuments {
  byId: ReadonlyMap<string, string>;
  /** All that may be asked by their text: those with an id, and the dashboard's. */
  texts: ReadonlySet<string>;
}

/** What a request says of its document, over whatever transport. */
export interface AskedDocument {
  query?: unknown;
  /** As the appendix of GraphQL over HTTP names it. */
  documentId?: unknown;
  /** `persistedQuery.sha256Hash`: as Apollo's clients name it. */
  extensions?: { persistedQuery?: { sha256Hash?: unknown } | null } | null | undefined;
}

/**
 * @param documents null: there is no list
 * @returns what is to be executed; without a list: as it was given
 * @throws GraphQLError
 */
export function queryOf(
  asked: AskedDocument,
  { principal }: Requester,
  documents: PersistedDocuments | null,
): unknown {
  const { query } = asked;
  const id = idOf(asked);
  // What mien asks itself, and its commands, which may read the database.
  const isListed = documents !== null && principal.kind !== 'SYSTEM' && principal.kind !== 'COMMAND';
  if (!isListed) {
    if (id !== null && !query) throw refusal('PERSISTED_QUERY_NOT_SUPPORTED', 'PersistedQueryNotSupported');
    return query;
  }
  if (id !== null) {
    const text = documents.byId.get(bare(id));
    if (text === undefined) throw refusal('PERSISTED_DOCUMENT_NOT_FOUND', unknown(id));
    return text;
  }
  if (typeof query !== 'string' || !documents.texts.has(query))
    throw refusal('PERSISTED_DOCUMENTS_ONLY', ONLY_LISTED);
  return query;
}

export const ONLY_LISTED =
  'This server answers only the documents that `MIEN_PERSISTED_DOCUMENTS` lists, by their `documentId` or their exact text: it has no GraphiQL and no introspection. What may be asked of others is in schema.graphql.';

/** An id is a hash with or without the name of its method. */
export function bare(id: string): string {
  return id.replace(/^sha256:/, '');
}

function idOf({ documentId, extensions }: AskedDocument): string | null {
  const id = documentId ?? extensions?.persistedQuery?.sha256Hash;
  return typeof id === 'string' ? id : null;
}

function unknown(id: string): string {
  return `There is no document ${JSON.stringify(id.slice(0, 100))} in the list of this server: have the list brought up to date with the client.`;
}

function refusal(code: ErrorCode, message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code } });
}
