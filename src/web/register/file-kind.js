/**
 * What a file surely is that no picture can be taken from, by its first bytes; so that nobody sends a large file to be told
 * that it is none. What is not known here is left to the server.
 */

/** How many bytes are looked at. */
const HEAD_BYTES = 4096;

/** Signatures at an offset, and what has them. @type {readonly (readonly [offset: number, bytes: string, what: string])[]} */
const SIGNATURES = [
  [0, '%PDF-', 'a PDF document'],
  [0, 'PK\x03\x04', 'a ZIP archive or an office document'],
  [0, 'PK\x05\x06', 'a ZIP archive'],
  [0, '\x1f\x8b', 'a gzip archive'],
  [0, 'BZh', 'a bzip2 archive'],
  [0, '7z\xbc\xaf\x27\x1c', 'a 7z archive'],
  [0, '\xfd7zXZ\0', 'an xz archive'],
  [0, '\x28\xb5\x2f\xfd', 'a Zstandard archive'],
  [0, 'Rar!\x1a\x07', 'a RAR archive'],
  [257, 'ustar', 'a TAR archive'],
  [0, '\x7fELF', 'a program'],
  [0, 'MZ', 'a program'],
  [0, '\xcf\xfa\xed\xfe', 'a program'],
  [0, '\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1', 'an office document'],
  [0, 'SQLite format 3\0', 'a database'],
  [0, '8BPS', 'a Photoshop picture, which is not read; save it as PNG or JPEG'],
  [0, 'ID3', 'sound without a picture'],
  [0, 'fLaC', 'sound without a picture'],
  [8, 'WAVE', 'sound without a picture'],
  [8, 'AIF', 'sound without a picture'],
  [0, 'MThd', 'sound without a picture'],
  [0, '#!AMR', 'sound without a picture'],
  [4, 'ftypM4A', 'sound without a picture'],
  [0, 'wOF', 'a font'],
];

/** @param {Blob} file @returns {Promise<string | null>} why it is not sent, in a sentence; null: nothing speaks against it */
export async function refusalOf(file) {
  if (file.size === 0) return 'This file is empty; choose another.';
  const head = new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer());
  const what = kindOf(head);
  return what && `This is ${what}, not a video or a picture; it was not sent.`;
}

/** @param {Uint8Array} head the first bytes of a file @returns {string | null} */
export function kindOf(head) {
  const found = SIGNATURES.find(([offset, bytes]) =>
    [...bytes].every((byte, index) => head[offset + index] === byte.charCodeAt(0)),
  );
  if (found) return found[2];
  return isMpegAudio(head) ? 'sound without a picture' : textKindOf(head);
}

/** MP3 or AAC without a tag before it: eleven bits of synchronisation, which UTF-16 and JPEG do not begin with. @param {Uint8Array} head */
function isMpegAudio([first = 0, second = 0]) {
  return first === 0xff && second >= 0xe0 && second < 0xfe;
}

/** Text has no control characters but tab, line feed, form feed and carriage return. */
const NO_TEXT = /[^\P{Cc}\t\n\f\r]/u;

/** @param {Uint8Array} head */
function textKindOf(head) {
  const text = decoded(head);
  if (text === null || NO_TEXT.test(text)) return null;
  const begin = text.trimStart().slice(0, 512).toLowerCase();
  if (begin.includes('<svg')) return 'a drawing (SVG)';
  if (begin.startsWith('<!doctype html') || begin.startsWith('<html')) return 'a web page';
  if (begin.startsWith('#extm3u')) return 'a playlist; give its address instead';
  return 'text';
}

/** As UTF-8 or UTF-16; null: it is neither. What was cut in the middle of a character is passed over. @param {Uint8Array} head */
function decoded(head) {
  const [first, second] = head;
  const isUtf16 = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  const encoding = isUtf16 ? (first === 0xff ? 'utf-16le' : 'utf-16be') : 'utf-8';
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(head, { stream: true });
  } catch {
    return null;
  }
}
