/**
 * An API and a worker whose clocks are an hour off, beside others that are right: who watches at the one what the other analyses sees all of it, live
 * and while NATS is away for a second, nine, and for good; its streams go on where a worker is killed, and all that is recorded has the database's times.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { until } from '../api/harness.ts';
import { SERVER } from '../helpers/database.ts';
import { HAS_NATS } from '../helpers/nats-server.ts';
import { follow, keyOf, type Node, openScale, type Scale, storedOf, untilRuns } from './place.ts';

vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 });

const HOUR_MS = 3_600_000;
const TTL_MS = 5_000;
const NATS_AWAY_MS = [1_000, 9_000];
/** Read before the program. */
const SHIFT_CLOCK = new URL('./shift-clock.mjs', import.meta.url).href;

describe.runIf(SERVER && HAS_NATS).each([
  ['ahead', HOUR_MS],
  ['behind', -HOUR_MS],
])('an API and a worker whose clocks are an hour %s', (way, shift) => {
  let scale: Scale;
  const shifted = {
    NODE_OPTIONS: `--import ${SHIFT_CLOCK}`,
    CLOCK_SHIFT_MS: String(shift),
  };

  beforeEach(async () => {
    scale = await openScale();
    await scale.place.square('clip.mp4', 600, 5);
  });
  afterEach(() => scale?.close());

  const databaseTime = async () =>
    (await scale.client.query<{ now: Date }>('SELECT clock_timestamp() AS now')).rows[0]!.now;

  it('show and record all there is, with the times of the database', async () => {
    const from = await databaseTime();
    const [right, wrong] = [await scale.start('api'), await scale.start('api', shifted)];
    const workers = [await scale.start('worker'), await scale.start('worker', shifted)];
    const ids = [await register(wrong, 'One'), await register(right, 'Two')];
    for (const id of ids) await untilRuns(scale.client, id, 1);
    const viewers = ids.flatMap((id) => [follow(wrong.url, id), follow(right.url, id, 'websocket')]);
    await until(() => viewers.every(({ seen }) => seen.length > 5), 'moments are shown');
    expect(await scale.workerOf(ids[0]!)).not.toBe(await scale.workerOf(ids[1]!));

    const goesOn = (what: string) => {
      const shown = viewers.map(({ seen }) => seen.length);
      return until(() => viewers.every(({ seen }, at) => seen.length > shown[at]! + 10), what, 120_000);
    };
    for (const away of NATS_AWAY_MS) {
      await scale.nats.kill();
      await sleep(away);
      await scale.nats.start();
      await goesOn(`it goes on after ${away} ms without NATS`);
    }

    const lag = async () => {
      const sql = `SELECT extract(epoch FROM clock_timestamp() - max(wall_time))::float8 AS lag FROM moment GROUP BY session_id`;
      return (await scale.client.query<{ lag: number }>(sql)).rows.map(({ lag: seconds }) => seconds);
    };
    const looks: number[][] = [];
    for (let count = 0; count < 10; count++) looks.push(await lag());
    const best = ids.map((_, at) => Math.min(...looks.map((look) => look[at]!)));
    console.info(
      `the newest moments are of ${best.map((seconds) => seconds.toFixed(2)).join(' and ')} s ago`,
    );
    for (const seconds of best) expect(Math.abs(seconds)).toBeLessThan(1);

    await workers[0]!.end('SIGKILL');
    const live = async () =>
      (await scale.client.query("SELECT 1 FROM session WHERE state = 'RUNNING'")).rowCount;
    const ended = async () =>
      (await scale.client.query("SELECT 1 FROM session WHERE state = 'INTERRUPTED'")).rowCount;
    await until(async () => (await ended()) === 1 && (await live()) === 2, 'both run at the other', 60_000);
    await goesOn('they are shown');

    // From now on throughout: what is stored is shown, and each subscription ends.
    await scale.nats.kill();
    await goesOn('they are shown without NATS');
    for (const id of ids) await stop(wrong, id);
    for (const [at, id] of ids.flatMap((one) => [one, one]).entries()) {
      const stored = await storedOf(scale.client, id);
      const { seen, leave } = viewers[at]!;
      await until(() => keyOf(seen.at(-1)!) === stored.at(-1), 'the last is shown', TTL_MS * 4);
      leave();
      const keys = seen.map(keyOf);
      expect(keys).toEqual(stored.slice(stored.indexOf(keys[0]!)));
    }
    const now = await databaseTime();
    const { rows } = await scale.client.query<{ at: Date }>(
      `SELECT min(wall_time) AS at FROM moment UNION ALL SELECT max(wall_time) FROM moment
       UNION ALL SELECT created_at FROM stream
       UNION ALL SELECT started_at FROM session UNION ALL SELECT ended_at FROM session`,
    );
    for (const { at } of rows) {
      expect(at.getTime()).toBeGreaterThan(from.getTime() - 1_000);
      expect(at.getTime()).toBeLessThan(now.getTime() + 1_000);
    }
    for (const node of [wrong, workers[1]!]) await expectToldOff(node);
  });

  /** In the log once, with both times, and in what Prometheus reads. */
  async function expectToldOff(node: Node): Promise<void> {
    const metrics = await (await fetch(`${node.url}/metrics`)).text();
    const offset = Number(/^mien_clock_offset_seconds (-?[\d.]+)$/m.exec(metrics)![1]);
    expect(Math.abs(offset + shift / 1000)).toBeLessThan(1);
    const told = node
      .log()
      .match(/the clock of this machine is 3600\.\d s (ahead of|behind) that of the database/g);
    expect(told).toHaveLength(1);
    expect(told![0]).toContain(way);
  }

  async function register(api: Node, name: string): Promise<string> {
    const { registerStream } = await api.mien.request<{ registerStream: { stream: { id: string } } }>(
      `mutation { registerStream(input: { name: "${name}", source: { file: "clip.mp4" }, purpose: RESEARCH,
        loop: true, realtime: true, frameRate: 5 }) { stream { id } } }`,
    );
    return registerStream.stream.id;
  }

  async function stop(api: Node, id: string): Promise<void> {
    await api.mien.request(`mutation { stopStream(input: { id: "${id}" }) { session { id } } }`);
  }
});
