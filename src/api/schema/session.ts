/** One run of a stream. What was recorded in it is in recording.ts. */
import { isId } from '../../domain/ids.ts';
import { ANY_ROLE } from './access.ts';
import { builder } from './builder.ts';
import { assertId } from './ids.ts';
import { NodeInterface } from './node.ts';
import { byOrdinal } from './page-by-ordinal.ts';
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
    frameWidth: t.exposeInt('frameWidth', {
      nullable: true,
      description: `Width in pixels of ${FRAME_SIZE} Multiply the \`x\` or \`width\` of a box, or the \`x\` of a landmark, by it to get pixels. ${SIZE_SOURCE}`,
    }),
    frameHeight: t.exposeInt('frameHeight', {
      nullable: true,
      description: `Height in pixels of ${FRAME_SIZE} Multiply the \`y\` or \`height\` of a box, or the \`y\` of a landmark, by it to get pixels. ${SIZE_SOURCE}`,
    }),
    model: t.relation('model', { description: 'The model that read the faces.' }),
  }),
});

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
  sessions: t.prismaConnection({
    authScopes: { role: 'VIEWER' },
    type: SessionType,
    cursor: 'ordinal',
    nullable: true,
    description: 'Sessions, the newest first.',
    args: { streamId: t.arg.id({ description: 'Only those of this stream.' }) },
    resolve: (query, _root, { streamId }, { prisma }) => {
      const { where, ...page } = byOrdinal(query, 'desc');
      const ofStream = streamId == null ? {} : { streamId: assertId('stream', streamId) };
      return prisma.session.findMany({ ...page, where: { ...ofStream, ...where } });
    },
  }),
}));
