/** A real receiver of webhooks on a loopback port, which answers as a test says, and the parts around an output. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { MemoryBus } from '../../src/bus/index.ts';
import type { EpisodeEvent, Moment } from '../../src/domain/moment.ts';
import type { OutputRecord, OutputRule } from '../../src/domain/output.ts';
import type { SessionRecord, SessionState } from '../../src/domain/stream.ts';
import type { OutputMetrics } from '../../src/outputs/index.ts';
import { face } from '../api/harness.ts';

export const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
export const STREAM = '0190b0f0-0000-7000-8000-000000000001';
export const SESSION = '0190b0f0-0000-7000-8000-000000000002';

export interface Received {
  /** As the signature was made of it. */
  id: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into payloads of many shapes
  payload: any;
  headers: IncomingMessage['headers'];
}

type Answer = number | ((response: ServerResponse) => void);

export interface Receiver {
  url: string;
  /** Those whose signature holds, in order. */
  received: Received[];
  /** What each request is answered, in order; the last one again and again. */
  answers: Answer[];
  /** Resolves once so many were received. */
  until(count: number): Promise<void>;
  close(): Promise<void>;
}

/** Refuses what is not signed by the secret with 401, as a receiver should. */
export async function openReceiver(secret = SECRET): Promise<Receiver> {
  const verifier = new Webhook(secret);
  const received: Received[] = [];
  const answers: Answer[] = [204];
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString('utf8');
    try {
      const payload = verifier.verify(body, request.headers as Record<string, string>);
      received.push({ id: String(request.headers['webhook-id']), payload, headers: request.headers });
    } catch (error) {
      response.writeHead(401).end(String(error));
      return;
    }
    const answer = answers.length > 1 ? answers.shift()! : answers[0]!;
    if (typeof answer === 'number') response.writeHead(answer).end('{"it":"was read"}');
    else answer(response);
    server.emit('received');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook/a-secret-path?key=b-secret`,
    received,
    answers,
    async until(count) {
      while (received.length < count) await once(server, 'received');
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

export function outputRecord(url: string, change: Partial<OutputRecord> = {}): OutputRecord {
  return {
    ...{ id: 'an-output', name: 'a receiver', kind: 'WEBHOOK', streamId: null, enabled: true },
    target: { kind: 'WEBHOOK', url, secret: SECRET },
    ...{ allowPrivate: true, topics: ['EPISODES', 'STATES', 'COVERAGE'], rules: [], stopped: null },
    ...change,
  };
}

export function rule(change: Partial<OutputRule> = {}): OutputRule {
  return { name: 'joy', expression: 'HAPPINESS', minDuration: 2, minConfidence: 0, track: null, ...change };
}

/** Counts what Prometheus would be told. */
export function countingMetrics(): OutputMetrics & { counts: Record<string, number> } {
  const counts = { sent: 0, failed: 0, dropped: 0, waiting: 0 };
  return {
    counts,
    sent() {
      counts.sent++;
    },
    failed() {
      counts.failed++;
    },
    dropped(_labels, messages) {
      counts.dropped += messages;
    },
    waiting(_labels, messages) {
      counts.waiting = messages;
    },
    forget() {},
  };
}

/** A moment every tenth of a second. @param labels of tracks 1, 2, … */
export function momentAt(
  seq: number,
  labels: readonly (string | null)[],
  change: Partial<Moment> = {},
): Moment {
  return {
    ...{ sessionId: SESSION, seq, mediaTime: seq / 10, wallTime: 1_760_000_000_000 + seq * 100 },
    ...{ previousDuration: 0.1, cut: false, dropped: {} },
    faces: labels.map((label, at) => ({ ...face(at + 1), expression: label as never })),
    ...change,
  };
}

export function episodeEvent(index: number, kind: EpisodeEvent['kind'] = 'ONSET'): EpisodeEvent {
  const times = { onset: index, apex: index + 0.5, offset: kind === 'OFFSET' ? index + 1 : null };
  const startedAt = new Date(1_760_000_000_000 + index * 1000);
  const endedAt = kind === 'OFFSET' ? new Date(startedAt.getTime() + 1000) : null;
  const episode = { sessionId: SESSION, index, track: 1, expression: 'HAPPINESS' as const, ...times };
  return { kind, episode: { ...episode, peak: 0.9, startedAt, endedAt } };
}

export function session(state: SessionState, failure: string | null = null): SessionRecord {
  const endedAt = state === 'RUNNING' ? null : new Date(1_760_000_100_000);
  const startedAt = new Date(1_760_000_000_000);
  return { id: SESSION, streamId: STREAM, state, failure, modelId: 'test@1', startedAt, endedAt };
}

export const openBus = () => new MemoryBus();
