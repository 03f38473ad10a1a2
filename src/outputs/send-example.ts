/** An example is sent to an output, and what came of it told in time, whatever the receiver does. */
import type { OutputTrial } from '../domain/output.ts';
import { unlessAborted } from '../threads/unless-aborted.ts';
import type { Sender } from './sender.ts';

/** Longest wait. */
const TRIAL_MS = 15_000;

/** @param sender of this trial alone; it is closed */
export async function sendExample(
  sender: Sender,
  host: string,
  milliseconds = TRIAL_MS,
): Promise<OutputTrial> {
  const began = performance.now();
  const late = AbortSignal.timeout(milliseconds);
  const trial = await unlessAborted(late, () => sender.trial(late)).catch((error: Error) => ({
    ...{ ok: false, status: null, answer: null },
    message: late.aborted
      ? `${host} did not answer within ${milliseconds / 1000} s; check that it is up and can be reached from here.`
      : error.message,
  }));
  await sender.close();
  return { ...trial, milliseconds: Math.round(performance.now() - began) };
}
