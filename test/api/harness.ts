/** A real API server on a free port, over the real bus and whatever services a test hands in. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Services, Subscriptions } from '../../src/api/index.ts';
import { type ApiOptions, openApi } from '../../src/api/index.ts';
import { openDirectoryFiles } from '../../src/api/uploads/directory-files.ts';
import { type BoundedQueue, MemoryBus } from '../../src/bus/index.ts';
import { readConfig } from '../../src/config.ts';
import type { FaceReading } from '../../src/domain/face.ts';
import type { SentEvents } from '../../src/domain/live-event.ts';
import type { Moment } from '../../src/domain/moment.ts';
import { createLog } from '../../src/log.ts';
import { createMetrics } from '../../src/metrics.ts';

export const STREAM = '0190b0f0-0000-7000-8000-000000000001';
export const SESSION = '0190b0f0-0000-7000-8000-000000000002';

export type Bus = MemoryBus;

/** Subscriptions straight from a bus, without a store. @param cursorLength how long the cursor of each moment is */
export function subscriptionsOf(bus: Bus, capacity = 64, cursorLength = 0): Subscriptions {
  return {
    async moments(scope) {
      const queue = bus.subscribe(['moment'], scope, { capacity });
      return iterate(queue, ({ moment }) => ({
        moment,
        cursor: `c${moment.seq}`.padEnd(cursorLength, '.'),
      }));
    },
    async aggregates() {
      throw new Error('there is no store here');
    },
    async status(scope) {
      return iterate(bus.subscribe(['status'], scope), (event) => event);
    },
    async episodes(scope) {
      return iterate(bus.subscribe(['episode'], scope), (event) => ({ ...event, cursor: 'e' }));
    },
    cursorOfNow: async () => 'c-1',
  };
}

/** What comes from a queue, until it is closed; returning closes it, also while the next event is waited for. */
function iterate<In, Out extends object>(
  queue: BoundedQueue<In>,
  change: (event: In) => Out,
): SentEvents<Out & { skippedBefore: number }> {
  return {
    lost: () => queue.lost,
    [Symbol.asyncIterator]: () => ({
      async next() {
        const taken = await queue.take();
        if (taken === null) return { done: true, value: undefined };
        return { done: false, value: { ...change(taken.event), skippedBefore: taken.skippedBefore } };
      },
      async return() {
        queue.close();
        return { done: true, value: undefined };
      },
    }),
  };
}

type Limits = ApiOptions['limits'];
const { limits: LIMITS } = readConfig({});

export interface TestApi {
  url: string;
  wsUrl: string;
  bus: Bus;
  uploadsDir: string;
  metrics: ReturnType<typeof createMetrics>;
  close(): Promise<void>;
}

/** @param services what a test needs of them; touching any other fails loudly */
export async function openTestApi(
  services: Partial<Services> | ((bus: Bus) => Partial<Services>) = {},
  { limits = {}, ...rest }: Partial<Omit<ApiOptions, 'limits'>> & { limits?: Partial<Limits> } = {},
): Promise<TestApi> {
  const bus: Bus = new MemoryBus();
  const directory = await mkdtemp(join(tmpdir(), 'mien-api-'));
  const uploadsDir = join(directory, 'uploads');
  await mkdir(uploadsDir);
  const metrics = createMetrics();
  const api = await openApi({
    services: {
      subscriptions: subscriptionsOf(bus),
      modelIds: () => [],
      audit: { record: async () => {} },
      ...(typeof services === 'function' ? services(bus) : services),
    } as Services,
    log: createLog({ logLevel: 'silent', logFormat: 'json' }),
    metrics,
    host: '127.0.0.1',
    port: 0,
    publicUrls: [],
    allowedOrigins: [],
    uploads: openDirectoryFiles(uploadsDir),
    maxUpload: 100_000,
    ready: async () => {},
    ...rest,
    limits: { ...LIMITS, ...limits },
  });
  return {
    url: `http://127.0.0.1:${api.port}`,
    wsUrl: `ws://127.0.0.1:${api.port}/graphql`,
    bus,
    uploadsDir,
    metrics,
    async close() {
      await api.close();
      metrics.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

export interface Answer {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of many shapes
  data: any;
  errors?: { message: string; extensions?: { code?: string; errorId?: string }; path?: string[] }[];
}

/** One GraphQL request over HTTP. */
export async function ask(
  url: string,
  query: string,
  variables: Record<string, unknown> = {},
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query, variables }),
  });
  return { status: response.status, ...((await response.json()) as Omit<Answer, 'status'>) };
}

export function moment(seq: number, faces = 1, landmarks = 68): Moment {
  return {
    sessionId: SESSION,
    seq,
    mediaTime: seq / 10,
    wallTime: 1_700_000_000_000 + seq * 100,
    previousDuration: 0.1,
    cut: false,
    dropped: {},
    faces: Array.from({ length: faces }, (_, index) => face(index + 1, landmarks)),
  };
}

export function face(track: number, landmarks = 68): FaceReading {
  return {
    track,
    box: { x: 0.25, y: 0.25, width: 0.5, height: 0.5 },
    expression: 'HAPPINESS',
    confidence: 0.86,
    probabilities: [0.02, 0.86, 0.02, 0.02, 0.02, 0.02, 0.02, 0.02],
    rawProbabilities: [0.09, 0.37, 0.09, 0.09, 0.09, 0.09, 0.09, 0.09],
    agreement: 0.9,
    valence: 0.7,
    arousal: 0.3,
    pose: { yaw: 1, pitch: 2, roll: 3 },
    actionUnits: [0.1, 0.9],
    landmarks: Array.from({ length: landmarks }, (_, index) => ({ x: index / 100, y: 0.5 })),
    quality: { score: 0.95, issues: [] },
  };
}

export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  timeoutMs = 60_000,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
