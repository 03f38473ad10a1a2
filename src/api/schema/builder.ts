/** The one schema builder, to which every file of this folder adds its types and fields. */
import SchemaBuilder from '@pothos/core';
import DataloaderPlugin from '@pothos/plugin-dataloader';
import PrismaPlugin from '@pothos/plugin-prisma';
import RelayPlugin from '@pothos/plugin-relay';
import ScopeAuthPlugin from '@pothos/plugin-scope-auth';
import ValidationPlugin from '@pothos/plugin-validation';
import { z } from 'zod';
import { MienError } from '../../errors.ts';
import type PrismaTypes from '../../store/generated/pothos.ts';
import { getDatamodel } from '../../store/generated/pothos.ts';
import type { Context } from '../context/context.ts';
import { AS_PARENT, forbidden, type Scopes, scopesOf } from './access.ts';

export const DEFAULT_PAGE = 20;
export const MAX_PAGE = 1000;

const pageSize = (name: string) =>
  z
    .number()
    .int()
    .min(0, `\`${name}\` must be 0 or more.`)
    .max(MAX_PAGE, `\`${name}\` must be at most ${MAX_PAGE}; ask for the next page with \`after\`.`)
    .nullish();

export const builder = new SchemaBuilder<{
  Context: Context;
  PrismaTypes: PrismaTypes;
  AuthScopes: Scopes;
  Scalars: { DateTime: { Input: Date; Output: Date } };
  DefaultFieldNullability: false;
  DefaultEdgesNullability: { list: false; items: false };
  DefaultNodeNullability: false;
}>({
  plugins: [ScopeAuthPlugin, PrismaPlugin, RelayPlugin, DataloaderPlugin, ValidationPlugin],
  defaultFieldNullability: false,
  scopeAuth: {
    authScopes: scopesOf,
    // Once, when it begins: an event that is pushed costs no look at anybody's role.
    authorizeOnSubscribe: true,
    unauthorizedError: (_parent, { requester }, _info, { failure }) =>
      forbidden(requester.principal, failure),
  },
  prisma: {
    client: ({ prisma }) => prisma,
    dmmf: getDatamodel(),
    defaultConnectionSize: DEFAULT_PAGE,
    maxConnectionSize: MAX_PAGE,
  },
  relay: {
    cursorType: 'String',
    nodeQueryOptions: false,
    nodesQueryOptions: false,
    nodeTypeOptions: {},
    defaultConnectionTypeOptions: { description: 'One page of a list.', extensions: AS_PARENT },
    defaultEdgeTypeOptions: { description: 'One item of a page, with its cursor.', extensions: AS_PARENT },
    pageInfoTypeOptions: { description: 'Where a page stands in the whole list.', extensions: AS_PARENT },
    pageInfoFieldOptions: { description: 'Where this page stands.' },
    hasNextPageFieldOptions: { description: 'Whether more follow; pass `endCursor` as `after` to get them.' },
    hasPreviousPageFieldOptions: { description: 'Whether some come before this page.' },
    startCursorFieldOptions: { description: 'Cursor of the first item here; null on an empty page.' },
    endCursorFieldOptions: { description: 'Cursor of the last item here; null on an empty page.' },
    cursorFieldOptions: { description: 'Pass it as `after` to go on behind this item.' },
    edgesFieldOptions: {
      nullable: { list: false, items: false },
      description: 'The items with their cursors.',
    },
    nodeFieldOptions: { nullable: false, description: 'The item.' },
    nodesOnConnection: { description: 'The items.' },
    firstArgOptions: {
      description: `How many, at most ${MAX_PAGE}; ${DEFAULT_PAGE} when left out.`,
      validate: pageSize('first'),
    },
    afterArgOptions: { description: 'Only what comes behind this cursor.' },
    lastArgOptions: {
      description: `How many from the end, or before \`before\`; at most ${MAX_PAGE}.`,
      validate: pageSize('last'),
    },
    beforeArgOptions: { description: 'Only what comes before this cursor.' },
  },
  validation: {
    validationError: ({ issues }) =>
      new MienError('BAD_INPUT', issues.map(({ message }) => message).join(' ')),
  },
});

/** Makes arguments, for those that several fields share. */
export type ArgBuilder = Parameters<NonNullable<Parameters<(typeof builder)['queryField']>[1]>>[0]['arg'];
