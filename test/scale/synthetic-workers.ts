/**
 * A process with workers in it, each with a store, a lease and a stream manager of its own, as servers have them. Their sources give
 * one frame, or another each so many milliseconds, and are live: no ffmpeg, no model. Each registers so many streams. Prints a line once all
 * of them run.
 */

import { randomUUID } from 'node:crypto';
import { MemoryBus } from '../../src/bus/index.ts';
import { LoadControl, StreamManager } from '../../src/sessions/index.ts';
import { openStore } from '../../src/store/index.ts';
import { sleep } from '../../src/threads/sleep.ts';
import { whenAborted } from '../../src/threads/when-aborted.ts';
import { createTimeline, rollUp } from '../../src/timeline/index.ts';
import { MODEL } from '../helpers/database.ts';
import { analyser, frame, LIVE_INFO } from '../sessions/fakes.ts';

const [config, count, streams, every] = process.argv.slice(2) as [string, string, string, string?];
const log = { debug() {}, info() {}, warn() {}, error() {} };

async function startWorker(): Promise<StreamManager> {
  const store = await openStore({ rollUp, ...JSON.parse(config) });
  await store.models.upsert(MODEL);
  const manager = new StreamManager({
    ...{ streams: store.streams, sessions: store.sessions, sink: store.moments, modelId: MODEL.id, log },
    clock: store.clock,
    probe: async () => LIVE_INFO,
    async openSource(_source, { signal }) {
      const frames = async function* () {
        for (let index = 0; !signal.aborted; index++) {
          yield frame(index, { wallTime: store.clock.now() });
          await (every === undefined ? whenAborted(signal) : sleep(Number(every), signal));
        }
      };
      return { info: LIVE_INFO, frames: frames(), setFrameRate() {} };
    },
    openAnalyser: () => analyser(),
    openTimeline: createTimeline({ thresholds: { confidence: 0.3, quality: 0.3 } }),
    publisher: new MemoryBus(),
    load: new LoadControl({
      modelRate: null,
      work: () => ({ seconds: 0, threads: 1 }),
      overcommit: true,
      log,
    }),
    meter: { decoded() {}, scored() {}, dropped() {} },
  });
  store.lease.watch(manager.leaseWatcher);
  await manager.desired.note();
  await manager.desired.restore();
  return manager;
}

async function register(manager: StreamManager): Promise<void> {
  for (let at = 0; at < Number(streams); at++)
    await manager.register({
      name: randomUUID(),
      source: { type: 'url', url: 'rtsp://camera/1' },
      purpose: 'RESEARCH',
      realtime: null,
    });
}

const managers: StreamManager[] = [];
for (let at = 0; at < Number(count); at++) managers.push(await startWorker());
await Promise.all(managers.map(register));
process.stdout.write('ready\n');
