import { createServer } from 'node:net';
/** The pure parts: what goes to ffmpeg, and what comes back, read without it. */
import { describe, expect, test } from 'vitest';
import type { Frame } from '../../src/domain/frame.ts';
import { decodeThreads } from '../../src/ingest/ffmpeg/decode-threads.ts';
import { decodeArguments, probeArguments, videoFilters } from '../../src/ingest/ffmpeg/ffmpeg-args.ts';
import { noFrameError } from '../../src/ingest/ffmpeg/ffmpeg-errors.ts';
import { describeInput } from '../../src/ingest/ffmpeg/ffmpeg-log.ts';
import { createRedactor, redactLine, redactUrl } from '../../src/ingest/ffmpeg/redact.ts';
import { createShowinfo } from '../../src/ingest/ffmpeg/showinfo.ts';
import { createBufferPool } from '../../src/ingest/frames/buffer-pool.ts';
import { FrameAssembler } from '../../src/ingest/frames/frame-assembler.ts';
import { dropOldestBuffer, waitingBuffer } from '../../src/ingest/frames/frame-buffer.ts';
import { openFrameSocket } from '../../src/ingest/frames/frame-socket.ts';
import { createPtsClock } from '../../src/ingest/frames/pts-clock.ts';
import { createSafeConnector, isPublicAddress } from '../../src/ingest/network/safe-connect.ts';

describe('addresses', () => {
  test.each(['8.8.8.8', '93.184.216.34', '2606:4700::1111', '::ffff:8.8.8.8'])('%s is public', (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });

  test.each([
    ...['127.0.0.1', '10.1.2.3', '172.16.0.1', '192.168.0.1', '169.254.169.254', '100.64.0.1', '0.0.0.0'],
    ...['255.255.255.255', '224.0.0.1', '198.18.0.1', '192.0.2.1', '240.0.0.1', '192.0.0.8'],
    ...['::1', '::', 'fe80::1', 'fc00::1', 'fd12::1', 'fec0::1', 'ff02::1', '::ffff:10.0.0.1', '::127.0.0.1'],
    ...[
      '64:ff9b::a00:1',
      '2002:7f00:1::',
      '2001:db8::1',
      '2001::1',
      '100::1',
      'fe80::1%eth0',
      'nonsense',
      '',
    ],
  ])('%s is not', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });

  test('of listed ranges are allowed, and those next to them are not', async () => {
    const reach = createSafeConnector({ allowPrivate: ['192.168.7.0/24', 'fd00::/16'], connectSeconds: 1 });
    await reach.check('192.168.7.9');
    await reach.check('::ffff:192.168.7.9');
    await reach.check('[fd00::5]');
    await expect(reach.check('192.168.8.1')).rejects.toMatchObject({ code: 'SOURCE_REFUSED' });
    await expect(reach.check('fd01::5')).rejects.toMatchObject({ code: 'SOURCE_REFUSED' });
  });
});

describe('arguments', () => {
  const shape = {
    frameRate: 10,
    longerSide: 640,
    maxPixels: 1000,
    loop: true,
    live: false,
    threads: 2,
    hasFpsMode: true,
    showinfo: createShowinfo('word'),
    reportFirstFrame: false,
    queuedFrames: 0,
    protocol: { listen: '1' },
  };

  test('allow a file nothing but itself', () => {
    const { input } = decodeArguments({ kind: 'file', url: '/a.mp4' }, shape);
    expect(input[input.indexOf('-protocol_whitelist') + 1]).toBe('file');
    const formats = input[input.indexOf('-format_whitelist') + 1]!.split(',');
    for (const name of ['hls', 'concat', 'lavfi', 'image2', 'sdp', 'dash', 'rtsp', 'tty', 'svg_pipe']) {
      expect(formats).not.toContain(name);
    }
    expect(input).toContain('-stream_loop');
  });

  test('never make a frame, in the words of old ffmpegs and of new ones', () => {
    const spelled = (fpsMode: boolean) =>
      decodeArguments({ kind: 'file', url: 'x' }, { ...shape, hasFpsMode: fpsMode }).output;
    expect(spelled(true).join(' ')).toContain('-fps_mode passthrough');
    expect(spelled(false).join(' ')).toContain('-vsync 0');
    expect(videoFilters(shape)).not.toMatch(/(^|,)fps=/);
  });

  test('send each frame at once, ahead of need where they may', () => {
    const container = (ahead: number) => {
      const { output } = decodeArguments({ kind: 'file', url: 'x' }, { ...shape, queuedFrames: ahead });
      return output.slice(output.indexOf('-f')).join(' ');
    };
    expect(container(0)).toBe('-f rawvideo -listen 1 -flush_packets 1');
    expect(container(8)).toBe(
      '-f fifo -fifo_format rawvideo -queue_size 8 -format_opts listen=1:flush_packets=1',
    );
  });

  test('never hold what fluent-ffmpeg would split: exactly one space', () => {
    const probe = probeArguments({ kind: 'rtsp', url: 'x' }, shape);
    const decode = decodeArguments({ kind: 'hls', url: 'x', proxy: 'http://127.0.0.1:1' }, shape);
    for (const one of [probe.input, probe.output, decode.input, decode.output].flat()) {
      expect(one).not.toContain(' ');
    }
  });
});

describe('threads that decode', () => {
  const hd = { live: false, width: 1280, height: 720 };
  const larger = { live: false, width: 1920, height: 1080 };
  test('of a recording leave cores to the models, unless pictures are large', () => {
    expect([1, 2, 4, 64].map((cores) => decodeThreads(hd, false, cores))).toEqual([1, 1, 2, 4]);
    expect([1, 2, 4, 64].map((cores) => decodeThreads(larger, false, cores))).toEqual([1, 2, 4, 4]);
  });
  test('in real time are as few as keep up', () => {
    expect(decodeThreads(larger, true, 64)).toBe(1);
    expect(decodeThreads({ ...larger, live: true }, false, 64)).toBe(1);
    expect(decodeThreads({ live: true, width: 3840, height: 2160 }, true, 64)).toBe(2);
  });
});

describe('showinfo', () => {
  const old =
    '[showinfo@frames_word @ 0x73e91c0] n:  12 pts: 400000 pts_time:0.4     pos:       48 fmt:gray sar:1/1 s:640x361 i:P iskey:1 type:I ';
  const recent =
    '[showinfo@frames_word @ 0x73e91c0] n:   0 pts:NOPTS   pts_time:NOPTS   duration:  33333 duration_time:0.033333 fmt:gray cl:left sar:0/1 s:2x1 i:P iskey:1 type:I ';
  const { parseFrame, parseFirstFrame, isFilterStart, isFromShowinfo } = createShowinfo('word');

  test('is read in the words of several versions', () => {
    expect(parseFrame(old)).toEqual({ n: 12, pts: 400_000, width: 640, height: 361 });
    expect(parseFrame(recent)).toEqual({ n: 0, pts: null, width: 2, height: 1 });
    expect(parseFrame(`    title           : ${old}`)).toBeNull();
    expect(parseFrame('[showinfo@frames_word @ 0x1] color_range:pc color_space:unknown')).toBeNull();
    expect(parseFirstFrame(recent.replace('frames', 'first'))).toEqual({ width: 2, height: 1 });
    expect(parseFirstFrame(old.replace('frames', 'first'))).toBeNull();
    expect(
      isFilterStart('[showinfo@frames_word @ 0x1] config in time_base: 1/1000000, frame_rate: 10/1'),
    ).toBe(true);
    expect([old, recent].map(isFilterStart)).toEqual([false, false]);
  });

  test('of other filters, and of other runs, is text like any other', () => {
    const words = [
      'Parsed_showinfo_4',
      'showinfo@first',
      'showinfo@frames_',
      'showinfo@frames_other',
      'showinfo@frames_word2',
    ];
    for (const name of words) {
      const line = old.replace('showinfo@frames_word', name);
      expect([parseFrame(line), parseFirstFrame(line), isFilterStart(line)], name).toEqual([
        null,
        null,
        false,
      ]);
    }
    expect(isFromShowinfo(old.replace('showinfo@frames_word', 'Parsed_showinfo_4'))).toBe(false);
    expect(createShowinfo().frameFilter).not.toBe(createShowinfo().frameFilter);
  });

  test('is not misread where another thread of ffmpeg wrote into the line', () => {
    expect(parseFrame(`${old}[x @ 0x1] n: 0 pts: 9 fmt:gray sar:1/1 s:9x9 `)).toEqual(parseFrame(old));
    const head = '[showinfo@frames_word @ 0x73e91c0]   side data - ';
    expect(parseFrame(`${head}${old}`)).toBeNull();
  });

  test('gives a recording its own times, and a live source times from 0', () => {
    const recorded = createPtsClock(false, 10);
    expect([500_000, 600_000].map(recorded)).toEqual([0.5, 0.6]);
    const live = createPtsClock(true, 10);
    expect([5_000_000, 5_100_000].map(live).map((time) => time.toFixed(3))).toEqual(['0.000', '0.100']);
  });

  test('goes on where the clock starts again, or is not there', () => {
    const clock = createPtsClock(true, 10);
    const times = [9e6, 10e6, 0, 0.5e6, null, 1e6].map((pts) => Number(clock(pts).toFixed(3)));
    expect(times).toEqual([0, 1, 1.1, 1.6, 1.7, 2.1]);
    expect(createPtsClock(false, 10)(-40_000)).toBe(0);
  });
});

describe('frames', () => {
  const stamp = (pts: number | null) => ({ pts, width: 3, height: 2 });
  const counted = (n: number, pts = n) => ({ n, ...stamp(pts) });
  const assembling = () => new FrameAssembler(createBufferPool(), 640);
  const bytes = (...values: number[]) => Uint8Array.from(values);

  test('are cut from chunks of any size, and wait for their stamps', () => {
    const assembler = assembling();
    assembler.addBytes(bytes(1, 2));
    expect(assembler.awaitsStamp).toBe(true);
    expect(assembler.nextFrame()).toBeNull();
    assembler.addStamp(counted(0));
    expect(assembler.nextFrame()).toBeNull();
    expect(assembler.awaitsStamp).toBe(false);
    assembler.addStamp(counted(1));
    assembler.addBytes(bytes(3, 4, 5, 6, 11, 12, 13, 14, 15, 16, 21));
    expect(assembler.nextFrame()).toEqual({ pixels: bytes(1, 2, 3, 4, 5, 6), stamp: stamp(0) });
    expect(assembler.nextFrame()).toEqual({ pixels: bytes(11, 12, 13, 14, 15, 16), stamp: stamp(1) });
    expect(assembler.nextFrame()).toBeNull();
    expect(assembler.awaitsStamp).toBe(true);
  });

  /** What comes of frames of one value each, as many as there are values. */
  const pictures = (assembler: FrameAssembler, ...values: number[]) => {
    for (const value of values) assembler.addBytes(new Uint8Array(6).fill(value));
    const all: [number, number | null][] = [];
    for (let next = assembler.nextFrame(); next; next = assembler.nextFrame())
      all.push([next.pixels[0]!, next.stamp.pts]);
    return all;
  };

  test('whose stamps were lost displace no other', () => {
    const assembler = assembling();
    for (const n of [1, 2, 5]) assembler.addStamp(counted(n, 100 * n));
    expect(pictures(assembler, 10, 11, 12, 13, 14, 15)).toEqual([
      ...[
        [10, null],
        [11, 100],
        [12, 200],
      ],
      ...[
        [13, null],
        [14, null],
        [15, 500],
      ],
    ]);
  });

  test('are counted anew when ffmpeg makes its filters anew, told of or not', () => {
    const assembler = assembling();
    for (const n of [0, 1, 0, 2]) assembler.addStamp(counted(n));
    assembler.restartNumbering();
    assembler.addStamp(counted(4));
    expect(pictures(assembler, ...Array(9).keys()).map(([, pts]) => pts)).toEqual([
      ...[0, 1, 0, null, 2],
      ...[null, null, null, null],
    ]);
    expect(pictures(assembler, 9)).toEqual([[9, 4]]);
  });

  test('that have no stamp when there are no more are dropped, those that have one are not', () => {
    const assembler = assembling();
    assembler.addStamp(counted(0));
    assembler.endStamps();
    expect(pictures(assembler, 10, 11, 12)).toEqual([[10, 0]]);
    expect(pictures(assembler, 13)).toEqual([]);
    expect(assembler.awaitsStamp).toBe(false);
  });

  test.each([
    ['none at all', { width: 0, height: 2 }],
    ['more than were asked for', { width: 999_999, height: 999_999 }],
    ['one too many', { width: 641, height: 2 }],
  ])('of %s pixels are an error, before there is memory for them', (_, size) => {
    expect(() => assembling().addStamp({ ...counted(0), ...size })).toThrow('was not asked for');
  });

  test('without a word of them, too many in a row, are an error', () => {
    expect(() => assembling().addStamp(counted(999_999))).toThrow('999999 frames in a row');
  });

  test('that were released give their memory to later ones, others keep it', () => {
    const memory = createBufferPool();
    const assembler = new FrameAssembler(memory, 640);
    const next = (value: number) => {
      assembler.addStamp(counted(value - 1, value));
      assembler.addBytes(new Uint8Array(6).fill(value));
      return assembler.nextFrame()!.pixels;
    };
    const [kept, released] = [next(1), next(2)];
    memory.release(released);
    expect(next(3)).toBe(released);
    expect([...next(4), ...released, ...kept]).toEqual([4, 3, 1].flatMap((value) => Array(6).fill(value)));
    memory.release(released);
    expect(memory.acquire(7)).toHaveLength(7);
    expect(memory.acquire(6)).not.toBe(released);
  });

  const frame = (mediaTime: number): Frame => ({
    ...{ pixels: bytes(0), width: 1, height: 1 },
    ...{ mediaTime, wallTime: 0, dropped: {} },
  });

  test('of a live source: the newest is kept, the others are counted', async () => {
    const slot = dropOldestBuffer();
    const released: number[] = [];
    for (const time of [0, 1, 2]) await slot.put({ ...frame(time), release: () => released.push(time) });
    expect(released).toEqual([0, 1]);
    expect(await slot.take()).toMatchObject({ mediaTime: 2, dropped: { busy: 2 } });
    const next = slot.take();
    await slot.put(frame(3));
    expect(await next).toMatchObject({ mediaTime: 3, dropped: {} });
    await slot.put(frame(4));
    slot.end();
    expect(await slot.take()).toMatchObject({ mediaTime: 4 });
    expect(await slot.take()).toBeNull();
  });

  test('of a recording: all are kept, and the giver waits', async () => {
    const queue = waitingBuffer(2);
    await queue.put(frame(0));
    let room = false;
    const full = queue.put(frame(1))!.then(() => {
      room = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(room).toBe(false);
    expect(await queue.take()).toMatchObject({ mediaTime: 0 });
    await full;
    queue.end(new Error('broke'));
    expect(await queue.take()).toMatchObject({ mediaTime: 1 });
    await expect(queue.take()).rejects.toThrow('broke');
  });
});

describe('an intake', () => {
  test('takes what was written by one that has left before we knew that it let us in', async () => {
    let taken = '';
    const intake = openFrameSocket((chunk) => {
      taken += Buffer.from(chunk).toString();
      return null;
    });
    const server = createServer((socket) => socket.end('abc')).listen(intake.path);
    // As long as the intake waits before it looks whether anyone listens: when both are late, this comes next.
    const looked = new Promise((resolve) => setTimeout(resolve, 3));
    for (const began = performance.now(); performance.now() < began + 10; );
    await looked;
    await intake.drained();
    expect(taken).toBe('abc');
    server.close();
  });
});

describe('what ffmpeg says', () => {
  const source = { displayName: '"a.mp4"', networkError: () => undefined, redact: createRedactor(null) };
  const death = (...lines: string[]) => noFrameError({ kind: 'file', source, lines, maxPixels: 9 });

  test('of an input becomes a report', () => {
    const lines = [
      "Input #0, mov,mp4,m4a,3gp,3g2,mj2, from 'a.mp4':",
      '  Duration: 01:02:03.50, start: 0.000000, bitrate: 1 kb/s',
      '  Stream #0:0[0x1](und): Audio: aac (LC)',
      '  Stream #0:1[0x2](und): Video: hevc (Main), yuv420p, 1920x1080, 30 fps',
      '    Side data:',
      '      displaymatrix: rotation of -90.00 degrees',
      'Stream mapping:',
      '  Stream #0:1 -> #0:0 (hevc (native) -> wrapped_avframe (native))',
    ];
    const size = { width: 1080, height: 1920 };
    expect(describeInput(lines, size)).toEqual({
      ...{ format: 'mov,mp4,m4a,3gp,3g2,mj2', duration: 3723.5, codec: 'hevc' },
      ...{ rotation: 90, ...size },
    });
    expect(describeInput(lines.slice(1), size)).toBeNull();
  });

  test('at its end becomes a code and a sentence', () => {
    expect(death('a.mp4: Invalid data found when processing input').code).toBe('SOURCE_NOT_VIDEO');
    expect(death("Stream map '0:V:0' matches no streams.").message).toBe(
      '"a.mp4" has no video track; choose another.',
    );
    expect(death('[h264] Decoder foo not found').message).toContain('codec');
    expect(death("Unrecognized option 'x'.").code).toBe('FFMPEG_MISSING');
    expect(death().code).toBe('SOURCE_NOT_VIDEO');
  });
});

describe('what is shown and logged', () => {
  test('holds neither logins nor tokens', () => {
    expect(redactUrl('rtsp://me:pw@cam.example:8554/a/b?token=x#y')).toBe('rtsp://cam.example:8554/a/b?…');
    const line = "Opening 'https://me:pw@host/a.ts?sig=secret' for reading, then http://u:p@w@x/y";
    expect(redactLine(line)).toBe("Opening 'https://host/a.ts?…' for reading, then http://x/y");
  });

  test.each([
    `"https://me:p'w"d@host/a", next`,
    `'rtsp://a"b'c@host:554/x': Connection refused`,
    'see https://host/a?sig=\'"x"\'y, and rtmp://u:p@h/k#token',
    'tcp://a:b@1.2.3.4:80?u=http://c:d@host/e',
  ])('nor those of other addresses, whatever signs they are made of: %s', (line) => {
    const shown = redactLine(line);
    for (const secret of ['me', "p'w", 'a"b', "b'c", 'sig', 'x"', 'u:p', 'token', 'a:b', 'c:d']) {
      expect(shown).not.toContain(secret);
    }
  });

  test("nor the source's own, in any spelling, with an address around it or without", () => {
    const redact = createRedactor(new URL(`rtsp://admin:it's "so" 100%25@cam/x?token=a%20b%20c%20d%20e`));
    const password = `it's "so" 100%`;
    const lines = [
      `method DESCRIBE failed for ${password}`,
      `'rtsp://admin:${password}@cam/x'`,
      `it's%20%22so%22%20100%25`,
      'token a b c d e',
      'query a%20b%20c%20d%20e',
    ];
    for (const line of lines) expect(redact(line), line).not.toMatch(/so|a b c|20b/);
    expect(redact('rtsp://cam/x: Connection refused')).toBe('rtsp://cam/x: Connection refused');
  });

  // One that is quadratic takes 4 s for a line of 64 kB; ffmpeg may write many.
  test.each(['a', 'a:', '://', 'http://', 'http://a@', '?', ' ', `'`])(
    'takes no time for a run of "%s"',
    (text) => {
      const line = `x ${text.repeat(400_000 / text.length)}`;
      const began = performance.now();
      redactLine(line);
      expect(performance.now() - began).toBeLessThan(1000);
    },
  );
});
