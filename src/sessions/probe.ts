/** Looks at a source before it is registered. */
import type { SourceInfo, SourceInput } from '../domain/frame.ts';
import { MienError } from '../errors.ts';
import type { Probe } from './ports.ts';

const LONGEST_MS = 30_000;

/** A source that neither shows itself nor fails is given up. @throws MienError SOURCE_UNREACHABLE, and what probing throws */
export async function probeInTime(probe: Probe, source: SourceInput, stop: AbortSignal): Promise<SourceInfo> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(silent()), LONGEST_MS);
  try {
    return await probe(source, AbortSignal.any([stop, late.signal]));
  } finally {
    clearTimeout(timer);
  }
}

function silent(): MienError {
  return new MienError('SOURCE_UNREACHABLE', 'The source showed no picture; check that it is sending video.');
}
