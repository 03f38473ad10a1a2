import { unlessAborted } from '../../threads/unless-aborted.ts';
import type { DecodedPicture, ToPictures } from './picture-protocol.ts';
import { SupervisedPictureProcess } from './supervised-picture-process.ts';

/** One of 64 million pixels takes two. */
const MAX_SECONDS = 20;

/** Decodes pictures that many have: JPEG and PNG as they are usually written, in a process that is started with the first of them. */
export class PictureDecoder {
  readonly #process: SupervisedPictureProcess;
  readonly #maxSeconds: number;

  /** @param prefix what comes before a command, so that it runs without a network */
  constructor(prefix: () => Promise<readonly string[]>, maxSeconds = MAX_SECONDS) {
    this.#process = new SupervisedPictureProcess(prefix);
    this.#maxSeconds = maxSeconds;
  }

  /** What decodes; null: nothing does, here. */
  async version(): Promise<string | null> {
    return (await this.#process.get())?.version ?? null;
  }

  /** Null: ffmpeg has to. Throws the signal's reason when it aborts. */
  async decode(request: Omit<ToPictures, 'id'>, signal: AbortSignal): Promise<DecodedPicture | null> {
    return unlessAborted(signal, async () => {
      const child = await this.#process.get();
      if (!child || child.version === null) return null;
      return child.decode(request, this.#maxSeconds);
    });
  }

  close(): Promise<void> {
    return this.#process.close();
  }
}
