/** One stream's source, opened as the stream asks for it, and opened anew after a break. */
import type { Frame } from '../domain/frame.ts';
import type { StreamRecord } from '../domain/stream.ts';
import type { HeldSource } from './inspect-source.ts';
import type { OpenSource } from './ports.ts';

export interface OpenedSource {
  frames: AsyncIterable<Frame>;
  /** Whether frames are dropped rather than waited for. */
  realtime: boolean;
}

export interface SessionSource {
  /** Whether it can be opened again later; until it was opened, its name must do. */
  readonly live: boolean;
  /** Opens it, unless registering has left it open. */
  open(signal: AbortSignal): Promise<OpenedSource>;
}

/** @param held what registering has left open; null: the first opening is like all others */
export function createSessionSource(
  openSource: OpenSource,
  { source, frameRate, loop, realtime }: StreamRecord,
  held: HeldSource | null,
): SessionSource {
  let waiting = held;
  let live = held?.info.live ?? (source.type === 'url' || source.type === 'device');
  return {
    get live() {
      return live;
    },
    async open(signal) {
      const options = { frameRate, realtime: realtime ?? false, loop, signal };
      const opened = waiting ? takeOver(waiting, signal) : await openSource(source, options);
      waiting = null;
      live = opened.info.live;
      return { realtime: live || (realtime ?? false), frames: opened.frames };
    },
  };
}

/** From now on `signal` stops it. */
function takeOver(held: HeldSource, signal: AbortSignal): HeldSource {
  signal.addEventListener('abort', held.stop, { once: true });
  if (signal.aborted) held.stop();
  return held;
}
