/** An upload in one request: its parts are stored as they come, and nobody sees them until it is finished. */
import type { Keys } from './keys.ts';
import type { Multipart, ObjectStorage, Part } from './object-storage.ts';
import { PartBuffer, partLength } from './parts.ts';

export interface StagedUpload {
  /** @throws MienError UPLOADS_UNAVAILABLE; what the body fails with */
  write(body: AsyncIterable<Buffer>): Promise<void>;
  /** From now on it is an upload under its token. */
  finish(): Promise<void>;
  /** Nothing of it is left behind. */
  discard(): Promise<void>;
}

/** Bytes of uploads that come in at this server now, and are in no list of objects, by their tokens. */
export type ComingIn = Map<string, number>;

/** @param maxBytes as many as it may have */
export function stageUpload(
  { s3, keys, comingIn }: { s3: ObjectStorage; keys: Keys; comingIn: ComingIn },
  token: string,
  maxBytes: number,
): StagedUpload {
  const key = keys.upload(token);
  const parts: Pick<Part, 'number' | 'etag'>[] = [];
  let multipart: Multipart | null = null;
  const put = async (part: Buffer) => {
    multipart ??= await s3.begin(key);
    const number = parts.length + 1;
    parts.push({ number, etag: await s3.putPart(multipart, number, part) });
    comingIn.set(token, (comingIn.get(token) ?? 0) + part.length);
  };
  return {
    async write(body) {
      const buffer = new PartBuffer(partLength(maxBytes));
      await buffer.fill(body, put);
      if (buffer.bytes > 0) await put(buffer.drain());
    },
    async finish() {
      if (multipart === null) return;
      // The answer to an earlier try may have been lost.
      if (!(await s3.complete(multipart, parts)) && (await s3.head(key)) === null) throw new Error(LOST);
      comingIn.delete(token);
    },
    async discard() {
      comingIn.delete(token);
      if (multipart !== null) await s3.abort(multipart);
    },
  };
}

const LOST = 'the storage does not know the parts of an upload any more';
