/**
 * Uploads that can be gone on with after a break, at any server of the bucket:
 *
 * 1. What is known of one lies beside it, with the name under which its parts come together.
 * 2. A request goes on behind the parts that are there and the rest that was too short for one; what then is too short becomes
 *    the new rest, also where the request broke off.
 * 3. A rest says how many parts lie before it: one that a crash has left behind does not count.
 */
import type { Readable } from 'node:stream';
import type { Keys } from './keys.ts';
import type { Multipart, ObjectStorage, Part } from './object-storage.ts';
import { PartBuffer, partLength } from './parts.ts';

export interface ResumableUpload {
  /** Bytes that it will have. */
  size: number;
  /** What was kept of it at its beginning. */
  about: Record<string, unknown>;
  /** Bytes that are there. */
  offset: number;
  /** When its last part came; null: it has none. */
  grown: Date | null;
}

export interface ResumableUploads {
  begin(token: string, size: number, about: Record<string, unknown>): Promise<void>;
  /** Null: there is none that was begun, and is not finished. */
  find(token: string): Promise<ResumableUpload | null>;
  /**
   * @param offset bytes that are there as who sends knows it
   * @returns how many bytes are there now; with the last of them it is finished. Null: there is none; `elsewhere`: there are more
   * or fewer, as where an earlier request ends at another server only now, and nothing was read
   */
  append(token: string, offset: number, body: Readable): Promise<number | 'elsewhere' | null>;
  /** Of one of which all is there. */
  finish(token: string): Promise<void>;
  remove(token: string): Promise<void>;
}

/** As it lies beside the parts. */
interface Note {
  uploadId: string;
  size: number;
  about: Record<string, unknown>;
}

interface Begun extends Note {
  multipart: Multipart;
  parts: readonly Part[];
}

const LOST = 'the storage does not know the parts of an upload any more';

export function createResumableUploads(s3: ObjectStorage, keys: Keys): ResumableUploads {
  return new NotedUploads(s3, keys);
}

class NotedUploads implements ResumableUploads {
  readonly #s3: ObjectStorage;
  readonly #keys: Keys;

  constructor(s3: ObjectStorage, keys: Keys) {
    this.#s3 = s3;
    this.#keys = keys;
  }

  async begin(token: string, size: number, about: Record<string, unknown>): Promise<void> {
    const { uploadId } = await this.#s3.begin(this.#keys.upload(token));
    const note: Note = { uploadId, size, about };
    await this.#s3.put(this.#keys.about(token), JSON.stringify(note));
  }

  async find(token: string): Promise<ResumableUpload | null> {
    const begun = await this.#read(token);
    if (begun === null) return null;
    const { size, about, parts } = begun;
    const rest = await this.#s3.head(this.#keys.rest(token, parts.length));
    const grown = parts.reduce<Date | null>((last, { modified }) => later(last, modified), null);
    return { size, about, offset: bytesOf(parts) + (rest?.size ?? 0), grown };
  }

  async append(token: string, offset: number, body: Readable): Promise<number | 'elsewhere' | null> {
    const growing = await this.#growing(token);
    if (growing === null) return null;
    if (growing.bytes !== offset) return 'elsewhere';
    try {
      await growing.take(body);
    } catch (error) {
      await this.#keepRest(token, growing);
      throw error;
    }
    if (growing.isWhole) await this.#complete(token, growing);
    else await this.#keepRest(token, growing);
    return growing.bytes;
  }

  async finish(token: string): Promise<void> {
    const growing = await this.#growing(token);
    if (growing !== null) await this.#complete(token, growing);
  }

  async remove(token: string): Promise<void> {
    const begun = await this.#read(token);
    if (begun !== null) await this.#s3.abort(begun.multipart);
    await this.#forget(token);
  }

  async #read(token: string): Promise<Begun | null> {
    const found = await this.#s3.read(this.#keys.about(token));
    if (found === null) return null;
    const note = JSON.parse(found.toString()) as Note;
    const multipart = { key: this.#keys.upload(token), uploadId: note.uploadId };
    const parts = await this.#s3.parts(multipart);
    return parts && { ...note, multipart, parts };
  }

  async #growing(token: string): Promise<GrowingUpload | null> {
    const begun = await this.#read(token);
    if (begun === null) return null;
    const rest = await this.#s3.read(this.#keys.rest(token, begun.parts.length));
    return new GrowingUpload(this.#s3, begun, rest);
  }

  /** Takes the place of the one before: until it is there, that counts. */
  async #keepRest(token: string, growing: GrowingUpload): Promise<void> {
    const { before, parts } = growing;
    const rest = growing.rest();
    if (rest.length > 0) await this.#s3.put(this.#keys.rest(token, parts.length), rest);
    if (parts.length > before) await this.#s3.remove(this.#keys.rest(token, before));
  }

  async #complete(token: string, growing: GrowingUpload): Promise<void> {
    const { multipart } = growing;
    const isDone = await this.#s3.complete(multipart, await growing.end());
    // The answer to an earlier try may have been lost.
    if (!isDone && (await this.#s3.head(multipart.key)) === null) throw new Error(LOST);
    await this.#forget(token);
  }

  /** Also rests that do not count, as a crash leaves some behind: they are of the video. The note last: who finds it without the rest sees that some is missing. */
  async #forget(token: string): Promise<void> {
    for await (const { key } of this.#s3.list(this.#keys.unfinishedOf(token)))
      if (this.#keys.parse(key).what === 'rest') await this.#s3.remove(key);
    await this.#s3.remove(this.#keys.about(token));
  }
}

function later(one: Date | null, other: Date): Date {
  return one !== null && one > other ? one : other;
}

function bytesOf(parts: readonly Pick<Part, 'size'>[]): number {
  return parts.reduce((sum, { size }) => sum + size, 0);
}

/** One that a request goes on with. */
class GrowingUpload {
  readonly parts: Pick<Part, 'number' | 'etag' | 'size'>[];
  readonly multipart: Multipart;
  /** Parts that were there already. */
  readonly before: number;
  readonly #s3: ObjectStorage;
  readonly #size: number;
  readonly #buffer: PartBuffer;

  constructor(s3: ObjectStorage, begun: Begun, rest: Buffer | null) {
    this.#s3 = s3;
    this.multipart = begun.multipart;
    this.before = begun.parts.length;
    this.#size = begun.size;
    this.parts = [...begun.parts];
    this.#buffer = new PartBuffer(partLength(begun.size), rest);
  }

  take(body: AsyncIterable<Buffer>): Promise<void> {
    return this.#buffer.fill(body, (part) => this.#put(part));
  }

  get bytes(): number {
    return bytesOf(this.parts) + this.#buffer.bytes;
  }

  get isWhole(): boolean {
    return this.bytes === this.#size;
  }

  rest(): Buffer {
    return this.#buffer.peek();
  }

  /** The last part may be short. */
  async end(): Promise<Pick<Part, 'number' | 'etag'>[]> {
    await this.#buffer.cut((part) => this.#put(part));
    if (this.#buffer.bytes > 0) await this.#put(this.#buffer.drain());
    return this.parts;
  }

  async #put(part: Buffer): Promise<void> {
    const number = this.parts.length + 1;
    const etag = await this.#s3.putPart(this.multipart, number, part);
    this.parts.push({ number, etag, size: part.length });
  }
}
