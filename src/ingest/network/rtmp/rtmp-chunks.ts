/** What two RTMP peers say to each other behind their handshake: messages in chunks, as Adobe's specification, 5.3, has them. */

const SET_CHUNK_SIZE = 1;
/** What a client that only plays has to say is short, and so is what it is told before it plays. */
const MAX_MESSAGE = 64 * 1024;
const EXTENDED = 0xffffff;
/** Bytes of a message's header, by its format. */
const HEADER_BYTES = [11, 7, 3, 0];

/** The last message of a chunk stream, and as much of the next one as has come. */
interface ChunkStream {
  timestamp: number;
  delta: number;
  extended: boolean;
  length: number;
  type: number;
  messageStream: number;
  payload: Buffer[];
  received: number;
}

export interface RtmpMessage {
  /** Of its chunk stream. */
  id: number;
  type: number;
  timestamp: number;
  messageStream: number;
  payload: Buffer;
  /** Of the chunks in which it is to be written: as large as its sender made them. */
  chunkSize: number;
}

/** Takes bytes behind a handshake apart; a generator of the messages that are complete. Throws an Error at what is no chunk. */
export function createRtmpReader(): (bytes: Buffer) => Generator<RtmpMessage, void> {
  const streams = new Map<number, ChunkStream>();
  let chunkSize = 128;
  let rest: Buffer = Buffer.alloc(0);
  return function* read(bytes) {
    rest = rest.length > 0 ? Buffer.concat([rest, bytes]) : bytes;
    for (let chunk = chunkAt(rest, streams, chunkSize); chunk; chunk = chunkAt(rest, streams, chunkSize)) {
      rest = rest.subarray(chunk.length);
      const { id, stream } = chunk;
      if (stream.received < stream.length) continue;
      const { type, timestamp, messageStream } = stream;
      const payload = Buffer.concat(stream.payload);
      stream.payload = [];
      stream.received = 0;
      yield { id, type, timestamp, messageStream, payload, chunkSize };
      if (type === SET_CHUNK_SIZE && payload.length >= 4) chunkSize = Math.max(1, payload.readUInt32BE(0));
    }
  };
}

/** Takes a whole chunk into its stream; null: it has not come yet. */
function chunkAt(bytes: Buffer, streams: Map<number, ChunkStream>, chunkSize: number) {
  const basic = basicHeader(bytes);
  if (!basic) return null;
  const { format, id } = basic;
  const known = streams.get(id);
  if (format !== 0 && !known) throw new Error('a chunk that continues nothing');
  const header = bytes.subarray(basic.length, basic.length + HEADER_BYTES[format]!);
  if (header.length < HEADER_BYTES[format]!) return null;
  const field = format < 3 ? header.readUIntBE(0, 3) : 0;
  const extended = format < 3 ? field === EXTENDED : known!.extended;
  let at = basic.length + header.length + (extended ? 4 : 0);
  if (bytes.length < at) return null;
  const time = extended && format < 3 ? bytes.readUInt32BE(at - 4) : field;
  const continues = known !== undefined && known.received > 0;
  const stream = continues ? known : nextMessage(known, format, header, time, extended);
  const size = Math.min(chunkSize, stream.length - stream.received);
  if (bytes.length < at + size) return null;
  streams.set(id, stream);
  stream.payload.push(bytes.subarray(at, at + size));
  stream.received += size;
  at += size;
  return { id, stream, length: at };
}

function basicHeader(bytes: Buffer) {
  const [first, second, third] = bytes;
  if (first === undefined) return null;
  const [format, short] = [first >> 6, first & 63];
  if (short > 1) return { format, id: short, length: 1 };
  if (second === undefined || (short === 1 && third === undefined)) return null;
  return short === 0
    ? { format, id: 64 + second, length: 2 }
    : { format, id: 64 + second + third! * 256, length: 3 };
}

/** The header of a message that begins; what it leaves out is as in the message before. */
function nextMessage(
  before: ChunkStream | undefined,
  format: number,
  header: Buffer,
  time: number,
  extended: boolean,
): ChunkStream {
  const delta = format === 0 ? 0 : format < 3 ? time : before!.delta;
  const length = format < 2 ? header.readUIntBE(3, 3) : before!.length;
  if (length > MAX_MESSAGE) throw new Error('a message without end');
  return {
    timestamp: format === 0 ? time : (before!.timestamp + delta) % 2 ** 32,
    ...{ delta, extended, length },
    type: format < 2 ? header[6]! : before!.type,
    messageStream: format === 0 ? header.readUInt32LE(7) : before!.messageStream,
    ...{ payload: [], received: 0 },
  };
}

/** A message with a whole header, in chunks. */
export function writeRtmp({ id, type, timestamp, messageStream, payload, chunkSize }: RtmpMessage): Buffer {
  const header = Buffer.alloc(HEADER_BYTES[0]!);
  header.writeUIntBE(Math.min(timestamp, EXTENDED), 0, 3);
  header.writeUIntBE(payload.length, 3, 3);
  header[6] = type;
  header.writeUInt32LE(messageStream, 7);
  const long = Buffer.alloc(timestamp >= EXTENDED ? 4 : 0);
  if (long.length > 0) long.writeUInt32BE(timestamp);
  const pieces = [writeBasicHeader(0, id), header, long, payload.subarray(0, chunkSize)];
  for (let at = chunkSize; at < payload.length; at += chunkSize) {
    pieces.push(writeBasicHeader(3, id), long, payload.subarray(at, at + chunkSize));
  }
  return Buffer.concat(pieces);
}

function writeBasicHeader(format: number, id: number): Buffer {
  if (id < 64) return Buffer.of((format << 6) | id);
  if (id < 320) return Buffer.of(format << 6, id - 64);
  return Buffer.of((format << 6) | 1, (id - 64) & 255, (id - 64) >> 8);
}
