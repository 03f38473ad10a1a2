/** `session.run` on the device and nothing else: what it could take if nothing had to be cut, tracked or told. */
import { openBareModels } from '../parts/baselines.ts';
import { callsPerSecond, type Measured, type PartOptions } from './part.ts';

export const BATCHES = [1, 4, 16, 64, 256, 1024];

export async function* bareFaces({ seconds, quick }: PartOptions): AsyncGenerator<Measured> {
  const bare = await openBareModels(1);
  const batches = quick ? BATCHES.slice(0, 3) : BATCHES;
  for (const batch of batches) {
    const calls = await callsPerSecond(() => bare.score(batch), seconds / batches.length);
    yield { part: 'faces, session.run', batch, perSecond: Math.round(calls * batch) };
  }
}

export async function* barePictures({ seconds, quick }: PartOptions): AsyncGenerator<Measured> {
  const bare = await openBareModels(1);
  const sizes = [
    [320, 192],
    [640, 384],
  ] as const;
  for (const [width, height] of quick ? sizes.slice(0, 1) : sizes) {
    const picture = { width, height, pixels: new Uint8Array(width * height).fill(90) };
    const perSecond = await callsPerSecond(() => bare.detect(picture), seconds / sizes.length);
    yield { part: 'pictures, session.run', width, height, perSecond: round(perSecond) };
  }
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
