/** Moments of all sessions in the order of their commits. */

import type { Scope } from '../../domain/live-event.ts';
import { beginningOf, writerOf } from '../../domain/log-position.ts';
import { EPISODE_EVENT_KINDS, type Episode, type EpisodeEvent, type Moment } from '../../domain/moment.ts';
import type { Prisma } from '../generated/client.ts';
import { dayOf } from '../sql/utc-days.ts';
import { decodeMomentColumns, MOMENT_COLUMNS, type MomentColumns, within } from './moment-columns.ts';

export interface LoggedMoment {
  streamId: string;
  moment: Moment;
  position: number;
}

export interface LogQueries {
  /** Who has committed, by number, and up to which position. */
  writers(): Promise<{ id: number; newest: number }[]>;
  /** Of each writer and stream the newest position that retention deleted; of one stream or of all. */
  expired(streamId?: string): Promise<{ streamId: string; position: number }[]>;
  /** At most `limit` moments of one writer behind a position of it, ascending. */
  behind(position: number, limit: number): Promise<LoggedMoment[]>;
  /** At most `limit` events of episodes behind this one, of one writer, ascending; the episode as it is stored now. */
  episodesBehind(
    place: { position: number; index: number; kind: number },
    scope: Scope,
    limit: number,
  ): Promise<{ streamId: string; position: number; event: EpisodeEvent }[]>;
}

export function createLogQueries(prisma: Prisma.TransactionClient): LogQueries {
  return {
    async writers() {
      const writers = await prisma.writer.findMany({ where: { newest: { gt: 0 } }, orderBy: { id: 'asc' } });
      return writers.map(({ id, newest }) => ({ id, newest: Number(newest) }));
    },
    async expired(streamId) {
      const rows = await prisma.expiredPosition.findMany({
        where: streamId === undefined ? {} : { streamId },
      });
      return rows.map((row) => ({ streamId: row.streamId, position: Number(row.position) }));
    },
    async behind(position, limit) {
      const writer = writerOf(position);
      const found = await prisma.writer.findUnique({ where: { id: writer } });
      if (found?.firstDay == null || found.lastDay === null || Number(found.newest) <= position) return [];
      // Not what was committed since: its day may be another.
      const days = { first: dayOf(found.firstDay.getTime()), last: dayOf(found.lastDay.getTime()) };
      const sql = `SELECT m.position::float8 AS position, m.session_id::text AS session_id, s.stream_id::text AS stream_id, ${MOMENT_COLUMNS(days)}
        FROM moment AS m JOIN session AS s ON s.id = m.session_id
        WHERE m.position > $1::bigint AND m.position <= $2::bigint AND ${within('m', days)} ORDER BY m.position LIMIT $3`;
      const rows = await prisma.$queryRawUnsafe<LogRow[]>(sql, position, found.newest, limit);
      return rows.flatMap(toLoggedMoments);
    },
    async episodesBehind(place, { streamId, sessionId }, limit) {
      const { position, index, kind } = place;
      const rows = await prisma.$queryRawUnsafe<EpisodeRow[]>(
        EPISODES,
        ...[position, beginningOf(writerOf(position) + 1), index, kind],
        ...[sessionId ?? null, streamId ?? null, limit],
      );
      return rows.map(toLoggedEvent);
    },
  };
}

const EVENTS = EPISODE_EVENT_KINDS.map((kind, at) => {
  const column = `${kind.toLowerCase()}_at`;
  return `SELECT *, ${column} AS position, ${at} AS kind FROM episode WHERE ${column} >= $1::bigint AND ${column} < $2::bigint
    AND ($5::text IS NULL OR session_id = $5::uuid)`;
});

const EPISODES = `SELECT e.position::float8 AS position, e.kind, s.stream_id::text AS "streamId", s.id::text AS "sessionId", e.index, e.track,
    e.expression::text AS expression, e.onset, e.apex, e."offset", e.peak, e.started_at AS "startedAt", e.ended_at AS "endedAt"
  FROM (${EVENTS.join(' UNION ALL ')}) AS e JOIN session AS s ON s.id = e.session_id
  WHERE (e.position, e.index, e.kind) > ($1::bigint, $3::int, $4::int) AND ($6::text IS NULL OR s.stream_id = $6::uuid)
  ORDER BY e.position, e.index, e.kind LIMIT $7`;

interface EpisodeRow extends Episode {
  position: number;
  kind: number;
  streamId: string;
}

function toLoggedEvent({ position, kind, streamId, ...episode }: EpisodeRow) {
  return { streamId, position, event: { kind: EPISODE_EVENT_KINDS[kind]!, episode } };
}

interface LogRow extends MomentColumns {
  position: number;
  session_id: string;
  stream_id: string;
}

/** The one of the row. */
function toLoggedMoments({ session_id, stream_id: streamId, position, ...columns }: LogRow): LoggedMoment[] {
  return decodeMomentColumns(session_id, columns).map((moment) => ({ streamId, moment, position }));
}
