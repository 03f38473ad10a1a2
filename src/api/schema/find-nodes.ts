/** Objects of all types by their ids: each type's are read at once. */
import { queryFromInfo } from '@pothos/plugin-prisma';
import type { GraphQLResolveInfo } from 'graphql';
import { isId } from '../../domain/id-format.ts';
import type { Context } from '../context/context.ts';
import { hasNul } from './has-nul.ts';
import { type Part, parsePartId, partId } from './ids.ts';
import { bySession } from './load-rows.ts';

/** A row with the name of its type, by which Pothos resolves the interface. */
interface Named {
  __typename: string;
}

type Select = (typeName: string) => object;

/** What was found, by id. */
type Found = [id: string, node: Named][];

/** In the order of the ids; null: there is none, or it is not shown. */
export async function findNodes(
  ids: readonly string[],
  context: Context,
  info: GraphQLResolveInfo,
): Promise<(Named | null)[]> {
  /** What is selected of a type. */
  const select: Select = (typeName) => queryFromInfo({ context, info, typeName });
  const uuids = ids.filter(isId);
  const parts = ids.flatMap((id) => parsePartId(id) ?? []);
  const names = ids.filter((id) => !isId(id) && parsePartId(id) === null && !hasNul(id));
  const found = await Promise.all([
    uuids.length > 0 ? findStreamsAndSessions(uuids, context, select) : [],
    names.length > 0 ? findModels(names, context, select) : [],
    findParts(parts, context, select),
  ]);
  const byId = new Map(found.flat());
  return ids.map((id) => byId.get(id) ?? byId.get(id.toLowerCase()) ?? null);
}

async function findStreamsAndSessions(ids: string[], { prisma }: Context, select: Select): Promise<Found> {
  const where = { id: { in: ids } };
  const [streams, sessions] = await Promise.all([
    prisma.stream.findMany({ ...select('Stream'), where }),
    prisma.session.findMany({ ...select('Session'), where }),
  ]);
  return [
    ...streams.map((row): Found[number] => [row.id, { ...row, __typename: 'Stream' }]),
    ...sessions.map((row): Found[number] => [row.id, { ...row, __typename: 'Session' }]),
  ];
}

async function findModels(ids: string[], { prisma }: Context, select: Select): Promise<Found> {
  const rows = await prisma.model.findMany({ ...select('Model'), where: { id: { in: ids } } });
  return rows.map((row) => [row.id, { ...row, __typename: 'Model' }]);
}

type PartKey = NonNullable<ReturnType<typeof parsePartId>>;

async function findParts(keys: readonly PartKey[], context: Context, select: Select): Promise<Found> {
  const of = (part: Part) => keys.filter((key) => key.part === part);
  const [tracks, episodes, moments] = [of('track'), of('episode'), of('moment')];
  const found = await Promise.all([
    tracks.length > 0 ? findTracks(tracks, context, select) : [],
    episodes.length > 0 ? findEpisodes(episodes, context) : [],
    moments.length > 0 ? findMoments(moments, context) : [],
  ]);
  return found.flat();
}

async function findTracks(keys: readonly PartKey[], { prisma }: Context, select: Select): Promise<Found> {
  const rows = await prisma.track.findMany({
    ...select('Track'),
    where: { OR: bySession(keys, ({ number }) => number, 'track') },
  });
  return rows.map((row) => [partId(row.sessionId, 'track', row.track), { ...row, __typename: 'Track' }]);
}

async function findEpisodes(keys: readonly PartKey[], { prisma }: Context): Promise<Found> {
  const rows = await prisma.episode.findMany({
    where: { OR: bySession(keys, ({ number }) => number, 'index') },
  });
  return rows.map((row) => [partId(row.sessionId, 'episode', row.index), { ...row, __typename: 'Episode' }]);
}

/** Each is read by itself, of sessions that are shown. */
async function findMoments(keys: readonly PartKey[], { prisma, recordings }: Context): Promise<Found> {
  const ids = [...new Set(keys.map(({ sessionId }) => sessionId))];
  const shown = await prisma.session.findMany({ where: { id: { in: ids } }, select: { id: true } });
  const isShown = new Set(shown.map(({ id }) => id));
  const found = await Promise.all(
    keys
      .filter(({ sessionId }) => isShown.has(sessionId))
      .map(({ sessionId, number }) => recordings.moment(sessionId, number)),
  );
  return found.flatMap((sent): Found => {
    if (sent === null) return [];
    const id = partId(sent.moment.sessionId, 'moment', sent.moment.seq);
    return [[id, { ...sent, ...{ skippedBefore: 0 }, __typename: 'FrameEmotions' }]];
  });
}
