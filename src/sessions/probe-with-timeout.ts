/** Looks at a source before it is registered, and gives up one that neither shows itself nor fails. */
import type { SourceInfo, SourceInput } from '../domain/frame.ts';
import { MienError } from '../errors.ts';
import type { Probe } from './ports.ts';

const TIMEOUT_MS = 30_000;

/** @throws MienError SOURCE_UNREACHABLE when it takes too long, and what probing throws */
export async function probeWithTimeout(
  probe: Probe,
  source: SourceInput,
  stopping: AbortSignal,
): Promise<SourceInfo> {
  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(noPicture()), TIMEOUT_MS);
  try {
    return await probe(source, AbortSignal.any([stopping, timeout.signal]));
  } finally {
    clearTimeout(timer);
  }
}

function noPicture(): MienError {
  return new MienError('SOURCE_UNREACHABLE', 'The source showed no picture; check that it is sending video.');
}
