import type { ChildProcess } from 'node:child_process';
import { forkBeside } from '../../threads/fork.ts';
import { PendingRequests } from '../../threads/pending-requests.ts';
import { unlessAborted } from '../../threads/unless-aborted.ts';
import type { DecodedPicture, FromPictures, ToPictures } from './protocol.ts';

/** One of 64 million pixels takes two. */
const MAX_SECONDS = 20;

/** Decodes pictures that many have: JPEG and PNG as they are usually written, in a process that is started with the first of them. */
export class PictureDecoder {
  readonly #prefix: () => Promise<readonly string[]>;
  readonly #maxSeconds: number;
  #child: Promise<PictureProcess> | null = null;
  #isClosed = false;

  /** @param prefix what comes before a command, so that it runs without a network */
  constructor(prefix: () => Promise<readonly string[]>, maxSeconds = MAX_SECONDS) {
    this.#prefix = prefix;
    this.#maxSeconds = maxSeconds;
  }

  /** What decodes; null: nothing does, here. */
  async version(): Promise<string | null> {
    return (await this.#process())?.version ?? null;
  }

  /** Null: ffmpeg has to. Throws the signal's reason when it aborts. */
  async decode(request: Omit<ToPictures, 'id'>, signal: AbortSignal): Promise<DecodedPicture | null> {
    const child = await this.#process();
    if (!child || child.version === null) return null;
    return unlessAborted(signal, () => child.decode(request, this.#maxSeconds));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    (await this.#child)?.kill();
  }

  /** One that is gone is replaced. */
  async #process(): Promise<PictureProcess | null> {
    if (this.#isClosed) return null;
    this.#child ??= this.#start();
    const child = await this.#child;
    if (!child.isGone || child.version === null) return child;
    this.#child = null;
    return this.#process();
  }

  async #start(): Promise<PictureProcess> {
    return PictureProcess.start(await this.#prefix());
  }
}

class PictureProcess {
  readonly #child: ChildProcess;
  readonly #pending = new PendingRequests<DecodedPicture | null>();
  /** Null: it never came up, or has nothing that decodes. */
  version: string | null = null;
  isGone = false;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static start(prefix: readonly string[]): Promise<PictureProcess> {
    const stdio = ['ignore', 'ignore', 'ignore', 'ipc'] as const;
    const options = { stdio: [...stdio], prefix, serialization: 'advanced' as const };
    const started = new PictureProcess(forkBeside(import.meta.url, 'picture.child', options));
    return new Promise((resolve) => started.#listen(() => resolve(started)));
  }

  async decode(request: Omit<ToPictures, 'id'>, maxSeconds: number): Promise<DecodedPicture | null> {
    if (this.isGone) return null;
    const { id, answer } = this.#pending.open(undefined);
    this.#child.send({ id, ...request } satisfies ToPictures, () => {}); // where it is gone, its end answers
    const timer = setTimeout(() => this.kill(), maxSeconds * 1000);
    try {
      return await answer;
    } catch {
      return null; // it broke over this picture, or over one beside it
    } finally {
      clearTimeout(timer);
    }
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  #listen(ready: () => void): void {
    this.#child.on('message', (message: FromPictures) => {
      if ('version' in message) {
        this.version = message.version;
        ready();
      } else this.#pending.resolve(message.id, message.picture);
    });
    const gone = () => {
      this.isGone = true;
      this.#pending.rejectAll(() => new Error('The process that decodes pictures is gone'));
      ready();
    };
    this.#child.on('error', gone);
    this.#child.on('exit', gone);
  }
}
