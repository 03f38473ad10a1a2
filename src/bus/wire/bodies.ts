/** What is rare goes as JSON, and is taken for what it should be only when it is: anybody may have sent it. */
import { z } from 'zod';
import type { ErasureStep } from '../../domain/erasure.ts';
import { EXPRESSIONS } from '../../domain/face.ts';
import { EPISODE_EVENT_KINDS, type EpisodeEvent } from '../../domain/moment.ts';
import { SESSION_STATES, type SessionRecord } from '../../domain/stream.ts';

const date = z.iso.datetime().transform((text) => new Date(text));
const count = z.int().min(0);
const sessionId = z.string();

export interface StatusBody {
  session: SessionRecord;
  sameState?: boolean | undefined;
}

export const StatusBody: z.ZodType<StatusBody> = z.object({
  session: z.object({
    ...{ id: sessionId, streamId: z.string(), state: z.enum(SESSION_STATES), failure: z.string().nullable() },
    ...{ modelId: z.string(), startedAt: date, endedAt: date.nullable() },
  }),
  sameState: z.boolean().optional(),
});

export const EpisodeBody: z.ZodType<EpisodeEvent> = z.object({
  kind: z.enum(EPISODE_EVENT_KINDS),
  episode: z.object({
    ...{ index: count, sessionId, track: z.int(), expression: z.enum(EXPRESSIONS), peak: z.number() },
    ...{ onset: z.number(), apex: z.number(), offset: z.number().nullable() },
    ...{ startedAt: date, endedAt: date.nullable() },
  }),
});

const step = z.discriminatedUnion('do', [
  z.object({ do: z.literal('SESSION'), sessionId }),
  z.object({ do: z.literal('TRACK'), sessionId, track: z.int() }),
  z.object({
    ...{ do: z.literal('STRETCH'), sessionId, fromSeq: z.int(), toSeq: z.int() },
    ...{ since: z.number(), until: z.number(), durationBefore: z.number().nullable() },
    ...{ firstSecond: z.int(), lastSecond: z.int() },
  }),
  z.object({ do: z.literal('STREAM'), streamId: z.string() }),
  z.object({ do: z.literal('UPLOAD'), token: z.string() }),
  z.object({ do: z.literal('FILES'), firstDay: z.int(), lastDay: z.int() }),
]);

export const ErasedBody: z.ZodType<ErasureStep[]> = z.array(step);

export interface HereBody {
  /** By which it runs sessions; null: by none. */
  worker: string | null;
  /** How many messages that are numbered it has told so far. */
  told: number;
}

export const HereBody: z.ZodType<HereBody> = z.object({ worker: z.string().nullable(), told: count });
