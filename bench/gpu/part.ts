/** What the parts of the bench of a device share. */
import type { Device } from '../../src/vision/index.ts';

export interface PartOptions {
  device: Device;
  /** For the whole part; a part that takes longer once through is gone through once. */
  seconds: number;
  /** Fewer sizes. */
  quick: boolean;
}

export interface Measured {
  part: string;
  /** Of an agreement alone. */
  agrees?: boolean;
  [name: string]: unknown;
}

/** Calls `work` for about so many seconds, after one call that does not count. @returns calls a second */
export async function callsPerSecond(work: () => Promise<unknown>, seconds: number): Promise<number> {
  await work();
  const began = performance.now();
  let calls = 0;
  do {
    await work();
    calls += 1;
  } while (performance.now() - began < seconds * 1000);
  return (calls / (performance.now() - began)) * 1000;
}
