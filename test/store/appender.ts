/**
 * A process to be killed: goes on where the session ends, and appends moments as fast as they are stored. Prints the
 * number of the first, then of each that is stored.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { openStore } from '../../src/store/index.ts';
import { rollUp } from '../../src/timeline/index.ts';
import { makeMoment } from '../helpers/moments.ts';

const [config, sessionId] = process.argv.slice(2) as [string, string];
const store = await openStore({ rollUp, ...JSON.parse(config), commitIntervalMs: 5, leaseMs: 500 });
// The process before was killed: its session is this one's as soon as its lease has run out.
for (let adopted = false; !adopted; await sleep(20))
  adopted = (await store.sessions.adopt()).some(({ id }) => id === sessionId);
const first = (await store.moments.extent(sessionId)).newest + 1;
process.stdout.write(`${first}\n`);
for (let seq = first, waiting: Promise<void>[] = []; ; seq++) {
  const stored = store.moments.append(makeMoment(sessionId, seq), []);
  waiting.push(stored.then(() => void process.stdout.write(`${seq}\n`)));
  if (waiting.length === 20) {
    await Promise.race(waiting);
    waiting = waiting.slice(1);
  }
}
