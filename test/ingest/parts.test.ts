import { createServer } from 'node:net';
/** The pure parts: what goes to ffmpeg, and what comes back, read without it. */
import { describe, expect, test } from 'vitest';
import type { Frame } from '../../src/domain/frame.ts';
import { decodeThreads } from '../../src/ingest/ffmpeg/decode-threads.ts';
import { decodeArguments, filters, probeArguments } from '../../src/ingest/ffmpeg/ffmpeg-args.ts';
import { explain } from '../../src/ingest/ffmpeg/ffmpeg-errors.ts';
import { readReport } from '../../src/ingest/ffmpeg/ffmpeg-log.ts';
import { redactLine, redactUrl } from '../../src/ingest/ffmpeg/redact.ts';
import { createMediaClock, parseShowinfo } from '../../src/ingest/ffmpeg/showinfo.ts';
import { createFrameMemory } from '../../src/ingest/frames/buffer-pool.ts';
import { FrameAssembler } from '../../src/ingest/frames/frame-assembler.ts';
import { everyFrame, newestFrame } from '../../src/ingest/frames/frame-buffer.ts';
import { openIntake } from '../../src/ingest/frames/frame-socket.ts';
import { createReach, isPublicAddress } from '../../src/ingest/network/safe-connect.ts';

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
    const reach = createReach({ allowPrivate: ['192.168.7.0/24', 'fd00::/16'], connectSeconds: 1 });
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
    fpsMode: true,
    opening: false,
    ahead: 0,
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
      decodeArguments({ kind: 'file', url: 'x' }, { ...shape, fpsMode }).output;
    expect(spelled(true).join(' ')).toContain('-fps_mode passthrough');
    expect(spelled(false).join(' ')).toContain('-vsync 0');
    expect(filters(shape)).not.toMatch(/(^|,)fps=/);
  });

  test('send each frame at once, ahead of need where they may', () => {
    const container = (ahead: number) => {
      const { output } = decodeArguments({ kind: 'file', url: 'x' }, { ...shape, ahead });
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
    '[Parsed_showinfo_4 @ 0x73e91c0] n:  12 pts: 400000 pts_time:0.4     pos:       48 fmt:gray sar:1/1 s:640x361 i:P iskey:1 type:I ';
  const recent =
    '[Parsed_showinfo_4 @ 0x73e91c0] n:   0 pts:NOPTS   pts_time:NOPTS   duration:  33333 duration_time:0.033333 fmt:gray cl:left sar:0/1 s:2x1 i:P iskey:1 type:I ';

  test('is read in the words of several versions', () => {
    expect(parseShowinfo(old)).toEqual({ pts: 400_000, width: 640, height: 361 });
    expect(parseShowinfo(recent)).toEqual({ pts: null, width: 2, height: 1 });
    expect(parseShowinfo(`    title           : ${old}`)).toBeNull();
    expect(parseShowinfo('[Parsed_showinfo_4 @ 0x1] color_range:pc color_space:unknown')).toBeNull();
  });

  test('gives a recording its own times, and a live source times from 0', () => {
    const recorded = createMediaClock(false, 10);
    expect([500_000, 600_000].map(recorded)).toEqual([0.5, 0.6]);
    const live = createMediaClock(true, 10);
    expect([5_000_000, 5_100_000].map(live).map((time) => time.toFixed(3))).toEqual(['0.000', '0.100']);
  });

  test('goes on where the clock starts again, or is not there', () => {
    const clock = createMediaClock(true, 10);
    const times = [9e6, 10e6, 0, 0.5e6, null, 1e6].map((pts) => Number(clock(pts).toFixed(3)));
    expect(times).toEqual([0, 1, 1.1, 1.6, 1.7, 2.1]);
    expect(createMediaClock(false, 10)(-40_000)).toBe(0);
  });
});

describe('frames', () => {
  const stamp = (pts: number) => ({ pts, width: 3, height: 2 });
  const bytes = (...values: number[]) => Uint8Array.from(values);

  test('are cut from chunks of any size, and wait for their stamps', () => {
    const assembler = new FrameAssembler(createFrameMemory());
    assembler.push(bytes(1, 2));
    expect(assembler.starved).toBe(true);
    expect(assembler.next()).toBeNull();
    assembler.stamp(stamp(0));
    expect(assembler.next()).toBeNull();
    expect(assembler.starved).toBe(false);
    assembler.stamp(stamp(1));
    assembler.push(bytes(3, 4, 5, 6, 11, 12, 13, 14, 15, 16, 21));
    expect(assembler.next()).toEqual({ pixels: bytes(1, 2, 3, 4, 5, 6), stamp: stamp(0) });
    expect(assembler.next()).toEqual({ pixels: bytes(11, 12, 13, 14, 15, 16), stamp: stamp(1) });
    expect(assembler.next()).toBeNull();
    expect(assembler.starved).toBe(true);
  });

  test('that were released give their memory to later ones, others keep it', () => {
    const memory = createFrameMemory();
    const assembler = new FrameAssembler(memory);
    const next = (value: number) => {
      assembler.stamp(stamp(value));
      assembler.push(new Uint8Array(6).fill(value));
      return assembler.next()!.pixels;
    };
    const [kept, released] = [next(1), next(2)];
    memory.give(released);
    expect(next(3)).toBe(released);
    expect([...next(4), ...released, ...kept]).toEqual([4, 3, 1].flatMap((value) => Array(6).fill(value)));
    memory.give(released);
    expect(memory.take(7)).toHaveLength(7);
    expect(memory.take(6)).not.toBe(released);
  });

  const frame = (mediaTime: number): Frame => ({
    ...{ pixels: bytes(0), width: 1, height: 1 },
    ...{ mediaTime, wallTime: 0, dropped: {} },
  });

  test('of a live source: the newest is kept, the others are counted', async () => {
    const slot = newestFrame();
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
    const queue = everyFrame(2);
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
    const intake = openIntake((chunk) => {
      taken += Buffer.from(chunk).toString();
      return null;
    });
    const server = createServer((socket) => socket.end('abc')).listen(intake.path);
    // As long as the intake waits before it looks whether anyone listens: when both are late, this comes next.
    const looked = new Promise((resolve) => setTimeout(resolve, 3));
    for (const began = performance.now(); performance.now() < began + 10; );
    await looked;
    await intake.left();
    expect(taken).toBe('abc');
    server.close();
  });
});

describe('what ffmpeg says', () => {
  const shown = '"a.mp4"';
  const death = (...lines: string[]) =>
    explain({ kind: 'file', shown, lines, trouble: undefined, maxPixels: 9 });

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
      '[showinfo@opening @ 0x1] n:   0 pts:      0 pts_time:0       fmt:yuv420p sar:1/1 s:1080x1920 i:P iskey:1 type:I ',
    ];
    expect(readReport(lines)).toEqual({
      ...{ format: 'mov,mp4,m4a,3gp,3g2,mj2', duration: 3723.5, codec: 'hevc' },
      ...{ rotation: 90, width: 1080, height: 1920 },
    });
    expect(readReport(lines.slice(0, -1))).toBeNull();
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

test('what is shown and logged holds neither logins nor tokens', () => {
  expect(redactUrl('rtsp://me:pw@cam.example:8554/a/b?token=x#y')).toBe('rtsp://cam.example:8554/a/b?…');
  const line = "Opening 'https://me:pw@host/a.ts?sig=secret' for reading, then http://u:p@w@x/y";
  expect(redactLine(line)).toBe("Opening 'https://host/a.ts?…' for reading, then http://x/y");
});
