/** What an RTMP server is told: the names of its stream, which ffmpeg, and so the list of processes, does not know. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { pipeline } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRtmpReader, writeRtmp } from '../../src/ingest/network/rtmp/rtmp-chunks.ts';
import { createRtmpNaming, rtmpRelayUrl } from '../../src/ingest/network/rtmp/rtmp-names.ts';
import { ingestAt, open, url } from './harness.ts';
import { counting, ffmpeg, hasNetworkFfmpeg, type MediaDir, mediaDir } from './media.ts';
import { descendants } from './processes.ts';
import { mute } from './servers.ts';

const amf = (text: string) => Buffer.concat([Buffer.of(2, 0, text.length), Buffer.from(text)]);

/** A chunk of a message that begins. */
function chunk(id: number, type: number, payload: Buffer, timestamp = 0, format = 0): Buffer {
  const header = Buffer.alloc([11, 7, 3, 0][format]!);
  if (format < 3) header.writeUIntBE(Math.min(timestamp, 0xffffff), 0, 3);
  if (format < 2) {
    header.writeUIntBE(payload.length, 3, 3);
    header[6] = type;
  }
  if (format === 0) header.writeUInt32LE(1, 7);
  const long = Buffer.alloc(timestamp >= 0xffffff ? 4 : 0);
  if (long.length > 0) long.writeUInt32BE(timestamp);
  return Buffer.concat([Buffer.of((format << 6) | id), header, long, payload]);
}

function passed(bytes: Buffer, rewrite: (command: Buffer) => Buffer, piece = bytes.length): Buffer {
  const read = createRtmpReader();
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += piece) {
    for (const message of read(bytes.subarray(at, at + piece))) {
      const payload = message.type === 20 ? rewrite(message.payload) : message.payload;
      pieces.push(writeRtmp({ ...message, payload }));
    }
  }
  return Buffer.concat(pieces);
}

describe('chunks of RTMP', () => {
  const longer = (command: Buffer) => Buffer.concat([command, Buffer.alloc(200, 9)]);
  const size = Buffer.from('00000040', 'hex');
  const bytes = Buffer.concat([
    chunk(3, 20, Buffer.alloc(100, 1), 5),
    chunk(3, 20, Buffer.alloc(100, 2), 10, 1),
    chunk(4, 3, Buffer.alloc(4, 3), 0x2000000),
    chunk(2, 1, size),
    chunk(3, 20, Buffer.alloc(64, 4), 1, 2),
    Buffer.of(0xc3),
    Buffer.alloc(36, 4),
    chunk(3, 9, Buffer.alloc(4, 5), 0, 1),
  ]);
  const long = (id: number, payload: Buffer, at: number, chunkSize: number) => {
    const [head, ...rest] = Array.from({ length: Math.ceil(payload.length / chunkSize) }, (_, i) =>
      payload.subarray(i * chunkSize, (i + 1) * chunkSize),
    );
    const first = chunk(id, 20, payload, at).subarray(0, 12);
    return Buffer.concat([first, head!, ...rest.flatMap((part) => [Buffer.of(0xc0 | id), part])]);
  };
  const expected = Buffer.concat([
    long(3, longer(Buffer.alloc(100, 1)), 5, 128),
    long(3, longer(Buffer.alloc(100, 2)), 15, 128),
    chunk(4, 3, Buffer.alloc(4, 3), 0x2000000),
    chunk(2, 1, size),
    long(3, longer(Buffer.alloc(100, 4)), 16, 64),
    chunk(3, 9, Buffer.alloc(4, 5), 16),
  ]);

  test.each([bytes.length, 1, 7, 130])(
    'are written anew with longer commands, however they are cut (%i)',
    (piece) => {
      expect(passed(bytes, longer, piece).equals(expected)).toBe(true);
    },
  );

  test('that are none, or without end, are refused', () => {
    const same = (command: Buffer) => command;
    expect(() => passed(Buffer.of(0xc3), same)).toThrow('continues nothing');
    expect(() => passed(chunk(3, 20, Buffer.alloc(70_000)), same)).toThrow('without end');
  });
});

describe('the names of an RTMP stream', () => {
  const told = (address: string, ...strings: string[]) =>
    createRtmpNaming(new URL(address), 99)(Buffer.concat(strings.map(amf)));

  test.each([
    ['rtmp://host/app/key?token=1', 'rtmp://host/app', 'app', 'key?token=1'],
    ['rtmps://host:444/app/instance/key.flv', 'rtmps://host:444/app/instance', 'app/instance', 'key'],
    ['rtmp://host/app/mp4:a/b', 'rtmp://host/app', 'app', 'mp4:a/b'],
    ['rtmp://host/app/a.mp4', 'rtmp://host/app', 'app', 'mp4:a.mp4'],
    ['rtmp://host/key', 'rtmp://host/', '', 'key'],
  ])('of %s are told in place of ours', (address, tcUrl, app, stream) => {
    const ours = ['connect', 'rtmp://127.0.0.1:99/mien-app', 'mien-app', 'play', 'mien-stream'];
    expect(told(address, ...ours)).toEqual(Buffer.concat(['connect', tcUrl, app, 'play', stream].map(amf)));
  });

  test('are told with what is said of the login, and what only contains them is left alone', () => {
    const strings = [
      'mien-app',
      'rtmp://127.0.0.1:99/mien-app',
      'mien-application',
      'no mien-app',
      'mien-app?x',
    ];
    const expected = [
      'live?user=me',
      'rtmp://host/live?user=me',
      'mien-application',
      'no mien-app',
      'mien-app?x',
    ];
    const tell = createRtmpNaming(new URL('rtmp://me:pw@host/live/x'), 99, '?user=me');
    expect(tell(Buffer.concat(strings.map(amf)))).toEqual(Buffer.concat(expected.map(amf)));
    expect(rtmpRelayUrl(99)).toBe('rtmp://127.0.0.1:99/mien-app/mien-stream');
  });
});

describe.skipIf(!hasNetworkFfmpeg || !existsSync('/proc/self/cmdline'))('an RTMP source', () => {
  let media: MediaDir;
  beforeAll(async () => {
    media = await mediaDir();
    await media.make(`${counting({ seconds: 2 })} -c:v flv1 -g 10 clip.flv`);
  });
  afterAll(() => media.remove());

  test('is asked for by its own key, which the list of processes does not show', async () => {
    const spare = await mute();
    await spare.close();
    const server = spawn(
      ffmpeg.path,
      `-v error -re -stream_loop -1 -i clip.flv -c copy -f flv -listen 1 rtmp://127.0.0.1:${spare.port}/app/x`.split(
        ' ',
      ),
      { cwd: media.path, stdio: 'ignore' },
    );
    // In front of it, so that what it is asked for is seen.
    let asked = '';
    const front = createServer((client) => {
      const behind = connect(spare.port, '127.0.0.1');
      client.on('data', (data) => (asked += data.toString('latin1')));
      pipeline(client, behind, client, () => {});
    });
    await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
    const { port } = front.address() as AddressInfo;
    const ingest = ingestAt(media.path, { allowPrivateSources: true });
    const source = url(`rtmp://127.0.0.1:${port}/app/very-secret?key=hunter2`);
    const opened = await expect
      .poll(() => open(ingest, source).catch(() => null), { timeout: 60_000, interval: 300 })
      .not.toBeNull()
      .then(() => descendants(process.pid).filter((line) => line.includes('mien-stream')));
    expect(opened.length).toBeGreaterThan(0);
    expect(opened.join('\n')).not.toMatch(/very-secret|hunter2/);
    expect(asked).toContain('very-secret?key=hunter2');
    expect(asked).not.toContain('mien-');
    await ingest.close();
    server.kill('SIGKILL');
    front.close();
  });
});
