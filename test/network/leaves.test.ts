/** Nothing leaves: what mien and its dependencies do on a machine that is no CI, with a home that shows what they write. */
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../api/harness.ts';
import { type Workplace, workplace } from '../cli/harness.ts';
import { createDatabase, type TestDatabase } from '../helpers/database.ts';
import { program } from '../helpers/program.ts';
import { runOutside } from './outsider.ts';
import { TRACERS } from './tracer.ts';

/** onnxruntime's first report was tried within 9 s of its start. */
const WATCHED_MS = 12_000;
const DEMO = fileURLToPath(new URL('../fixtures/demo.mp4', import.meta.url));
const MIEN = [process.execPath, ...program()];
if (TRACERS.length === 0)
  console.warn('SKIPPED: nothing watched what mien connects to; neither strace nor unshare -rn works here');

let place: Workplace;
let database: TestDatabase;
let traced: TestDatabase;
beforeAll(async () => {
  place = await workplace();
  database = await createDatabase('pglite');
  traced = await createDatabase('pglite');
  await place.square('picture.png');
});
afterAll(async () => {
  await database.dispose();
  await traced.dispose();
  await place.dispose();
});

it.each(TRACERS)('$name sees who knocks', async (tracer) => {
  // A query for a name where it can tell one; else an address for documentation, where nothing leads out.
  const [port, host] = tracer.name === 'strace' ? [53, '127.0.0.1'] : [9, '192.0.2.1'];
  const knock = `require('net').connect(${port}, '${host}').on('error', () => {}); setTimeout(process.exit, 500)`;
  const { code, tries } = await runOutside(tracer, [process.execPath, '-e', knock]);
  expect(code).toBe(0);
  expect(tries).toHaveLength(1);
});

// At once: most of it is watching that nothing happens.
describe.skipIf(TRACERS.length === 0).concurrent('leaves nothing behind, and asks nobody:', () => {
  const run = (args: string[]) => runOutside(TRACERS[0]!, [...MIEN, ...args]);
  const serve = (env: Record<string, string>) =>
    runOutside(TRACERS[0]!, [...MIEN, 'serve'], {
      env,
      async during(child, stdout) {
        const over = new Promise((resolve) => child.once('exit', resolve));
        await Promise.race([over, until(() => /serves at/.test(stdout()), 'it serves', 240_000)]);
        await Promise.race([over, sleep(WATCHED_MS)]);
        child.kill('SIGTERM');
      },
    });
  const nothing = { code: 0, tries: [], files: [] };

  it('`mien models`', async () => {
    expect(await run(['models'])).toMatchObject(nothing);
  });

  it('`mien analyze`, with its ffmpeg', async () => {
    const outcome = await run(['analyze', DEMO, `${place.directory}/picture.png`, '--rate', '2']);
    expect(outcome).toMatchObject(nothing);
    expect(outcome.stdout.split('\n').length).toBeGreaterThan(40);
  });

  it('`mien serve`, from its start, over a demo that plays, to its end', async () => {
    const env = { MIEN_DATA_DIR: database.config.dataDir, PORT: '0', HOST: '127.0.0.1' };
    const outcome = await serve(env);
    expect(outcome).toMatchObject(nothing);
    expect(outcome.stdout).toMatch(/serves at/);
  });

  it('but the collector that it is told to send traces to', async () => {
    const env = {
      ...{ MIEN_DATA_DIR: traced.config.dataDir, PORT: '0', HOST: '127.0.0.1' },
      ...{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://192.0.2.1:4318', OTEL_EXPORTER_OTLP_TIMEOUT: '1000' },
      ...{ OTEL_TRACES_SAMPLER: 'always_on', OTEL_BSP_SCHEDULE_DELAY: '500' },
    };
    const outcome = await serve(env);
    expect(outcome).toMatchObject({ code: 0, files: [] });
    expect(outcome.tries.length).toBeGreaterThan(0);
    const collector = TRACERS[0]!.name === 'strace' ? '192.0.2.1, port 4318' : expect.any(String);
    for (const tried of outcome.tries) expect(tried).toEqual(collector);
    expect(outcome.stdout).toMatch(/serves at/);
  });
});
