import type { Frame, SourceInfo, SourceInput } from '../domain/frame.ts';
import { everyFrame, newestFrame } from './latest.ts';
import { openSource } from './open.ts';
import { startPlayer } from './player.ts';
import type { Workshop } from './probe.ts';

export interface PlayOptions {
  /** Frames per second of media time, at most. */
  frameRate: number;
  realtime: boolean;
  loop: boolean;
  signal: AbortSignal;
}

/**
 * The frames of a source. Live sources, and recordings in real time, give the newest frame and count the others
 * as `busy`; other recordings wait. Finishes at the end or when the signal aborts; throws SOURCE_FAILED where a
 * live source ends or stalls, and what `probe` throws where there is no frame at all.
 */
export async function* playSource(
  source: SourceInput,
  info: SourceInfo,
  options: PlayOptions,
  shop: Workshop,
): AsyncGenerator<Frame, void, undefined> {
  const { signal } = options;
  if (signal.aborted) return;
  const ffmpeg = await shop.ffmpeg();
  const opened = await openSource(source, info.kind, shop.places);
  const outlet = info.live || options.realtime ? newestFrame() : everyFrame();
  let stop = async () => {};
  const abort = () => {
    outlet.end(undefined, true);
    void stop();
  };
  signal.addEventListener('abort', abort);
  if (signal.aborted) abort();
  else stop = startPlayer({ opened, outlet, info, options, ffmpeg, shop });
  try {
    for (let frame = await outlet.take(); frame && !signal.aborted; frame = await outlet.take()) yield frame;
  } finally {
    signal.removeEventListener('abort', abort);
    await stop();
    opened.close();
  }
}
