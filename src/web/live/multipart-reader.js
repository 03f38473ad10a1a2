/** Takes apart what replaces itself: `multipart/x-mixed-replace`, as the server writes it, each part with its length. */

/** @typedef {{ seq: number, jpeg: Uint8Array }} Part */

/** No picture that is shown is nearly as large. */
const MOST_BYTES = 16 * 2 ** 20;

/**
 * The parts as they come. What is left unread is given up when whoever reads them leaves.
 * @param {Pick<ReadableStreamDefaultReader<Uint8Array>, 'read' | 'cancel'>} reader
 * @returns {AsyncGenerator<Part, void, undefined>}
 */
export async function* readParts(reader) {
  let held = new Uint8Array(0);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      held = joined(held, value);
      for (let part = firstPart(held); part !== null; part = firstPart(held)) {
        held = held.slice(part.end);
        yield part;
      }
      if (held.length > MOST_BYTES) throw new Error('The server sent a picture that is too large.');
    }
  } finally {
    await reader.cancel().catch(() => {}); // it may have failed already
  }
}

/**
 * @param {Uint8Array} bytes
 * @returns {(Part & { end: number }) | null} null: it is not whole yet
 */
function firstPart(bytes) {
  const start = endOfHead(bytes);
  if (start === null) return null;
  const head = new TextDecoder('latin1').decode(bytes.subarray(0, start));
  const end = start + numberIn(head, /^content-length: (\d+)\r$/m);
  if (!(end >= start)) throw new Error('The server sent something that is no picture.');
  if (bytes.length < end) return null;
  return { seq: numberIn(head, /^x-mien-seq: (\d+)\r$/m), jpeg: bytes.slice(start, end), end };
}

/**
 * @param {string} head
 * @param {RegExp} line
 */
function numberIn(head, line) {
  return Number(line.exec(head)?.[1]);
}

/** Behind the empty line. @param {Uint8Array} bytes */
function endOfHead(bytes) {
  for (let at = 0; at + 4 <= bytes.length; at++)
    if (bytes[at] === 13 && bytes[at + 1] === 10 && bytes[at + 2] === 13 && bytes[at + 3] === 10)
      return at + 4;
  return null;
}

/**
 * @param {Uint8Array} one
 * @param {Uint8Array} other
 */
function joined(one, other) {
  const both = new Uint8Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}
