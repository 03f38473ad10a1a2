import type { Frame, SourceInfo, SourceInput } from '../domain/frame.ts';
import { type Play, startPlayer, threadsFor } from './decoder.ts';
import type { Exit } from './ffmpeg/ffmpeg-process.ts';
import { createShowinfo } from './ffmpeg/showinfo.ts';
import { createListener, firstFrame } from './first-frame.ts';
import { everyFrame, newestFrame } from './frames/frame-buffer.ts';
import { probeSource, type Workshop } from './probe-source.ts';
import { kindOf, openSource } from './source/resolve-source.ts';

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
  if (options.signal.aborted) return;
  const ffmpeg = await shop.ffmpeg();
  const opened = await openSource(source, info.kind, shop.places);
  yield* startPlaying({ opened, info, options, ffmpeg, shop, showinfo: createShowinfo() }).frames;
}

/** A source that is looked at and decoded. */
export interface Opening {
  info: SourceInfo;
  /** As `playSource` gives them. They are decoded until they are returned, or until the signal aborts. */
  frames: AsyncIterable<Frame>;
}

/**
 * What `probeSource` and then `playSource` do; of a file in one run of ffmpeg, whose start takes longer than to score a
 * picture. Throws as `probeSource` does.
 */
export async function openPlaying(
  source: SourceInput,
  options: PlayOptions,
  shop: Workshop,
): Promise<Opening> {
  const { signal } = options;
  const kind = kindOf(source);
  if (kind !== 'file' && kind !== 'upload') {
    const info = await probeSource(source, signal, shop);
    return { info, frames: playSource(source, info, options, shop) };
  }
  signal.throwIfAborted();
  const ffmpeg = await shop.ffmpeg();
  const opened = await openSource(source, kind, shop.places);
  // What a file is like matters to its decoding only by the threads that it takes.
  const unknown = { kind, live: false, width: 0, height: 0, duration: null };
  const showinfo = createShowinfo();
  const listener = createListener(showinfo);
  const play = { opened, info: unknown, options, ffmpeg, shop, showinfo, listener };
  const run = startPlaying(play);
  const heard = { kind, opened, listener, run, signal, limits: shop.limits };
  const info = await firstFrame(heard).catch(async (error: unknown) => {
    await run.stop();
    throw error;
  });
  if (threadsFor(play) === threadsFor({ info, options })) return { info, frames: run.frames };
  await run.stop();
  return { info, frames: playSource(source, info, options, shop) };
}

interface Playing {
  frames: AsyncIterableIterator<Frame, undefined>;
  /** Resolves when ffmpeg is gone. */
  done: Promise<Exit>;
  stop(): Promise<void>;
}

/** Decodes from now on, as far as that goes before the first frame is taken. */
function startPlaying(play: Omit<Play, 'outlet'>): Playing {
  const { signal, realtime } = play.options;
  const outlet = play.info.live || realtime ? newestFrame() : everyFrame();
  const player = startPlayer({ ...play, outlet });
  const abort = () => {
    outlet.end(undefined, true);
    void player.stop();
  };
  signal.addEventListener('abort', abort);
  if (signal.aborted) abort();
  const done = player.done.then((exit) => {
    signal.removeEventListener('abort', abort);
    play.opened.close();
    return exit;
  });
  const stop = async () => {
    await player.stop();
    await done;
  };
  async function* take(): AsyncGenerator<Frame, undefined, undefined> {
    try {
      for (let frame = await outlet.take(); frame && !signal.aborted; frame = await outlet.take())
        yield frame;
    } finally {
      await stop();
    }
  }
  return { frames: stoppable(take(), stop), done, stop };
}

/** A generator that was never begun runs no `finally`: whoever returns it stops it by other means. */
function stoppable<T>(
  generator: AsyncGenerator<T, undefined, undefined>,
  stop: () => Promise<void>,
): AsyncIterableIterator<T, undefined> {
  const iterator: AsyncIterableIterator<T, undefined> = {
    next: () => generator.next(),
    async return() {
      await stop();
      return generator.return(undefined);
    },
    [Symbol.asyncIterator]: () => iterator,
  };
  return iterator;
}
