/**
 * From the page's own picture of a fake camera to the label over it. The film in the camera has a clock in its picture, by which
 * the page tells when it began to show a frame, and the server's preview of which frame a moment is. The label of a moment is
 * painted when the first picture after its arrival is.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { measured, quantile, type Result, type Row, type RowOptions } from '../harness.ts';
import { makeClockFilm, readClock } from '../parts/camera-clock.ts';
import { openCameraPage } from '../parts/camera-page.ts';
import { readPreview } from '../parts/preview-frames.ts';
import { limited, recorded } from '../parts/results.ts';
import { startServer } from '../parts/server.ts';

export const row: Row = {
  name: 'camera',
  measures: 'a browser’s camera: from its own picture to the label over it',
  run,
};

const LIMIT_MS = 250;

async function* run({ quick }: RowOptions): AsyncIterable<Result> {
  const dir = mkdtempSync(join(tmpdir(), 'mien-bench-'));
  const film = join(dir, 'clock.mjpeg');
  makeClockFilm(film);
  const server = await startServer(dir);
  const page = await openCameraPage(server, film);
  // The recorder, the decoder and the detector have come up.
  await page.watch(3);
  const rounds: number[][] = [];
  for (let round = 0; round < (quick ? 1 : 3); round++) {
    const stop = new AbortController();
    const clocks = readClocks(new URL(`/preview/${page.session}`, server.url).href, stop.signal);
    await page.watch(quick ? 5 : 15);
    stop.abort();
    rounds.push(await latencies(await clocks, page));
  }
  await page.close();
  await server.stop();
  rmSync(dir, { recursive: true, force: true });
  const head = { row: 'camera', unit: 'ms' };
  yield recorded(
    { ...head, unit: '', case: 'labels that were measured' },
    rounds.map(({ length }) => length),
  );
  yield recorded(
    { ...head, case: 'own picture to its label, p50' },
    rounds.map((some) => quantile(some, 0.5)),
  );
  yield limited(
    { ...head, case: 'own picture to its label, p95' },
    rounds.map((some) => quantile(some, 0.95)),
    LIMIT_MS,
  );
}

/** By the `seq` of its moment, the number of each frame in the preview. */
async function readClocks(url: string, signal: AbortSignal): Promise<Map<number, number>> {
  const clocks = new Map<number, number>();
  try {
    for await (const { seq, jpeg } of readPreview(url, signal)) clocks.set(seq, await readClock(jpeg));
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  measured('frames in the preview', clocks.size);
  return clocks;
}

async function latencies(
  clocks: ReadonlyMap<number, number>,
  page: Awaited<ReturnType<typeof openCameraPage>>,
): Promise<number[]> {
  const [painted, seenAt] = [await page.takePainted(), await page.seenAt()];
  // The board beside the camera asks for the same moments: painted is each when it is for the first time.
  const first = new Map(painted.toReversed().map((moment) => [moment.seq, moment]));
  const found = [...first.values()].flatMap(({ seq, paintedAt }) => {
    const seen = seenAt[clocks.get(seq) ?? -1];
    // A frame that was recorded and dropped from the own picture has no time.
    return seen === undefined ? [] : [paintedAt - seen];
  });
  measured('labels over the own picture', found.length);
  return found.sort((a, b) => a - b);
}
