/** The pictures of a session as they come, one for each frame that is analysed, by one answer that does not end. */
import { ConnectionLost } from '../client.js';
import { mayAsk } from '../graphql-client.js';
import { readParts } from './multipart-reader.js';

/** @import { Part } from './multipart-reader.js' */
/** @typedef {{ seq: number, bitmap: ImageBitmap }} Numbered by its moment's seq */

/**
 * @param {string} sessionId
 * @param {AbortSignal} signal
 * @param {(picture: Numbered) => void} onPicture
 * @throws {ConnectionLost} where it breaks off, or nobody answers for now
 */
export async function watchPictures(sessionId, signal, onPicture) {
  await mayAsk();
  const response = await fetch(`preview/${sessionId}`, { signal }).catch(lose);
  // What stands before the server, or its database, is away for a while.
  if (response.status >= 500 || response.status === 429) lose(response.statusText);
  if (!response.ok || response.body === null) throw new Error(await sentenceOf(response));
  const reader = response.body.getReader();
  const parts = readParts({ read: () => reader.read().catch(lose), cancel: () => reader.cancel() });
  for await (const { seq, jpeg } of /** @type {AsyncGenerator<Part>} */ (parts)) {
    const bitmap = await createImageBitmap(
      new Blob([/** @type {BlobPart} */ (jpeg)], { type: 'image/jpeg' }),
    );
    if (signal.aborted) return bitmap.close();
    onPicture({ seq, bitmap });
  }
}

/** @param {unknown} cause @returns {never} */
function lose(cause) {
  throw new ConnectionLost('the picture broke off', { cause });
}

/** @param {Response} response */
async function sentenceOf(response) {
  const body = await response.json().catch(() => null);
  return (
    body?.errors?.[0]?.message ?? `The picture could not be shown: the server answered ${response.status}.`
  );
}
