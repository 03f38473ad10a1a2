/** A server that runs streams answers those that run none, for as long as it takes new ones. */
import { randomUUID } from 'node:crypto';
import type { Requests } from '../../bus/index.ts';
import type { SourceInput } from '../../domain/frame.ts';
import { MienError } from '../../errors.ts';
import type { Outputs } from '../../outputs/index.ts';
import type { LoadControl, StreamManager } from '../../sessions/index.ts';
import type { Store } from '../../store/index.ts';
import {
  type CapacityAsked,
  type LoadAnswer,
  type Offer,
  type OffersAsked,
  type OutputAsked,
  type RegisterAsked,
  registerAt,
  type StartAsked,
  startAt,
} from './bus-requests.ts';

export interface AnsweringParts {
  streamManager: StreamManager;
  load: LoadControl;
  outputs: Outputs;
  modelIds: readonly string[];
  /** Never rejects. */
  refreshOutputs(): Promise<void>;
  store: Pick<Store, 'unsealSource'>;
  isHere(source: SourceInput): Promise<boolean>;
  /** What this machine is called in the names of devices. */
  deviceHost: string;
}

export function answerAsked(requests: Requests, parts: AnsweringParts): { close(): void } {
  const { streamManager, load, outputs, modelIds, refreshOutputs, store, isHere, deviceHost } = parts;
  const worker = randomUUID();
  const answer = <Asked>(kind: string, answerer: (asked: Asked) => unknown) =>
    requests.answer(kind, answerer as (asked: unknown) => unknown);
  const stops = [
    answer('offers', async ({ source, ...asked }: OffersAsked) => {
      const running = streamManager.running().length;
      const opened = await store.unsealSource(source);
      const isFull = load.isFullFor({ ...asked, source: opened }, null);
      const has = !isLocked(opened) && (await isHere(opened));
      return { worker, running, isFull, isHere: has, deviceHost } satisfies Offer;
    }),
    answer(registerAt(worker), async ({ input, shown }: RegisterAsked) => {
      const source = await store.unsealSource(input.source);
      if (isLocked(source)) throw otherKey();
      const options = shown === null ? {} : { shown };
      const { id, alreadyRegistered } = await streamManager.register({ ...input, source }, options);
      return { id, alreadyRegistered };
    }),
    answer(startAt(worker), async ({ id, words }: StartAsked) => {
      const session = await streamManager.start(id, words);
      return { sessionId: session.id };
    }),
    answer('load', () => loadOf(streamManager, load)),
    answer('capacity', ({ of }: CapacityAsked) => load.capacity(of === null ? undefined : new Set(of))),
    answer('output', ({ id }: OutputAsked) => outputs.status(id)),
    answer('models', () => modelIds),
    answer('outputs', refreshOutputs),
  ];
  return {
    close() {
      for (const stop of stops) stop();
    },
  };
}

/** Without its password a camera refuses, or is stored as one that has none. */
function isLocked(source: SourceInput): boolean {
  return source.type === 'url' && source.locked === true;
}

function otherKey(): MienError {
  const sentence =
    'The password of this source cannot be read by the worker that was asked, because it has another key: give all servers of this database the same MIEN_SECRET_KEY.';
  return new MienError('SOURCE_REFUSED', sentence);
}

function loadOf(streamManager: StreamManager, load: LoadControl): LoadAnswer {
  return streamManager.running().map(({ streamId: id }) => ({
    id,
    effectiveFrameRate: load.effectiveFrameRate(id),
    isOverloaded: load.isOverloaded(id),
    warnings: { withTotals: load.warnings(id), withoutTotals: load.warnings(id, { totals: false }) },
  }));
}
