import type { ChildProcess } from 'node:child_process';
import { forkBeside } from '../../threads/fork.ts';
import { PendingRequests } from '../../threads/pending-requests.ts';
import type { DecodedPicture, FromPictures, JpegRequest, ToPictures } from './picture-protocol.ts';

/** From sources, on a busy machine, it takes seconds. */
const MAX_START_SECONDS = 60;

/** The process that decodes and encodes pictures, as it is seen from here. */
export class PictureProcess {
  readonly #child: ChildProcess;
  readonly #pending = new PendingRequests<DecodedPicture | Uint8Array | null>();
  /** Null: it did not come up, or has nothing that decodes. */
  version: string | null = null;
  cameUp = false;
  /** Why it did not come up; null: it did. */
  fault: string | null = null;
  isGone = false;
  /** On the clock of `performance`. */
  goneAt = 0;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** @param stopping kills it when it aborts, also while it starts */
  static start(prefix: readonly string[], stopping: AbortSignal): Promise<PictureProcess> {
    const stdio = ['ignore', 'ignore', 'ignore', 'ipc'] as const;
    const options = { stdio: [...stdio], prefix, serialization: 'advanced' as const };
    const started = new PictureProcess(forkBeside(import.meta.url, 'picture.child', options));
    const kill = () => started.kill();
    const late = setTimeout(kill, MAX_START_SECONDS * 1000);
    stopping.addEventListener('abort', kill);
    started.#child.once('exit', () => stopping.removeEventListener('abort', kill));
    if (stopping.aborted) kill();
    return new Promise((resolve) => {
      started.#listen(() => {
        clearTimeout(late);
        resolve(started);
      });
    });
  }

  decode(request: Omit<ToPictures, 'id'>, maxSeconds: number): Promise<DecodedPicture | null> {
    return this.#ask(request, maxSeconds) as Promise<DecodedPicture | null>;
  }

  encode(request: Omit<JpegRequest, 'id'>, maxSeconds: number): Promise<Uint8Array | null> {
    return this.#ask(request, maxSeconds) as Promise<Uint8Array | null>;
  }

  async #ask(request: Omit<ToPictures, 'id'> | Omit<JpegRequest, 'id'>, maxSeconds: number) {
    if (this.isGone) return null;
    const { id, answer } = this.#pending.open(undefined);
    this.#child.send({ id, ...request } satisfies ToPictures | JpegRequest, () => {}); // where it is gone, its end answers
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

  #listen(settled: () => void): void {
    this.#child.on('message', (message: FromPictures) => {
      if ('version' in message) {
        this.version = message.version;
        this.cameUp = true;
        settled();
      } else this.#pending.resolve(message.id, message.picture);
    });
    const gone = (why: string) => {
      this.isGone = true;
      this.goneAt = performance.now();
      if (!this.cameUp) this.fault ??= why;
      this.#pending.rejectAll(() => new Error('The process that decodes pictures is gone'));
      settled();
    };
    this.#child.on('error', ({ message }) => gone(message));
    this.#child.on('exit', (code, signal) => gone(`it ended with ${signal ?? code}`));
  }
}
