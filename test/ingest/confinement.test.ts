/** What the kernel keeps from a program that runs as ffmpeg does. */
import { spawn, spawnSync } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Confinement, findConfinement } from '../../src/ingest/ffmpeg/confinement.ts';
import { file, ingestAt, read, url } from './harness.ts';
import { counting, ffmpeg, hasNetworkFfmpeg, type MediaDir, MPEG4, mediaDir } from './media.ts';
import { files, serve } from './servers.ts';

const confinement = await findConfinement(true);
if (confinement.level === 'proxy')
  console.warn('SKIPPED: the kernel confines nothing here, or there is no Perl');

/** What Perl's program prints that runs so. @param port of the proxy; undefined: no network */
function confined(program: string, port: number | undefined, by: Confinement = confinement): string {
  const [command = '', ...args] = by.prefix(port);
  const { stdout, stderr } = spawnSync(command, [...args, 'perl', '-MSocket', '-e', program], {
    encoding: 'utf8',
  });
  return stdout + stderr;
}

const connect = (port: number) =>
  `my $s; socket($s, PF_INET, SOCK_STREAM, 0) && connect($s, pack_sockaddr_in(${port}, inet_aton('127.0.0.1'))) ? print 'ok' : print "$!"`;
const socket = (domain: string, type: string, protocol = 0) =>
  `socket(my $s, ${domain}, ${type}, ${protocol}) ? print 'ok' : print "$!"`;
const DENIED = 'Permission denied';

test('where nothing is wanted, nothing is asked of the kernel', async () => {
  const { level, prefix } = await findConfinement(false);
  expect(level).toBe('proxy');
  expect(prefix(1)).toEqual([]);
});

describe.skipIf(confinement.level === 'proxy')('a confined program', () => {
  const web = createServer();
  const other = createServer();
  let [port, otherPort] = [0, 0];
  beforeAll(async () => {
    for (const server of [web, other]) {
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    }
    [port, otherPort] = [web, other].map((server) => (server.address() as AddressInfo).port) as [
      number,
      number,
    ];
  });
  afterAll(() => {
    web.close();
    other.close();
  });

  test('for a file opens no socket of the internet, and those that are local', () => {
    expect(confined(connect(port), undefined)).toBe(DENIED);
    expect(confined(socket('PF_INET6', 'SOCK_STREAM'), undefined)).toBe(DENIED);
    expect(confined(socket('PF_UNIX', 'SOCK_STREAM'), undefined)).toBe('ok');
  });

  test.skipIf(confinement.level !== 'landlock')(
    'for an address connects to the port of our proxy, and to no other',
    () => {
      expect(confined(connect(port), port)).toBe('ok');
      expect(confined(connect(otherPort), port)).toBe(DENIED);
    },
  );

  test.skipIf(confinement.level !== 'landlock' || !hasNetworkFfmpeg)(
    'that is ffmpeg reaches nothing else by a playlist',
    async () => {
      const seen: string[] = [];
      other.on('connection', (connection: Socket) => {
        seen.push('a connection');
        connection.destroy();
      });
      web.on('request', (_, response) => {
        response.end(`#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\ntcp://127.0.0.1:${otherPort}\n`);
      });
      const run = async (prefix: string[]) => {
        const source = ['-i', `http://127.0.0.1:${port}/x.m3u8`, '-f', 'null', '-'];
        const [command = '', ...args] = [...prefix, ffmpeg.path, '-nostdin', '-allowed_extensions', 'ALL'];
        const child = spawn(command, [...args, '-protocol_whitelist', 'http,tcp', '-f', 'hls', ...source]);
        await new Promise((resolve) => child.on('exit', resolve));
        return seen.splice(0).length;
      };
      expect(await run(confinement.prefix(port))).toBe(0);
      expect(await run([])).toBeGreaterThan(0);
    },
  );

  test.each([
    ['datagrams', socket('PF_INET', 'SOCK_DGRAM')],
    ['datagrams of IPv6', socket('PF_INET6', 'SOCK_DGRAM|02000000')],
    ['raw packets', socket('PF_INET', 'SOCK_RAW', 1)],
    ['MPTCP', socket('PF_INET', 'SOCK_STREAM', 262)],
    ['SCTP', socket('PF_INET', 'SOCK_STREAM', 132)],
    ['netlink', socket('16', 'SOCK_RAW')],
    ['virtual machines', socket('40', 'SOCK_STREAM')],
    [
      'a connection that is made by sending',
      `socket(my $s, PF_INET, SOCK_STREAM, 0); send($s, 'x', 0x20000000, pack_sockaddr_in(9, inet_aton('127.0.0.1'))) or print "$!"`,
    ],
  ])('for an address is refused %s', (_, program) => {
    expect(confined(program, port)).toBe(DENIED);
  });

  test('is refused io_uring, which opens sockets by itself', () => {
    expect(confined('my $p = pack("x200"); syscall(425, 1, $p) < 0 and print "$!"', port)).toBe(
      'Function not implemented',
    );
  });

  test('by seccomp alone, as older kernels have it, still opens no socket but those of TCP', () => {
    const weaker: Confinement = {
      level: 'seccomp',
      prefix: (to) => confinement.prefix(to).map((word) => word.replace(/^landlock,/, 'seccomp,')),
    };
    expect(confined(connect(port), undefined, weaker)).toBe(DENIED);
    expect(confined(connect(port), port, weaker)).toBe('ok');
    expect(confined(socket('PF_INET', 'SOCK_DGRAM'), port, weaker)).toBe(DENIED);
  });

  test('passes that on to what it starts, and is not started where it cannot be confined', () => {
    expect(confined(`system('perl', '-MSocket', '-e', q{${socket('PF_INET', 'SOCK_DGRAM')}})`, port)).toBe(
      DENIED,
    );
    const broken: Confinement = {
      level: 'seccomp',
      // A call that there is not.
      prefix: (to) => confinement.prefix(to).map((word) => word.replace(/^(\w+,\d+,\d+),\d+/, '$1,99999')),
    };
    expect(confined('print "ran"', port, broken)).toBe(
      'mien-ffmpeg: cannot be confined: Function not implemented\n',
    );
  });
});

describe('a source', () => {
  let media: MediaDir;
  beforeAll(async () => {
    media = await mediaDir();
    await media.make(`${counting({ seconds: 1 })} ${MPEG4} -movflags faststart clip.mp4`);
  });
  afterAll(() => media.remove());

  test.each([true, false])('is read alike, confined or not (%s)', async (confine) => {
    const ingest = ingestAt(media.path, { allowPrivateSources: true, confine });
    expect(await ingest.confinement()).toBe(confine ? confinement.level : 'proxy');
    expect(await read(ingest, file('clip.mp4'))).toHaveLength(10);
    if (hasNetworkFfmpeg) {
      const web = await serve(files(media.path));
      expect(await read(ingest, url(`http://127.0.0.1:${web.port}/clip.mp4`))).toHaveLength(10);
      await web.close();
    }
    await ingest.close();
  });
});
