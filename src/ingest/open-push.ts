/** A source that is sent to mien: waits for a sender, and decodes what it sends, in one run, because it comes once. */
import type { DecodeOptions } from '../domain/decode-options.ts';
import type { SourceInput } from '../domain/frame.ts';
import { MienError, type MienErrorCode } from '../errors.ts';
import { assertFitForNetwork } from './ffmpeg/ffmpeg-path.ts';
import { createRedactor } from './ffmpeg/redact.ts';
import { createShowinfo } from './ffmpeg/showinfo.ts';
import { createFirstFrameListener, waitForFirstFrame } from './first-frame.ts';
import type { IngestDeps } from './ingest-deps.ts';
import type { OpenedSource } from './opened-source.ts';
import { openPushFeed } from './push/feed.ts';
import type { Sender } from './push/video-sender.ts';
import { planUntold } from './read-plan.ts';
import { type RunningDecoder, startDecoding } from './running-decoder.ts';
import type { ResolvedSource } from './source/resolved-source.ts';

/**
 * Waits as long as nobody sends. Throws FFMPEG_MISSING, and SOURCE_FAILED for whatever one sender sends that cannot be
 * decoded, since the next one may send better; the signal's reason when it aborts.
 */
export async function openPush(
  input: Extract<SourceInput, { type: 'push' }>,
  options: DecodeOptions,
  deps: IngestDeps,
): Promise<OpenedSource> {
  const { signal } = options;
  // What the graphics card turns out not to decode could not be read once more.
  const ffmpeg = { ...(await deps.ffmpeg()), hardware: null };
  assertFitForNetwork(ffmpeg);
  const sender = await deps.inlets.take(input.inlet, signal);
  let decoder: RunningDecoder | null = null;
  try {
    const source = await resolvePush(sender);
    const info = { kind: 'push', live: true, duration: null, width: 0, height: 0 } as const;
    const showinfo = createShowinfo();
    const listener = createFirstFrameListener(showinfo);
    const plan = planUntold(input.videoTrack);
    const job = { source, resolve: readOnce, info, options, plan, ffmpeg, deps, showinfo, listener };
    decoder = startDecoding(job);
    const { limits } = deps;
    const wait = { kind: info.kind, source, listener, track: plan.track, hardware: null, signal, limits };
    const found = await waitForFirstFrame({ ...wait, run: decoder.firstRun });
    decoder.found({ info: found.info, plan });
    return running(decoder, found.info, sender, signal);
  } catch (error) {
    await decoder?.stop();
    sender.end(toSender(error, signal));
    throw toSession(error);
  }
}

async function resolvePush({ bytes }: Sender): Promise<ResolvedSource> {
  const { url, port, networkError, close } = await openPushFeed(bytes);
  const input = { kind: 'push', url, proxyPort: port } as const;
  return { input, displayName: 'What was sent', redact: createRedactor(null), networkError, close };
}

async function readOnce(): Promise<never> {
  throw new Error('what is sent comes once, and cannot be read from another place');
}

/** Its sender is told how it ended. */
function running(
  { frames, setFrameRate }: RunningDecoder,
  info: OpenedSource['info'],
  sender: Sender,
  signal: AbortSignal,
): OpenedSource {
  const iterator: AsyncIterableIterator<
    Awaited<ReturnType<typeof frames.next>>['value'] & object,
    undefined
  > = {
    async next() {
      try {
        const next = await frames.next();
        if (next.done) sender.end(stopped(signal));
        return next;
      } catch (error) {
        sender.end(toSender(error, signal));
        throw toSession(error);
      }
    },
    async return() {
      sender.end(stopped(signal));
      return (await frames.return?.()) ?? { done: true, value: undefined };
    },
    [Symbol.asyncIterator]: () => iterator,
  };
  return { info, frames: iterator, setFrameRate };
}

function stopped({ reason }: AbortSignal): MienError {
  if (reason instanceof MienError) return reason;
  return new MienError('CONFLICT', 'This stream was stopped: start it to send to it again.');
}

function toSender(error: unknown, signal: AbortSignal): MienError {
  if (signal.aborted) return stopped(signal);
  if (error instanceof MienError) return error;
  return new MienError('SOURCE_FAILED', 'Something went wrong on the server, and was logged.');
}

/** What is wrong with what one has sent. */
const OF_ONE_SENDER: readonly MienErrorCode[] = [
  ...(['SOURCE_NOT_VIDEO', 'SOURCE_REFUSED', 'SOURCE_UNREACHABLE', 'BAD_INPUT'] as const),
];

function toSession(error: unknown): unknown {
  if (!(error instanceof MienError && OF_ONE_SENDER.includes(error.code))) return error;
  return new MienError('SOURCE_FAILED', error.message, { cause: error });
}
