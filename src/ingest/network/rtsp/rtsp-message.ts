/**
 * What two RTSP peers say to each other over one connection, read by the grammar of RFC 2326 (its lines may end by LF alone,
 * and headers go on in lines that begin with a blank) and nothing beside it.
 */

export interface RtspAnswer {
  type: 'answer';
  status: number;
  headers: Map<string, string>;
  body: Buffer;
}

export interface RtspRequest {
  type: 'request';
  method: string;
  uri: string;
  headers: Map<string, string>;
  body: Buffer;
}

/** Media between the messages: RFC 2326, 10.12. */
export interface RtspFrame {
  type: 'frame';
  channel: number;
  payload: Buffer;
}

export type RtspMessage = RtspAnswer | RtspRequest | RtspFrame;

/** In bytes. */
const MAX_HEAD = 16 * 1024;
const MAX_BODY = 256 * 1024;
const DOLLAR = 0x24;

/** Takes a stream of bytes apart; a generator of the messages that are complete. Throws an Error at what is none. */
export function createRtspReader(): (chunk: Buffer) => Generator<RtspMessage, void> {
  let rest: Buffer = Buffer.alloc(0);
  return function* read(chunk) {
    rest = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    for (;;) {
      rest = rest.subarray(blankBytes(rest));
      const found = rest[0] === DOLLAR ? frameAt(rest) : messageAt(rest);
      if (!found) return;
      rest = rest.subarray(found.length);
      yield found.message;
    }
  };
}

/** @param headers in the order in which they are written */
export function writeRtsp(firstLine: string, headers: Record<string, string | undefined>, body = ''): Buffer {
  const all = { ...headers, 'Content-Length': body ? String(Buffer.byteLength(body)) : undefined };
  const lines = Object.entries(all).filter(([, value]) => value !== undefined);
  const head = [firstLine, ...lines.map(([name, value]) => `${name}: ${value}`)].join('\r\n');
  return Buffer.concat([Buffer.from(`${head}\r\n\r\n`, 'latin1'), Buffer.from(body)]);
}

export function writeFrame({ channel, payload }: RtspFrame): Buffer {
  return Buffer.concat([Buffer.of(DOLLAR, channel, payload.length >> 8, payload.length & 0xff), payload]);
}

/** Line breaks between two messages, which some servers write. */
function blankBytes(bytes: Buffer): number {
  let count = 0;
  for (let size = breakAt(bytes, 0); size > 0; size = breakAt(bytes, count)) count += size;
  return count;
}

const [CR, LF] = [13, 10];

/** Bytes of the line break that stands there, CRLF or LF; 0: there is none. */
function breakAt(bytes: Buffer, at: number): number {
  if (bytes[at] === LF) return 1;
  return bytes[at] === CR && bytes[at + 1] === LF ? 2 : 0;
}

interface Found<T> {
  message: T;
  /** In bytes. */
  length: number;
}

function frameAt(bytes: Buffer): Found<RtspFrame> | null {
  if (bytes.length < 4) return null;
  const length = 4 + bytes.readUInt16BE(2);
  if (bytes.length < length) return null;
  return { message: { type: 'frame', channel: bytes[1]!, payload: bytes.subarray(4, length) }, length };
}

function messageAt(bytes: Buffer): Found<RtspAnswer | RtspRequest> | null {
  const head = headAt(bytes);
  if (!head) return null;
  const [firstLine = '', ...lines] = head.lines;
  const headers = readHeaders(unfolded(lines));
  const size = headers.get('content-length') ?? '0';
  if (!/^\d{1,7}$/.test(size) || Number(size) > MAX_BODY) throw new Error('a length of no size');
  const length = head.length + Number(size);
  if (bytes.length < length) return null;
  const body = bytes.subarray(head.length, length);
  return { message: { ...readFirstLine(firstLine), headers, body }, length };
}

/** The lines before the first empty one. A CR that ends no line stays in them, where nothing may have it. */
function headAt(bytes: Buffer): { lines: string[]; length: number } | null {
  const start = bytes.subarray(0, MAX_HEAD);
  const ends = ['\n\n', '\n\r\n'].flatMap((end) => {
    const at = start.indexOf(end);
    return at < 0 ? [] : [at + end.length];
  });
  if (ends.length === 0) {
    if (bytes.length >= MAX_HEAD) throw new Error('a head without end');
    return null;
  }
  const length = Math.min(...ends);
  return { lines: start.toString('latin1', 0, length).split(/\r?\n/).slice(0, -2), length };
}

/** Each header in one line, whose continuations are a blank apart (RFC 2068, 2.2). */
function unfolded(lines: string[]): string[] {
  const whole: string[] = [];
  for (const line of lines) {
    const text = line.replace(/^[ \t]+/, '');
    if (text === line) whole.push(line);
    // Nothing but blanks: to some it is the end of the head, to others not.
    else if (whole.length === 0 || text === '') throw new Error('a line that continues nothing');
    else whole.push(`${whole.pop()} ${text}`);
  }
  return whole;
}

function readFirstLine(line: string) {
  const [, status] = /^RTSP\/1\.0 (\d{3})(?: [\x20-\x7e\x80-\xff]*)?$/.exec(line) ?? [];
  if (status) return { type: 'answer' as const, status: Number(status) };
  const [, method, uri] = /^([A-Z_]{1,30}) ([\x21-\x7e]{1,4000}) RTSP\/1\.0$/.exec(line) ?? [];
  if (method && uri) return { type: 'request' as const, method, uri };
  throw new Error('a first line that is none');
}

function readHeaders(lines: string[]): Map<string, string> {
  const headers = new Map<string, string>();
  for (const line of lines) {
    const [, name, value = ''] = /^([\w!#$%&'*+.^`|~-]{1,100}):([\t\x20-\x7e\x80-\xff]*)$/.exec(line) ?? [];
    if (!name) throw new Error('a header that is none');
    const key = name.toLowerCase();
    const before = headers.get(key);
    // Challenges may be given in several headers; of all others a second one could contradict the first.
    if (before !== undefined && key === 'www-authenticate') headers.set(key, `${before}, ${value.trim()}`);
    else if (before !== undefined && before !== value.trim() && SINGLE.has(key))
      throw new Error('a header that is given twice');
    else if (before === undefined) headers.set(key, value.trim());
  }
  return headers;
}

const SINGLE = new Set(['content-length', 'cseq', 'session', 'transport', 'content-base', 'content-type']);
