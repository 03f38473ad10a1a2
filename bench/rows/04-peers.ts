/**
 * The demo clip (two faces), decoded to memory beforehand on both sides. The peers run on WebAssembly, their fastest
 * backend that installs here, in the thread that calls them: one frame after the other. mien is handed the frames as it
 * hands itself those of a recording, some ahead of the first that is not yet answered; a second case hands it one after
 * the other, as those of a camera come. The peers search every frame for faces, mien every fifth unless it is in doubt,
 * as it ships; a third case makes mien search every frame too.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Frame } from '../../src/domain/frame.ts';
import { RECORDING_READ_AHEAD } from '../../src/domain/read-ahead.ts';
import { inTurn, type Row, type RowOptions } from '../harness.ts';
import { makeClips } from '../parts/clips.ts';
import { copyOf, decodeAll, openVision } from '../parts/pipeline.ts';
import { compared } from '../parts/results.ts';

export const row: Row = {
  name: 'peers',
  measures: 'frames per second, detect and classify, against face-api and human',
  run,
};

const CASES = [
  { how: 'as shipped', detectEvery: 5, ahead: RECORDING_READ_AHEAD.scoring, target: { atLeast: 5 } },
  { how: 'frame after frame', detectEvery: 5, ahead: 0, target: null },
  { how: 'searching every frame', detectEvery: 1, ahead: 0, target: null },
];
const PEERS = fileURLToPath(new URL('../peers', import.meta.url));

async function* run({ quick, log }: RowOptions) {
  if (!existsSync(`${PEERS}/node_modules`)) return log('skipped: run `npm install` in bench/peers first');
  const clips = makeClips(1);
  const frames = (await decodeAll(clips.dir, clips.two, 10)).slice(0, quick ? 20 : 40);
  for (const peer of ['face-api', 'human']) {
    for (const { how, detectEvery, ahead, target } of CASES) {
      const rounds = await inTurn(
        () => mien(frames, detectEvery, ahead),
        () => other(peer, clips.two, frames.length),
        quick ? 1 : 3,
      );
      const head = { row: 'peers', case: `two faces, mien ${how}`, unit: 'frames/s' };
      yield compared(head, rounds, `@vladmandic/${peer}`, target);
    }
  }
  clips.remove();
}

async function mien(frames: readonly Frame[], detectEvery: number, ahead: number): Promise<number> {
  const vision = await openVision({ detectEvery });
  const warm = vision.open('warm');
  for (const frame of frames.slice(0, 5)) await warm.analyse(copyOf(frame));
  const analyser = vision.open('measured');
  const began = performance.now();
  const waiting: Promise<unknown>[] = [];
  for (const frame of frames) {
    if (waiting.length > ahead) await waiting.shift();
    waiting.push(analyser.analyse(copyOf(frame)));
  }
  await Promise.all(waiting);
  const rate = (frames.length / (performance.now() - began)) * 1000;
  await vision.close();
  return rate;
}

async function other(peer: string, clip: string, count: number): Promise<number> {
  const args = [`${PEERS}/${peer}.mjs`, clip, String(count)];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 2 ** 24 });
  return JSON.parse(stdout.trim().split('\n').at(-1)!).framesPerSecond;
}
