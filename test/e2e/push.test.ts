/** Video that is sent to the real server: by ffmpeg, by curl's way and over a WebSocket; lost, renewed, refused, and too fast. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { PassThrough, Readable } from 'node:stream';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { ffmpeg, type MediaDir } from '../ingest/media.ts';
import { openPlace, type Place } from './place.ts';
import { type Server, seqsOf, startServer } from './server.ts';

const DEMO = new URL('../fixtures/demo.mp4', import.meta.url).pathname;
const H264 = '-an -c:v libx264 -preset ultrafast -tune zerolatency';

let place: Place;
let server: Server;
let media: MediaDir;
beforeAll(async () => {
  place = await openPlace(async (directory) => {
    await directory.make(
      `-i ${DEMO} -t 4 -an -c:v libvpx -deadline realtime -cpu-used 8 -b:v 1M -f webm demo.webm`,
    );
    const fragmented = '-movflags frag_every_frame+empty_moov+default_base_moof';
    await directory.make(`-i ${DEMO} -t 4 ${H264} ${fragmented} fragmented.mp4`);
    await directory.make(`-i ${DEMO} -t 4 ${H264} late.mp4`);
  });
  ({ server, media } = place);
});
afterAll(() => place?.close());

interface Pushed {
  stream: { id: string; source: { kind: string; location: string | null } };
  session: { id: string; state: string; failure: string | null };
  ingest: { url: string; webSocketUrl: string; expiresAt: string | null };
}

/** A stream of its own for each test: only one may send to each. */
async function register(name: string): Promise<Pushed> {
  const { registerStream } = await server.query<{ registerStream: Pushed }>(
    `mutation { registerStream(input: { name: "${name}", source: { push: {} }, purpose: RESEARCH }) {
      stream { id source { kind location } } session { id state failure } ingest { url webSocketUrl expiresAt } } }`,
  );
  return registerStream;
}

const newAddress = async (streamId: string) =>
  (
    await server.query<{ renewIngestAddress: Pick<Pushed, 'ingest'> }>(
      `mutation { renewIngestAddress(input: { streamId: "${streamId}" }) { ingest { url webSocketUrl expiresAt } } }`,
    )
  ).renewIngestAddress.ingest;

const stop = (id: string) =>
  server.query(`mutation { stopStream(input: { id: "${id}" }) { session { id } } }`);

interface Status {
  state: string;
  failure: string | null;
}

/** Resolves with the first status of a stream that is this. */
async function until(id: string, isIt: (status: Status) => boolean): Promise<Status> {
  const client = server.socket();
  const statuses = client.iterate<{ streamStatus: Status }>({
    query: `subscription { streamStatus(streamId: "${id}") { state failure } }`,
  });
  try {
    const now = await server.query<{ stream: { latestSession: Status } }>(
      `{ stream(id: "${id}") { latestSession { state failure } } }`,
    );
    if (isIt(now.stream.latestSession)) return now.stream.latestSession;
    for await (const { data } of statuses) {
      const status = data?.streamStatus;
      if (status && isIt(status)) return status;
    }
  } finally {
    await client.dispose();
  }
  throw new Error('the subscription ended');
}

interface Moment {
  seq: number;
  mediaTime: number;
  dropped: { reason: string; frames: number }[];
}
const momentsOf = async (sessionId: string) =>
  (
    await server.query<{ session: { timeline: { nodes: Moment[] } } }>(
      `{ session(id: "${sessionId}") { timeline(first: 1000) { nodes { seq mediaTime dropped { reason frames } } } } }`,
    )
  ).session.timeline.nodes;

/** Sends a body as curl does, and reads the answer. */
async function put(url: string, body: Readable): Promise<{ status: number; text: string }> {
  const sending = request(url, { method: 'PUT' });
  const answered = once(sending, 'response');
  // Who is refused is cut off while it sends.
  sending.on('error', () => body.destroy());
  body.pipe(sending);
  const [response] = await answered;
  let text = '';
  for await (const chunk of response) text += chunk;
  return { status: response.statusCode, text };
}

const fileOf = (name: string) => createReadStream(media.at(name));

/** Chunks as a MediaRecorder gives them, to a WebSocket, for as long as the clip lasts. */
function record(url: string, args: string) {
  const socket = new WebSocket(url);
  const messages: unknown[] = [];
  socket.on('message', (text) => messages.push(JSON.parse(String(text))));
  const closed = once(socket, 'close').then(([code, reason]) => ({ code, reason: String(reason), messages }));
  const recorder = once(socket, 'open').then(() => {
    const child = spawn(ffmpeg.path, ['-v', 'error', ...args.split(' '), '-'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    child.stdout.on('data', (chunk) => socket.readyState === WebSocket.OPEN && socket.send(chunk));
    child.once('close', () => socket.close(1000));
    return child;
  });
  return { socket, closed, recorder };
}

it('a stream waits for whoever sends, and says so; the address is a secret that is shown once', async () => {
  const { stream, session, ingest } = await register('waits');
  expect(stream.source).toEqual({ kind: 'PUSH', location: null });
  expect(ingest.url).toMatch(/^http:\/\/localhost:\d+\/ingest\/[\w-]{43}$/);
  expect(ingest.webSocketUrl).toBe(ingest.url.replace('http', 'ws'));
  const waiting = await until(stream.id, ({ failure }) => failure !== null);
  expect(waiting).toMatchObject({ state: 'STARTING', failure: expect.stringContaining('Nobody sends yet') });
  const again = await register('waits');
  expect(again.ingest).toBeNull();
  expect(again.session.id).toBe(session.id);
  const secret = ingest.url.split('/').at(-1)!;
  const trail = JSON.stringify(
    await server.query('{ auditLog(first: 50) { nodes { action detail { name value } } } }'),
  );
  expect(trail).toContain('PUSH');
  expect(server.log() + trail).not.toContain(secret);
  await stop(stream.id);
});

it('ffmpeg sends MPEG-TS and ends, then curl goes on in the same session, without a gap', async () => {
  const { stream, session, ingest } = await register('camera');
  const args = `-v error -re -i ${DEMO} -t 2 ${H264} -f mpegts`.split(' ');
  const first = spawn(ffmpeg.path, [...args, '-method', 'PUT', ingest.url], { stdio: 'ignore' });
  await once(first, 'close');
  const lost = await until(stream.id, ({ state }) => state === 'RECONNECTING');
  expect(lost.failure).toBe('What was sent has ended; send again to go on.');
  const second = spawn(ffmpeg.path, [...args, '-'], { stdio: ['ignore', 'pipe', 'ignore'] });
  const curl = spawn('curl', ['-sS', '--fail', '-T', '-', ingest.url], {
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  second.stdout.pipe(curl.stdin);
  expect(await once(curl, 'close')).toEqual([0, null]);
  await stop(stream.id);
  const moments = await momentsOf(session.id);
  expect(moments.map(({ seq }) => seq)).toEqual(moments.map((_, i) => i));
  expect(moments.at(-1)!.mediaTime).toBeGreaterThan(3);
});

it.each(['demo.webm', 'fragmented.mp4'])(
  '%s comes as fast as it can: what the models cannot score is dropped and counted',
  async (name) => {
    const { stream, session, ingest } = await register(name);
    expect(await put(ingest.url, fileOf(name))).toMatchObject({ status: 200 });
    await stop(stream.id);
    const moments = await momentsOf(session.id);
    const dropped = moments
      .flatMap((moment) => moment.dropped)
      .reduce((sum, { reason, frames }) => sum + (reason === 'BUSY' ? frames : 0), 0);
    expect(moments.length).toBeGreaterThan(0);
    expect(moments.at(-1)!.mediaTime).toBeLessThan(4.2);
    // Ten a second, from the first to the last that was scored.
    const seen = Math.round(10 * moments.at(-1)!.mediaTime) + 1;
    expect(Math.abs(moments.length + dropped - seen)).toBeLessThanOrEqual(1);
  },
);

it('what was sent last is scored at once: it does not wait for what comes next', async () => {
  const { stream, session, ingest } = await register('slow');
  const clip = await readFile(media.at('fragmented.mp4'));
  // The description of the film, and 31 of its fragments, each with a frame: the last is 1.2 seconds from the first.
  const fragments = [...beginningsOf('moof', clip)];
  const body = new PassThrough();
  const sent = put(ingest.url, body);
  body.write(clip.subarray(0, fragments[31]));
  const last = async () => (await momentsOf(session.id)).at(-1)?.mediaTime ?? 0;
  while ((await last()) < 1.19) await new Promise((resolve) => setTimeout(resolve, 100));
  body.end(clip.subarray(fragments[31]));
  expect(await sent).toMatchObject({ status: 200 });
  await stop(stream.id);
});

/** Where the boxes of a kind begin in a file of the MP4 family. */
function* beginningsOf(kind: string, file: Buffer): Generator<number> {
  for (let at = 0; at < file.length; at += file.readUInt32BE(at))
    if (file.toString('latin1', at + 4, at + 8) === kind) yield at;
}

it('a browser’s way: WebM in binary messages; text is refused', async () => {
  const { stream, session, ingest } = await register('browser');
  const webm = `-re -i ${media.at('demo.webm')} -c copy -f webm -live 1 -cluster_time_limit 100 -flush_packets 1`;
  const { closed } = record(ingest.webSocketUrl, webm);
  await until(stream.id, ({ state }) => state === 'RUNNING');
  expect(await closed).toEqual({ code: 1000, reason: '', messages: [{ status: 'receiving' }] });
  const socket = new WebSocket(ingest.webSocketUrl);
  await once(socket, 'open');
  socket.send('video');
  const [code, reason] = await once(socket, 'close');
  expect([code, String(reason)]).toEqual([4400, 'Video comes as binary messages; this was text.']);
  await stop(stream.id);
  const seqs = await seqsOf(server, session.id);
  expect(seqs.length).toBeGreaterThan(0);
  expect(seqs).toEqual(seqs.map((_, i) => i));
});

it('what is no video is answered with a sentence, and the stream waits for better', async () => {
  const { stream, session, ingest } = await register('garbage');
  const garbage = () => Readable.from([Buffer.alloc(300_000, 'no video, but the same again. ')]);
  const sentence =
    'What was sent is no video that can be read while it comes; send WebM, fragmented MP4, MPEG-TS or FLV.';
  const answer = await put(ingest.url, garbage());
  expect(answer.status).toBe(415);
  expect(JSON.parse(answer.text).errors).toEqual([
    { message: sentence, extensions: { code: 'SOURCE_NOT_VIDEO' } },
  ]);
  expect(await until(stream.id, ({ state }) => state === 'RECONNECTING')).toMatchObject({
    failure: sentence,
  });
  // Its index is at its end, where it comes too late.
  expect((await put(ingest.url, fileOf('late.mp4'))).status).toBe(415);
  expect((await put(ingest.url, fileOf('demo.webm'))).status).toBe(200);
  await stop(stream.id);
  expect((await momentsOf(session.id)).length).toBeGreaterThan(0);
});

it('a playlist that is sent leads nowhere', async () => {
  const { stream, ingest } = await register('playlist');
  for (const text of [
    `ffconcat version 1.0\nfile '${DEMO}'\n`,
    `#EXTM3U\n#EXTINF:1,\n${DEMO}\n#EXT-X-ENDLIST\n`,
  ]) {
    const { status } = await put(ingest.url, Readable.from([Buffer.from(text)]));
    expect(status).toBe(415);
  }
  await stop(stream.id);
});

it('one sends at a time; a stream that is stopped takes nothing, and goes on when it is started', async () => {
  const { stream, ingest } = await register('two');
  const first = record(
    ingest.webSocketUrl,
    `-re -stream_loop -1 -i ${media.at('demo.webm')} -c copy -f webm -live 1`,
  );
  await until(stream.id, ({ state }) => state === 'RUNNING');
  const second = await put(ingest.url, fileOf('demo.webm'));
  expect(second.status).toBe(409);
  expect(second.text).toContain('Another sends video to this stream');
  await stop(stream.id);
  expect(await first.closed).toMatchObject({ code: 4409, reason: expect.stringContaining('was stopped') });
  (await first.recorder).kill('SIGKILL');
  const stopped = await put(ingest.url, fileOf('demo.webm'));
  expect([stopped.status, stopped.text]).toEqual([409, expect.stringContaining('does not run: start it')]);
  await server.query(`mutation { startStream(input: { id: "${stream.id}" }) { session { id } } }`);
  expect((await put(ingest.url, fileOf('demo.webm'))).status).toBe(200);
  await stop(stream.id);
});

it('a new address ends the old one, also for who sends to it', async () => {
  const { stream, ingest } = await register('renewed');
  const old = record(
    ingest.webSocketUrl,
    `-re -stream_loop -1 -i ${media.at('demo.webm')} -c copy -f webm -live 1`,
  );
  await until(stream.id, ({ state }) => state === 'RUNNING');
  const renewed = await newAddress(stream.id);
  expect(await old.closed).toMatchObject({
    code: 4404,
    reason: expect.stringContaining('has a new address'),
  });
  (await old.recorder).kill('SIGKILL');
  expect((await put(ingest.url, fileOf('demo.webm'))).status).toBe(404);
  expect((await put(renewed.url, fileOf('demo.webm'))).status).toBe(200);
  await stop(stream.id);
});

it('a stream that is removed says so to who sends to it', async () => {
  const { stream, ingest } = await register('removed');
  const sender = record(
    ingest.webSocketUrl,
    `-re -stream_loop -1 -i ${media.at('demo.webm')} -c copy -f webm -live 1`,
  );
  await until(stream.id, ({ state }) => state === 'RUNNING');
  await server.query(`mutation { removeStream(input: { id: "${stream.id}" }) { removedStreamId } }`);
  expect(await sender.closed).toMatchObject({ code: 4404, reason: expect.stringContaining('was removed') });
  (await sender.recorder).kill('SIGKILL');
  expect((await put(ingest.url, fileOf('demo.webm'))).status).toBe(404);
});

it('wrong addresses are refused, and guessing is slowed', async () => {
  const { origin } = new URL(server.url);
  const statuses = new Set<number>();
  for (let tries = 0; tries < 12; tries++)
    statuses.add((await put(`${origin}/ingest/${'a'.repeat(43)}`, Readable.from(['x']))).status);
  expect([...statuses]).toEqual([404, 429]);
});

it('a killed server waits for the sender again, by the same address', async () => {
  const { stream, session, ingest } = await register('killed');
  const lost = record(
    ingest.webSocketUrl,
    `-re -stream_loop -1 -i ${media.at('demo.webm')} -c copy -f webm -live 1`,
  );
  await until(stream.id, ({ state }) => state === 'RUNNING');
  await server.end('SIGKILL');
  expect((await lost.closed).code).toBe(1006);
  (await lost.recorder).kill('SIGKILL');
  const { port } = new URL(server.url);
  Object.assign(server, await startServer({ ...place.env, PORT: port }));
  // On PostgreSQL once the lease of the one that was killed has run out; the session that it left is told first.
  await until(
    stream.id,
    ({ state, failure }) => state === 'STARTING' && !!failure?.includes('Nobody sends yet'),
  );
  expect((await put(ingest.url, fileOf('demo.webm'))).status).toBe(200);
  const seqs = await seqsOf(server, session.id);
  expect(seqs).toEqual(seqs.map((_, i) => i));
});
