/** `/notice`: the page that people who are filmed can be pointed to. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Log } from '../../domain/log.ts';
import type { Purpose } from '../../domain/stream.ts';
import type { PrismaClient } from '../../store/generated/client.ts';
import { answerFile, type ServedFile, toServedFile } from '../http/served-file.ts';
import { type NoticeFacts, type NoticeSettings, noticePage } from './notice-page.ts';

/** How long a page is shown again: whoever asks often asks the database no more often. */
const FRESH_MS = 5_000;
const POLICY = [
  "default-src 'none'",
  "style-src 'self'",
  "img-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

export interface NoticeOptions extends NoticeSettings {
  /** After how many hours recordings are deleted whose stream says nothing else; null: they are kept. */
  retentionHours: number | null;
}

export const NOTHING_SAID: NoticeOptions = {
  controller: null,
  contact: null,
  url: null,
  retentionHours: null,
};

export type Notice = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

export function createNotice(
  options: NoticeOptions,
  prisma: PrismaClient,
  log: Pick<Log, 'warn'>,
  now = Date.now,
): Notice {
  let page: { made: number; file: Promise<ServedFile> } | null = null;
  const make = async () => {
    const text = noticePage({ ...options, ...(await findFacts(options, prisma, log)) });
    return toServedFile(Buffer.from(text), 'text/html; charset=utf-8', POLICY);
  };
  return async (request, response) => {
    if (page === null || now() - page.made >= FRESH_MS) page = { made: now(), file: make() };
    await answerFile(await page.file, request, response);
  };
}

type Found = Pick<NoticeFacts, 'purposes' | 'longestRetention' | 'isSeen' | 'hasOutputs'>;

/** The page is there also when the database is not. */
async function findFacts(
  { retentionHours }: NoticeOptions,
  prisma: PrismaClient,
  log: Pick<Log, 'warn'>,
): Promise<Found> {
  try {
    const [groups, outputs] = await Promise.all([
      prisma.stream.groupBy({ by: ['purpose', 'retention', 'preview'] }),
      prisma.output.count({ where: { enabled: true } }),
    ]);
    return {
      hasOutputs: outputs > 0,
      purposes: [...new Set(groups.map(({ purpose }) => purpose as Purpose))].sort(),
      isSeen: groups.some(({ preview }) => preview),
      longestRetention: longestOf(
        groups.map(({ retention }) => retention ?? retentionHours),
        retentionHours,
      ),
    };
  } catch (error) {
    log.warn({ err: error }, 'the notice cannot say what for and how long: the database does not answer');
    return { purposes: null, longestRetention: null, isSeen: null, hasOutputs: null };
  }
}

/** @param hours of each stream; null: it keeps everything @param server what holds where there is no stream */
function longestOf(hours: readonly (number | null)[], server: number | null): number | null {
  return hours.reduce(
    (longest, one) => (longest === null || one === null ? null : Math.max(longest, one)),
    hours.length === 0 ? server : 0,
  );
}
