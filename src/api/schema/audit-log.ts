/** The audit, read back in pages, the newest entries first. */
import { z } from 'zod';
import type { Prisma } from '../../store/generated/client.ts';
import { AuditActionEnum, AuditEntryType, AuditOutcomeEnum } from './audit-entry.ts';
import { builder } from './builder.ts';
import { selectionOfNodes } from './connection-fields.ts';
import { hasNul } from './has-nul.ts';
import { keysetPage } from './keyset.ts';
import { created } from './orders.ts';

const nameOrId = (field: string) =>
  z
    .string()
    .refine((text) => !hasNul(text), `\`filter.${field}\` must not contain the character NUL.`)
    .nullish();

const AuditFilter = builder.inputType('AuditFilter', {
  description: 'Which entries of the audit: those of which all of this is true.',
  fields: (t) => ({
    from: t.field({ type: 'DateTime', description: 'Stored at this time or later.' }),
    to: t.field({ type: 'DateTime', description: 'Stored before this time.' }),
    actor: t.string({
      description: 'Done by who has this id, or was called so then.',
      validate: nameOrId('actor'),
    }),
    action: t.field({ type: AuditActionEnum, description: 'This was done.' }),
    outcome: t.field({ type: AuditOutcomeEnum, description: 'This came of it.' }),
    target: t.string({
      description: 'Done to what has this id, or was called so then.',
      validate: nameOrId('target'),
    }),
  }),
});

/** A command that reads it exports it. */
const WHOLE = { type: 'AUDIT', id: null, name: null } as const;

const AuditEntryConnection = builder.connectionObject({
  type: AuditEntryType,
  name: 'AuditEntryConnection',
});

builder.queryField('auditLog', (t) =>
  t.connection(
    {
      authScopes: { role: 'ADMIN' },
      type: AuditEntryType,
      description: 'Who did what, the newest entries first.',
      args: {
        filter: t.arg({ type: AuditFilter, description: 'Only some of them.' }),
        oldestFirst: t.arg.boolean({
          defaultValue: false,
          description: 'The oldest first instead, as they are exported.',
        }),
      },
      resolve: async (_root, { filter, oldestFirst, ...args }, context, info) => {
        const { prisma, requester, audit } = context;
        const page = keysetPage([created(oldestFirst ? 'asc' : 'desc')], args);
        if (requester.principal.kind === 'COMMAND' && args.after == null)
          await audit.record({ requester, action: 'EXPORT_AUDIT', target: WHOLE, outcome: 'OK' });
        const where = { AND: [page.query.where, ...conditionsOf(filter ?? {})] };
        const selection = selectionOfNodes(context, info, 'AuditEntry');
        return page.toConnection(await prisma.auditEntry.findMany({ ...selection, ...page.query, where }));
      },
    },
    AuditEntryConnection,
  ),
);

function conditionsOf(filter: typeof AuditFilter.$inferInput): Prisma.AuditEntryWhereInput[] {
  const { from, to, actor, action, outcome, target } = filter;
  return [
    { at: { ...(from && { gte: from }), ...(to && { lt: to }) } },
    { ...(action && { action }), ...(outcome && { outcome }) },
    actor == null ? {} : { OR: [{ actorId: actor }, { actorName: actor }] },
    target == null ? {} : { OR: [{ targetId: target }, { targetName: target }] },
  ];
}
