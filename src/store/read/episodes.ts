/** Episodes and tracks of a session. */
import type { Expression } from '../../domain/face.ts';
import type { Episode } from '../../domain/moment.ts';
import type { PrismaClient } from '../generated/client.ts';
import { isId } from '../ids.ts';

/** A face followed through one session; times are media time in seconds. */
export interface TrackRecord {
  sessionId: string;
  track: number;
  firstSeen: number;
  lastSeen: number;
  readings: number;
}

export interface EpisodeReads {
  /** In the order of onset. */
  episodes(sessionId: string, filter?: { expression?: Expression }): Promise<Episode[]>;
  /** In the order of their numbers. */
  tracks(sessionId: string): Promise<TrackRecord[]>;
}

export function createEpisodes(prisma: PrismaClient): EpisodeReads {
  return {
    async episodes(sessionId, filter = {}) {
      if (!isId(sessionId)) return [];
      return prisma.episode.findMany({ where: { sessionId, ...filter }, orderBy: { index: 'asc' } });
    },
    async tracks(sessionId) {
      if (!isId(sessionId)) return [];
      return prisma.track.findMany({ where: { sessionId }, orderBy: { track: 'asc' } });
    },
  };
}
