/**
 * A session of a million readings as Parquet over HTTP, from a server of its own, on both databases: seconds until the last byte, under
 * 60, and the memory that the server takes more at its most than before, under 200 MB. And the same of 100,000 readings as CSV.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Row, RowOptions } from '../harness.ts';
import { type RecordedServer, serveRecorded } from '../parts/exported.ts';
import { limited, recorded } from '../parts/results.ts';
import { pgliteLocation, postgresLocation, type StoreLocation } from '../parts/stores.ts';

export const row: Row = {
  name: 'export',
  measures: 'seconds and memory to export a million readings as Parquet',
  run,
};

const LIMIT = { seconds: 60, megabytes: 200 };
const EVERY_MS = 100;

async function* run({ quick, log, leftOut }: RowOptions) {
  const readings = quick ? 20_000 : 1_000_000;
  const postgres = await postgresLocation(leftOut);
  if (postgres) yield* measure(postgres, 'PostgreSQL', readings, log);
  yield* measure(pgliteLocation(), 'PGlite', readings, log);
}

async function* measure(location: StoreLocation, name: string, readings: number, log: RowOptions['log']) {
  log(`${readings} readings are stored in ${name}`);
  const server = await serveRecorded(location, readings);
  // What a server takes for its first export stays.
  await download(server, 'parquet?to=10');
  const { seconds, bytes, megabytes } = await download(server, 'parquet');
  const note = `${(bytes / 1e6).toFixed(0)} MB of ${readings} readings`;
  const head = { row: 'export', case: `${readings} readings as Parquet, ${name}` };
  yield limited({ ...head, unit: 's', note }, [seconds], LIMIT.seconds);
  yield limited({ ...head, case: `${head.case}, memory`, unit: 'MB' }, [megabytes], LIMIT.megabytes);
  const csv = await download(server, `csv?to=${readings / 100}`);
  yield recorded({ row: 'export', case: `${readings / 10} readings as CSV, ${name}`, unit: 's' }, [
    csv.seconds,
  ]);
  await server.stop();
  await location.remove();
}

async function download(server: RecordedServer, table: string) {
  const before = server.usage(0).server.megabytes;
  let most = before;
  const watching = new AbortController();
  const watched = watch(watching.signal, () => {
    most = Math.max(most, server.usage(0).server.megabytes);
  });
  const began = performance.now();
  const url = new URL(`/export/sessions/${server.sessionId}/readings.${table}`, server.url);
  const response = await fetch(url, { headers: { 'accept-encoding': 'identity' } });
  if (!response.ok || response.body === null) throw new Error(await response.text());
  let bytes = 0;
  for await (const chunk of response.body) bytes += chunk.byteLength;
  const seconds = (performance.now() - began) / 1000;
  watching.abort();
  await watched;
  return { seconds, bytes, megabytes: Math.max(1, most - before) };
}

async function watch(signal: AbortSignal, look: () => void): Promise<void> {
  while (!signal.aborted) {
    look();
    await sleep(EVERY_MS);
  }
}
