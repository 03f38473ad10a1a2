/**
 * The demo clip (two faces), decoded to memory beforehand on both sides, its frames scored one after the other.
 * The peers run on WebAssembly, their fastest backend that installs here; they search every frame for faces,
 * mien every fifth unless it is in doubt, as it ships; a second case makes mien search every frame too.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Frame } from '../../src/domain/frame.ts';
import { inTurn, type Row, type RowOptions } from '../harness.ts';
import { makeClips } from '../parts/clips.ts';
import { compared } from '../parts/results.ts';
import { copyOf, decodeAll, openVision } from '../parts/rooms.ts';

export const row: Row = {
  name: 'peers',
  measures: 'frames per second, detect and classify, against face-api and human',
  run,
};

const PEERS = fileURLToPath(new URL('../peers', import.meta.url));

async function* run({ quick, log }: RowOptions) {
  if (!existsSync(`${PEERS}/node_modules`)) return log('skipped: run `npm install` in bench/peers first');
  const clips = makeClips(1);
  const frames = (await decodeAll(clips.dir, clips.two, 10)).slice(0, quick ? 20 : 40);
  for (const peer of ['face-api', 'human']) {
    for (const detectEvery of [5, 1]) {
      const rounds = await inTurn(
        () => mien(frames, detectEvery),
        () => other(peer, clips.two, frames.length),
        quick ? 1 : 3,
      );
      const how = detectEvery === 1 ? 'searching every frame' : 'as shipped';
      const head = { row: 'peers', case: `two faces, mien ${how}`, unit: 'frames/s' };
      const target = detectEvery === 1 ? null : { atLeast: 5 };
      yield compared(head, rounds, `@vladmandic/${peer}`, target);
    }
  }
  clips.remove();
}

async function mien(frames: readonly Frame[], detectEvery: number): Promise<number> {
  const vision = await openVision({ detectEvery });
  const warm = vision.open('warm');
  for (const frame of frames.slice(0, 5)) await warm.analyse(copyOf(frame));
  const analyser = vision.open('measured');
  const began = performance.now();
  for (const frame of frames) await analyser.analyse(copyOf(frame));
  const rate = (frames.length / (performance.now() - began)) * 1000;
  await vision.close();
  return rate;
}

async function other(peer: string, clip: string, count: number): Promise<number> {
  const args = [`${PEERS}/${peer}.mjs`, clip, String(count)];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 2 ** 24 });
  return JSON.parse(stdout.trim().split('\n').at(-1)!).framesPerSecond;
}
