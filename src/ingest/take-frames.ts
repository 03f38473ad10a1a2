/** The frames of a source as its session takes them. */
import type { Frame } from '../domain/frame.ts';
import type { SourceJob } from './decode-job.ts';
import type { FrameQueue } from './frames/frame-queue.ts';

/** @param stop is waited for when no more are taken */
export async function* takeFrames(
  buffer: FrameQueue,
  { listener, info, options }: Pick<SourceJob, 'listener' | 'info' | 'options'>,
  stop: () => Promise<void>,
): AsyncGenerator<Frame, undefined, undefined> {
  // A live source that was opened by this run begins with the first frame that is taken: those that were replaced
  // before it do not count, neither as dropped nor in media time.
  let dropped = listener && {};
  let start = listener && info.live ? null : 0;
  try {
    for (let frame = await buffer.take(); frame && !options.signal.aborted; frame = await buffer.take()) {
      start ??= frame.mediaTime;
      const counted = dropped ? { dropped, leftOut: 0, late: 0 } : {};
      yield { ...frame, mediaTime: frame.mediaTime - start, ...counted };
      dropped = undefined;
    }
  } finally {
    await stop();
  }
}
