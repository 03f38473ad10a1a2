/** One stream's source, opened as the stream asks for it, and opened anew after a break. */
import type { Frame, FrameSize } from '../domain/frame.ts';
import { mayBeLive, runsInRealTime, type StreamRecord } from '../domain/stream.ts';
import { MienError } from '../errors.ts';
import type { HeldSource } from './inspect-source.ts';
import type { LiveSourceGate } from './live-source-gate.ts';
import type { OpenSource, RunningSource } from './ports.ts';

export interface OpenedSource extends Omit<RunningSource, 'info'> {
  /** Whether frames are dropped rather than waited for. */
  realtime: boolean;
  /** Of the source's own picture. */
  size: FrameSize;
  /** Where it ends, in seconds since its start; null: that is not known, or it goes on. */
  end: number | null;
}

export interface SessionSource {
  /** Whether frames are dropped rather than waited for, as far as that is known before it is opened. */
  readonly realtime: boolean;
  /**
   * Whether it can be opened again: what is live always, until it was opened by its name, unless it came by HTTP and its server
   * said that this was all; a file that is looped when its decoder broke (`error`), a few times, since it may be the file
   * that breaks it; and an upload whose storage is away, unless some of it was read that would be read once more.
   */
  canReturn(error: unknown): boolean;
  /** Opens it, unless registering has left it open; what is live as soon as the gate is open. */
  open(signal: AbortSignal): Promise<OpenedSource>;
}

/** A looped file whose decoder broke is opened again so many times within ten minutes. */
const MAX_REOPENED = 5;
const REOPENED_WITHIN_MS = 600_000;

export interface SourceDeps {
  openSource: OpenSource;
  gate: LiveSourceGate;
}

/** @param held what registering has left open; null: the first opening is like all others */
export function createSessionSource(
  { openSource, gate }: SourceDeps,
  stream: StreamRecord,
  held: HeldSource | null,
): SessionSource {
  const { source, frameRate, timing, loop, detectSize, preview: colour = false } = stream;
  let waiting = held;
  let broken: number[] = [];
  let kind = held?.info.kind;
  let live = held?.info.live ?? null;
  return {
    realtime: runsInRealTime(stream, live),
    canReturn(error) {
      if (error instanceof MienError && error.code === 'UPLOADS_UNAVAILABLE') return loop || live === null;
      if (live ?? mayBeLive(source)) return error !== null || kind !== 'http';
      if (!loop || error === null) return false;
      broken = [...broken.filter((at) => performance.now() - at < REOPENED_WITHIN_MS), performance.now()];
      return broken.length <= MAX_REOPENED;
    },
    async open(stopping) {
      if (source.type === 'url' && source.locked) throw locked();
      // A recording is read again at no harm, and could not go on where it was.
      const isGated = live ?? mayBeLive(source);
      if (isGated) await gate.untilOpen(stopping);
      const { closing } = gate;
      const signal = isGated ? AbortSignal.any([stopping, closing]) : stopping;
      const realtime = stream.realtime ?? false;
      const options = { frameRate, timing, realtime, loop, detectSize, colour, signal };
      const opened = waiting ? takeOver(waiting, signal) : await openSource(source, options);
      waiting = null;
      ({ live, kind } = opened.info);
      const { frames, setFrameRate, info } = opened;
      return {
        ...{ realtime: runsInRealTime(stream, live), setFrameRate, size: info },
        frames: isGated ? whileOpen(frames, closing) : frames,
        end: live || stream.loop ? null : info.duration,
      };
    },
  };
}

/** @throws why it was closed, rather than to end */
async function* whileOpen(frames: AsyncIterable<Frame>, closing: AbortSignal) {
  yield* frames;
  closing.throwIfAborted();
}

/** From now on `signal` stops it. */
function takeOver(held: HeldSource, signal: AbortSignal): HeldSource {
  signal.addEventListener('abort', held.stop, { once: true });
  if (signal.aborted) held.stop();
  return held;
}

function locked(): MienError {
  return new MienError(
    'SOURCE_REFUSED',
    'The password of this source cannot be read, because the key that it was sealed with is not here: start mien with that key (MIEN_SECRET_KEY, or secret.key in the data directory), or remove this stream and register it again.',
  );
}
