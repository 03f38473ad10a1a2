/** Tokens, by which people and programs show who they are. Admins make and revoke them. */
import { type IssuedToken, MAX_TOKEN_NAME } from '../../access/issue-token.ts';
import type { Principal, Role } from '../../domain/access.ts';
import { MienError } from '../../errors.ts';
import { AS_PARENT } from './access.ts';
import { audited } from './audited.ts';
import { builder } from './builder.ts';
import { selectionOfNodes } from './connection-fields.ts';
import { describedValues } from './described-values.ts';
import { keysetPage } from './keyset.ts';
import { created } from './orders.ts';
import { TagInputType, TagType, toTagList, toTags } from './tags.ts';

const ROLE_DESCRIPTIONS: Record<Role, string> = {
  VIEWER: 'Reads and subscribes.',
  OPERATOR: 'Also registers, starts, stops and removes streams, and uploads.',
  ADMIN: 'Also makes tokens, reads the audit and erases.',
};

export const RoleEnum = builder.enumType('Role', {
  description: 'What somebody may do; each may what those before it may.',
  values: describedValues(ROLE_DESCRIPTIONS),
});

const TokenType = builder.prismaObject('AccessToken', {
  extensions: AS_PARENT,
  description: 'A token, by which a person or a program shows who they are. Its secret is kept nowhere.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'Its id.' }),
    name: t.exposeString('name', { description: 'What people call it.' }),
    role: t.expose('role', { type: RoleEnum, description: 'What its holder may do.' }),
    streams: t.field({
      type: [TagType],
      nullable: true,
      description:
        'What a stream must be tagged with, all of it, to be shown to its holder; null: all streams are.',
      select: { streams: true },
      resolve: ({ streams }) => (streams === null ? null : toTagList(streams)),
    }),
    prefix: t.exposeString('prefix', { description: 'How its secret begins, to tell it from others.' }),
    createdBy: t.exposeString('createdBy', { description: 'Who made it.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was made.' }),
    expiresAt: t.expose('expiresAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it ends by itself; null: never.',
    }),
    revokedAt: t.expose('revokedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was revoked; null: it was not.',
    }),
  }),
});

const CreateTokenPayload = builder
  .objectRef<IssuedToken['token'] & { secret: string }>('CreateTokenPayload')
  .implement({
    extensions: AS_PARENT,
    description: 'A token that was just made.',
    fields: (t) => ({
      token: t.prismaField({
        type: TokenType,
        description: 'The token.',
        resolve: (query, { id }, _args, { prisma }) =>
          prisma.accessToken.findUniqueOrThrow({ ...query, where: { id } }),
      }),
      secret: t.exposeString('secret', {
        description: 'What its holder sends as `authorization: Bearer …`. It is shown this once.',
      }),
    }),
  });

const RevokeTokenPayload = builder.objectRef<{ id: string }>('RevokeTokenPayload').implement({
  extensions: AS_PARENT,
  description: 'A token that was revoked.',
  fields: (t) => ({
    token: t.prismaField({
      type: TokenType,
      description: 'The token.',
      resolve: (query, { id }, _args, { prisma }) =>
        prisma.accessToken.findUniqueOrThrow({ ...query, where: { id } }),
    }),
  }),
});

const RevokeTokenInput = builder.inputType('RevokeTokenInput', {
  description: 'Which token to revoke.',
  fields: (t) => ({ id: t.id({ required: true, description: 'Id of the token.' }) }),
});

const CreateTokenInput = builder.inputType('CreateTokenInput', {
  description: 'A token to make.',
  fields: (t) => ({
    name: t.string({
      required: true,
      description: `What people call it, 1 to ${MAX_TOKEN_NAME} characters: who or what will hold it.`,
    }),
    role: t.field({ type: RoleEnum, required: true, description: 'What its holder may do.' }),
    streams: t.field({
      type: [TagInputType],
      description: 'Limits it to streams that are tagged with all of these; left out: all streams.',
    }),
    expiresAt: t.field({
      type: 'DateTime',
      description: 'When it ends by itself, within ten years; left out: never.',
    }),
  }),
});

const TokenConnection = builder.connectionObject({ type: TokenType, name: 'AccessTokenConnection' });

builder.queryField('tokens', (t) =>
  t.connection(
    {
      authScopes: { role: 'ADMIN' },
      type: TokenType,
      description: 'All tokens that were ever made, the newest first.',
      async resolve(_root, args, context, info) {
        assertUnlimited(context.requester.principal);
        const page = keysetPage([created('desc')], args);
        const selection = selectionOfNodes(context, info, 'AccessToken');
        return page.toConnection(await context.prisma.accessToken.findMany({ ...selection, ...page.query }));
      },
    },
    TokenConnection,
  ),
);

builder.mutationFields((t) => ({
  createToken: t.field({
    authScopes: { role: 'ADMIN' },
    type: CreateTokenPayload,
    description: 'Makes a token, and shows its secret this once.',
    extensions: audited<{ input: typeof CreateTokenInput.$inferInput }>({
      action: 'CREATE_TOKEN',
      target: 'TOKEN',
      detail: ({ input: { role, expiresAt } }) => ({ role, expires: expiresAt?.toISOString() ?? null }),
    }),
    args: { input: t.arg({ type: CreateTokenInput, required: true, description: 'The token.' }) },
    async resolve(_root, { input: { name, role, ...input } }, { tokens, requester: { principal } }) {
      assertUnlimited(principal);
      const streams = input.streams == null ? null : toTags(input.streams);
      const request = { name, role, streams, expiresAt: input.expiresAt ?? null };
      const { token, secret } = await tokens.issue(request, `${principal.kind} ${principal.name}`);
      return { ...token, secret };
    },
  }),
  revokeToken: t.field({
    authScopes: { role: 'ADMIN' },
    type: RevokeTokenPayload,
    description:
      'Ends a token now; what is open by it ends within five seconds. Harmless when it was revoked before.',
    extensions: audited({ action: 'REVOKE_TOKEN', target: 'TOKEN' }),
    args: { input: t.arg({ type: RevokeTokenInput, required: true, description: 'The token.' }) },
    async resolve(_root, { input }, { tokens, requester }) {
      assertUnlimited(requester.principal);
      return tokens.revoke(String(input.id));
    },
  }),
}));

/** Who is limited to some streams could make themselves a token for all. @throws MienError FORBIDDEN */
function assertUnlimited({ streams }: Principal): void {
  if (streams === null) return;
  throw new MienError('FORBIDDEN', 'Tokens are for those who are shown all streams.');
}
