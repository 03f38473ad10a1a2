import { availableParallelism } from 'node:os';
import type { SourceInfo } from '../domain/frame.ts';
import { decodeThreads } from './ffmpeg/decode-threads.ts';
import { decodeArguments } from './ffmpeg/ffmpeg-args.ts';
import { broken } from './ffmpeg/ffmpeg-errors.ts';
import type { Ffmpeg } from './ffmpeg/ffmpeg-path.ts';
import type { Exit } from './ffmpeg/ffmpeg-process.ts';
import { createMediaClock, type Showinfo } from './ffmpeg/showinfo.ts';
import { isNetwork } from './ffmpeg/whitelists.ts';
import type { Listener } from './first-frame.ts';
import { createFrameMemory } from './frames/buffer-pool.ts';
import { FrameAssembler, type Picture } from './frames/frame-assembler.ts';
import type { Outlet } from './frames/frame-buffer.ts';
import { createOutput, type Output } from './frames/frame-sink.ts';
import { createPace } from './frames/realtime-pacer.ts';
import { type Watch, watchFor } from './frames/stall-watchdog.ts';
import type { PlayOptions } from './open-source.ts';
import type { Workshop } from './probe-source.ts';
import type { Opened } from './source/resolve-source.ts';
import { verdict } from './verdict.ts';

export interface Play {
  opened: Opened;
  outlet: Outlet;
  /** Zeros: what the source is like is yet to be heard. */
  info: Pick<SourceInfo, 'kind' | 'live' | 'width' | 'height' | 'duration'>;
  options: PlayOptions;
  ffmpeg: Ffmpeg;
  shop: Workshop;
  showinfo: Showinfo;
  /** Is to hear of the first frame. */
  listener?: Listener;
}

/** What the parts of one decoding share. */
export interface State {
  /** Frames delivered, and the media time of the last. */
  count: number;
  mediaTime: number;
  /** The last lines that ffmpeg said, other than about frames. */
  said: string[];
  over: AbortController;
}

/** Starts ffmpeg and fills the outlet, which ends when ffmpeg does or when the source stalls. `done`: ffmpeg is gone. */
export function startPlayer(play: Play): { done: Promise<Exit>; stop(): Promise<void> } {
  const { opened, outlet, info, ffmpeg, shop } = play;
  const state: State = { count: 0, mediaTime: 0, said: [], over: new AbortController() };
  const watch = watchFor(patience(play), shop.limits.connectSeconds, () => {
    outlet.end(broken(opened, `gave no frame for ${shop.limits.stallSeconds} s`, state.said));
    void stop();
  });
  const frames = receiveFrames(play, state, watch);
  const run = shop.launcher.start({
    ffmpegPath: ffmpeg.path,
    url: opened.input.url,
    proxy: opened.input.proxy,
    running: shop.running,
    args: argumentsFor(play, frames.output),
    output: frames.output,
    onLine: frames.onLine,
  });
  const stop = async () => {
    state.over.abort();
    watch.stop();
    frames.output.discard();
    await run.stop();
  };
  const done = run.done.then((exit) => {
    watch.stop();
    outlet.end(verdict(exit, play, state) ?? undefined);
    return exit;
  });
  if (!isNetwork(info.kind) && !info.live) watch.stop();
  return { done, stop };
}

/** Frames that ffmpeg holds ready of a recording that is read as fast as it comes. */
const AHEAD = 8;

export function threadsFor({ info, options }: Pick<Play, 'info' | 'options'>): number {
  return decodeThreads(info, options.realtime, availableParallelism());
}

function argumentsFor(play: Play, { protocol }: Output) {
  const { opened, info, options, ffmpeg, shop, showinfo, listener } = play;
  return decodeArguments(opened.input, {
    frameRate: options.frameRate,
    longerSide: shop.limits.longerSide,
    maxPixels: shop.limits.maxPixels,
    loop: options.loop && !info.live,
    live: info.live,
    threads: threadsFor(play),
    fpsMode: ffmpeg.fpsMode,
    showinfo,
    opening: listener !== undefined,
    ahead: info.live || options.realtime ? 0 : AHEAD,
    protocol,
  });
}

/** Seconds without a frame that are too many; a low frame rate has its own pauses. */
function patience({ options, shop }: Play): number {
  return shop.limits.stallSeconds + 1 / options.frameRate;
}

/** Recordings in real time; and live HLS, which comes in bursts of whole segments. The other live sources are paced. */
function needsPace({ kind, live }: Play['info'], { realtime }: PlayOptions): boolean {
  return live ? kind === 'hls' : realtime;
}

/** Joins ffmpeg's bytes with what it says of them, and puts the frames into the outlet when they are due. */
function receiveFrames(play: Play, state: State, watch: Watch) {
  const { outlet, info, options, shop } = play;
  const memory = createFrameMemory();
  const assembler = new FrameAssembler(memory, shop.limits.longerSide);
  const mediaTimeOf = createMediaClock(info.live, options.frameRate);
  const due = needsPace(info, options) ? createPace(state.over.signal) : null;
  let wake = () => {};

  function deliver({ pixels, stamp }: Picture): Promise<void> | null {
    const mediaTime = mediaTimeOf(stamp.pts);
    watch.excuse();
    const put = () => {
      if (state.over.signal.aborted) return null;
      state.count++;
      state.mediaTime = mediaTime;
      const { width, height } = stamp;
      const frame = { pixels, width, height, mediaTime, wallTime: Date.now(), dropped: {} };
      const full = outlet.put({ ...frame, release: once(() => memory.give(pixels)) });
      if (!full) watch.alive();
      return full?.then(watch.alive) ?? null;
    };
    return due ? due(mediaTime).then(put).then(nothing) : put();
  }

  /** Delivers what is complete; a promise when there is something to wait for before more bytes may come. */
  function advance(): Promise<void> | null {
    while (!state.over.signal.aborted) {
      const picture = assembler.next();
      if (!picture && !assembler.starved) return null;
      const busy = picture ? deliver(picture) : new Promise<void>((resolve) => (wake = resolve));
      if (busy) return busy.then(advance).then(nothing);
    }
    return null;
  }

  const output = createOutput((chunk) => {
    assembler.push(chunk);
    return advance();
  });
  const drained = (started: boolean) => {
    // What ffmpeg said has all come: no byte may wait for more of it.
    assembler.finish();
    wake();
    return output.drained(started);
  };
  const onLine = listenFor(play, state, assembler, () => wake());
  return { output: { ...output, drained }, onLine };
}

/** Takes the lines about frames out of what ffmpeg says. */
function listenFor(
  { opened, shop, showinfo, listener }: Play,
  state: State,
  assembler: FrameAssembler,
  wake: () => void,
): (line: string) => void {
  return (line) => {
    const stamp = showinfo.parseFrame(line);
    if (stamp) {
      assembler.stamp(stamp);
      wake();
      return;
    }
    if (showinfo.isBeginning(line)) assembler.restart();
    listener?.onLine(line);
    if (!line || showinfo.isOwn(line)) return;
    if (state.said.push(line) > 100) state.said.shift();
    shop.onLog?.(opened.redact(line));
  };
}

function nothing(): void {}

function once(work: () => void): () => void {
  let done = false;
  return () => {
    if (!done) work();
    done = true;
  };
}
