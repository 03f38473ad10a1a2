/** What the three publishers of the fan-out row have in common: what is published, and when. */
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import type { Moment } from '../../src/domain/moment.ts';
import { makeMoment } from '../parts/moments.ts';
import { answer } from '../parts/side-process.ts';

export const STREAM = '0198c000-0000-7000-8000-000000000001';
export const SESSION = '0198c000-0000-7000-8000-000000000002';

/** What a dashboard asks for. `mediaTime` carries the time of publication. */
export const DOCUMENT = `subscription { frameEmotions(streamId: "${STREAM}") {
  cursor sessionId seq mediaTime wallTime droppedBefore skippedBefore
  faces { track box { x y width height } expression confidence probabilities { expression probability }
    agreement valence arousal pose { yaw pitch roll } quality { score issues } }
} }`;

/** The id of a WebSocket's operation: each has its own, a UUID, as graphql-ws' client gives them. */
export function operationId(subscriber: number): string {
  return `0198c000-0000-4000-8000-${subscriber.toString(16).padStart(12, '0')}`;
}

export interface PublishQuestion {
  count: number;
  /** Milliseconds between moments; 0: as fast as the event loop turns. */
  pace: number;
}

/** Tells the port and what this process has cost so far (µs of processor time), then publishes whenever it is asked to. */
export function serve(port: number, publish: (moment: Moment) => void | Promise<void>): void {
  let seq = 0;
  answer(async ({ count, pace }: Partial<PublishQuestion>) => {
    for (let i = 0; i < (count ?? 0); i++) {
      const moment = makeMoment(SESSION, seq++, Date.now());
      await publish({ ...moment, mediaTime: (performance.timeOrigin + performance.now()) / 1000 });
      await (pace ? sleep(pace) : setImmediate());
    }
    const { user, system } = process.cpuUsage();
    return { port, cpu: user + system };
  });
}
