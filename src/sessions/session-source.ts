/** One stream's source: probed, opened as the stream asks for it, and opened anew after a break. */
import type { Frame, SourceInfo } from '../domain/frame.ts';
import type { StreamRecord } from '../domain/stream.ts';
import type { Decode, Probe } from './ports.ts';
import { failOnStall } from './stall-timeout.ts';

export interface SourceDeps {
  probe: Probe;
  decode: Decode;
}

export interface OpenedSource {
  frames: AsyncIterable<Frame>;
  /** Whether frames are dropped rather than waited for. */
  realtime: boolean;
}

export interface SessionSource {
  /** Whether it can be opened again later; until it was probed, its name must do. */
  readonly live: boolean;
  /** Probes it, unless that was done just now, and decodes it. `abort` stops what `signal` stops. */
  open(signal: AbortSignal, abort: () => void): Promise<OpenedSource>;
  /** What is known of it may no longer hold: the next opening probes again. */
  forgetInfo(): void;
}

/**
 * @param known what probing has found just now; null: it probes first
 * @param stallMs longest wait for a frame of a live source
 */
export function createSessionSource(
  { probe, decode }: SourceDeps,
  { source, frameRate, loop, realtime: asked }: StreamRecord,
  known: SourceInfo | null,
  stallMs: number,
): SessionSource {
  let info = known;
  let live = known?.live ?? (source.type === 'url' || source.type === 'device');
  return {
    get live() {
      return live;
    },
    async open(signal, abort) {
      info ??= await probe(source, signal);
      live = info.live;
      const realtime = live || (asked ?? false);
      const frames = decode(source, info, { frameRate, realtime, loop: loop && !live, signal });
      return { realtime, frames: live ? failOnStall(frames, { stallMs, abort }) : frames };
    },
    forgetInfo() {
      info = null;
    },
  };
}
