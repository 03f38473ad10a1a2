/** One run of a stream. What was recorded in it is in session-recorded-data.ts. */
import { isId } from '../../domain/id-format.ts';
import { sessionWhere } from '../../store/read/criteria.ts';
import { ANY_ROLE } from './access.ts';
import { type ArgBuilder, builder } from './builder.ts';
import { selectionOfNodes, totalCountOf } from './connection-fields.ts';
import { SessionFilter, toSessionCriteria } from './filters.ts';
import { keysetPage } from './keyset.ts';
import { NodeInterface } from './node.ts';
import { SessionOrder, sessionKeys } from './orders.ts';
import { SessionStateEnum } from './scalars.ts';
import { TagType, toTagList } from './tags.ts';

const FRAME_SIZE =
  'the frames in which faces are looked for: the video as a player shows it, upright and with square pixels, made smaller where it is large.';
const SIZE_SOURCE =
  'Taken from the first frame; null before that, and in sessions recorded before mien kept it.';

export const SessionType = builder.prismaObject('Session', {
  ...ANY_ROLE,
  interfaces: [NodeInterface],
  description: 'One run of a stream, from start to end, with all that was recorded in it.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'Id of the session.' }),
    stream: t.relation('stream', { description: 'The stream it is a run of.' }),
    state: t.expose('state', { type: SessionStateEnum, description: 'Where it is in its life.' }),
    failure: t.exposeString('failure', {
      nullable: true,
      description: 'Why it failed, in a sentence; null when it did not.',
    }),
    startedAt: t.expose('startedAt', { type: 'DateTime', description: 'When it began.' }),
    endedAt: t.expose('endedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it ended; null while it runs.',
    }),
    model: t.relation('model', { description: 'The model that read the faces.' }),
  }),
});

builder.prismaObjectFields(SessionType, (t) => ({
  frameWidth: t.exposeInt('frameWidth', {
    nullable: true,
    description: `Width in pixels of ${FRAME_SIZE} Multiply the \`x\` or \`width\` of a box, or the \`x\` of a landmark, by it to get pixels. ${SIZE_SOURCE}`,
  }),
  frameHeight: t.exposeInt('frameHeight', {
    nullable: true,
    description: `Height in pixels of ${FRAME_SIZE} Multiply the \`y\` or \`height\` of a box, or the \`y\` of a landmark, by it to get pixels. ${SIZE_SOURCE}`,
  }),
}));

export const SessionConnection = builder.connectionObject({
  type: SessionType,
  name: 'SessionConnection',
  fields: (t) => ({ totalCount: t.int(totalCountOf('sessions')) }),
});

/** The arguments of a list of sessions, whosever they are. */
export const sessionListArgs = (arg: ArgBuilder) => ({
  filter: arg({ type: SessionFilter, description: 'Only some of them; all when left out.' }),
  orderBy: arg({ type: SessionOrder, description: 'Their order; the newest first when left out.' }),
});

/** What people say of it. */
builder.prismaObjectFields(SessionType, (t) => ({
  tags: t.field({
    type: [TagType],
    description:
      'The tags that its stream had when it began, and its own, by key; of two with the same key its own.',
    select: { tags: true },
    resolve: ({ tags }) => toTagList(tags),
  }),
  ownTags: t.field({
    type: [TagType],
    description: 'The tags that were given to it alone, by key.',
    select: { ownTags: true },
    resolve: ({ ownTags }) => toTagList(ownTags),
  }),
  label: t.exposeString('label', {
    nullable: true,
    description: 'A name that people gave it; null: none.',
  }),
  notes: t.exposeString('notes', {
    nullable: true,
    description: 'What people noted of it; null: nothing.',
  }),
}));

builder.queryFields((t) => ({
  session: t.prismaField({
    authScopes: { role: 'VIEWER' },
    type: SessionType,
    nullable: true,
    description: 'One session; null when there is none with this id.',
    args: { id: t.arg.id({ required: true, description: 'Id of the session.' }) },
    resolve: (query, _root, { id }, { prisma }) =>
      isId(id) ? prisma.session.findUnique({ ...query, where: { id } }) : null,
  }),
  sessions: t.connection(
    {
      authScopes: { role: 'VIEWER' },
      type: SessionType,
      description: 'Sessions, the newest first.',
      args: sessionListArgs(t.arg),
      resolve: async (_root, { filter, orderBy, ...args }, context, info) => {
        const { prisma } = context;
        const page = keysetPage(sessionKeys(orderBy), args);
        const where = sessionWhere(toSessionCriteria(filter));
        const rows = await prisma.session.findMany({
          ...selectionOfNodes(context, info, 'Session'),
          ...page.query,
          where: { AND: [where, page.query.where] },
        });
        return { ...page.toConnection(rows), totalCount: () => prisma.session.count({ where }) };
      },
    },
    SessionConnection,
  ),
}));
