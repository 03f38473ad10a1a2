/** A command of RTMP: its name, and what it says by names, as AMF0 has it. */

export interface RtmpCommand {
  name: string;
  /** Strings by the names of their properties, in objects at any depth; the first of a name. */
  texts: Map<string, string>;
}

const COMMAND = 20;
/** The same behind a byte that says of which version of AMF the rest may be. */
const COMMAND_OF_AMF3 = 17;
/** No command has objects within more. */
const MAX_DEPTH = 8;

/** Null: the message is none. */
export function readCommand({ type, payload }: { type: number; payload: Buffer }): RtmpCommand | null {
  if (type !== COMMAND && type !== COMMAND_OF_AMF3) return null;
  const reader = { bytes: payload, at: type === COMMAND ? 0 : 1 };
  const texts = new Map<string, string>();
  let name: unknown;
  try {
    name = readValue(reader, texts, 0);
    while (reader.at < payload.length) readValue(reader, texts, 0);
  } catch {
    // What is of no known kind, or is cut, ends what can be read of it.
  }
  return typeof name === 'string' ? { name, texts } : null;
}

interface Reader {
  bytes: Buffer;
  at: number;
}

/** @returns a string; null for any other value. Throws an Error at what is none */
function readValue(reader: Reader, texts: Map<string, string>, depth: number): string | null {
  const marker = take(reader, 1)[0]!;
  switch (marker) {
    case 0x00:
      take(reader, 8);
      return null;
    case 0x01:
      take(reader, 1);
      return null;
    case 0x02:
      return readText(reader);
    case 0x08:
      take(reader, 4);
      return readObject(reader, texts, depth);
    case 0x03:
      return readObject(reader, texts, depth);
    case 0x05:
    case 0x06:
      return null;
    default:
      throw new Error('a value of another kind');
  }
}

function readObject(reader: Reader, texts: Map<string, string>, depth: number): null {
  if (depth >= MAX_DEPTH) throw new Error('objects within objects without end');
  for (;;) {
    const name = readText(reader);
    if (name === '') break;
    const value = readValue(reader, texts, depth + 1);
    if (value !== null && !texts.has(name)) texts.set(name, value);
  }
  take(reader, 1); // the mark of its end
  return null;
}

function readText(reader: Reader): string {
  return take(reader, take(reader, 2).readUInt16BE()).toString();
}

function take(reader: Reader, size: number): Buffer {
  const end = reader.at + size;
  if (end > reader.bytes.length) throw new Error('a value that is cut');
  const bytes = reader.bytes.subarray(reader.at, end);
  reader.at = end;
  return bytes;
}
