/** Looks at a source before it is registered, and gives up one that neither shows itself nor fails. */
import type { SourceInfo } from '../domain/frame.ts';
import { MienError } from '../errors.ts';
import type { Registration } from './check-registration.ts';
import type { OpenSource, Probe, RunningSource } from './ports.ts';

/** A source that stays open until a session takes it over. */
export interface HeldSource extends RunningSource {
  /** Harmless when it has ended already. */
  stop(): void;
}

export interface InspectDeps {
  probe: Probe;
  openSource: OpenSource;
}

const TIMEOUT_MS = 30_000;

/**
 * What is sent to mien cannot be looked at before its sender has the address. What may be a camera is connected to once: it stays open for the session that starts at once. All else is only
 * probed, because a recording would go on while the stream is being stored.
 * @throws MienError SOURCE_UNREACHABLE when it takes too long, and what probing throws
 */
export async function inspectSource(
  { probe, openSource }: InspectDeps,
  { source, frameRate, timing, realtime, loop, detectSize, preview, autoStart }: Registration,
  stopping: AbortSignal,
): Promise<{ info: Pick<SourceInfo, 'live'>; held: HeldSource | null }> {
  if (source.type === 'push') return { info: { live: true }, held: null };
  return withTimeout(stopping, async (signal) => {
    if (!autoStart || source.type === 'file' || source.type === 'upload') {
      return { info: await probe(source, signal), held: null };
    }
    const holding = new AbortController();
    const options = { frameRate, timing, realtime: realtime ?? false, loop, detectSize, colour: preview };
    const both = AbortSignal.any([signal, holding.signal]);
    const opened = await openSource(source, { ...options, signal: both });
    return { info: opened.info, held: { ...opened, stop: () => holding.abort() } };
  });
}

/** @param work is given a signal that aborts when it takes too long, or when `stopping` does */
async function withTimeout<T>(stopping: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(noPicture()), TIMEOUT_MS);
  try {
    return await work(AbortSignal.any([stopping, timeout.signal]));
  } finally {
    clearTimeout(timer);
  }
}

function noPicture(): MienError {
  return new MienError('SOURCE_UNREACHABLE', 'The source showed no picture; check that it is sending video.');
}
