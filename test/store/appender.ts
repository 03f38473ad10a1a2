/** A process to be killed: appends moments as fast as they are stored, and prints the number of each that is. */
import { openStore } from '../../src/store/index.ts';
import { rollUp } from '../../src/timeline/index.ts';
import { makeMoment } from '../helpers/moments.ts';

const [config, sessionId, from] = process.argv.slice(2) as [string, string, string];
const store = await openStore({ rollUp, ...JSON.parse(config), commitIntervalMs: 5 });
for (let seq = Number(from), waiting: Promise<void>[] = []; ; seq++) {
  const stored = store.moments.append(makeMoment(sessionId, seq), []);
  waiting.push(stored.then(() => void process.stdout.write(`${seq}\n`)));
  if (waiting.length === 20) {
    await Promise.race(waiting);
    waiting = waiting.slice(1);
  }
}
