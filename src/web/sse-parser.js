/** Parses server-sent events from the pieces in which a connection delivers them. */

/** @typedef {{ event: string, data: string }} SseEvent */

/**
 * Returns the function that takes the pieces. Comments (the server's pings) and ids are ignored.
 * @param {(event: SseEvent) => void} onEvent
 * @returns {(piece: string) => void}
 */
export function createSseParser(onEvent) {
  let rest = '';
  return (piece) => {
    // A lone carriage return at the end may be half of a line end.
    const text = (rest + piece).replace(/\r\n/g, '\n');
    const blocks = text.split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const event = parseEvent(block);
      if (event !== null) onEvent(event);
    }
  };
}

/**
 * @param {string} block the lines of one event
 * @returns {SseEvent | null} null when it holds comments only
 */
function parseEvent(block) {
  let event = 'message';
  /** @type {string[]} */
  const data = [];
  for (const line of block.split('\n')) {
    if (line.startsWith('event:')) event = line.slice(6).trim();
    else if (line.startsWith('data:')) data.push(line.slice(5).replace(/^ /, ''));
  }
  return data.length === 0 ? null : { event, data: data.join('\n') };
}
