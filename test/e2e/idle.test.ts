/** What a server without a stream does: nothing. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Server, startServer } from './server.ts';

let data: string;
let server: Server;
beforeAll(async () => {
  data = mkdtempSync(join(tmpdir(), 'mien-idle-'));
  server = await startServer({ MIEN_DATA_DIR: data, MIEN_DEMO: 'false' });
}, 60_000);
afterAll(async () => {
  await server?.end('SIGTERM');
  rmSync(data, { recursive: true, force: true });
});

/** How often the threads of the process have gone to sleep since their start, all together. */
function sleeps(pid: number): number {
  const threads = `/proc/${pid}/task`;
  const counts = readdirSync(threads).map((thread) =>
    /^voluntary_ctxt_switches:\s+(\d+)$/m.exec(readFileSync(`${threads}/${thread}/status`, 'utf8')),
  );
  return counts.reduce((sum, count) => sum + Number(count![1]), 0);
}

it.runIf(process.platform === 'linux')(
  'an idle server is woken by hardly any timer',
  async () => {
    const pid = server.process.pid!;
    // What its start has left to do, as to collect garbage, is done in one of these.
    const rates: number[] = [];
    for (let i = 0; i < 8 && Math.min(...rates) > 20; i++) {
      const before = sleeps(pid);
      await sleep(2000);
      rates.push((sleeps(pid) - before) / 2);
    }
    expect(Math.min(...rates)).toBeLessThanOrEqual(20);
  },
  60_000,
);
