/** HLS in the shapes that servers give it, through playlists that are written anew. */
import { readFile, writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAddressTable, MAX_CHARACTERS } from '../../src/ingest/network/http/address-table.ts';
import { rewritePlaylist } from '../../src/ingest/network/http/hls-playlist.ts';
import { ingestAt, never, read, refusal, times, url } from './harness.ts';
import { counting, frameNumber, hasNetworkFfmpeg, type MediaDir, MPEG4, mediaDir } from './media.ts';
import { files, type Served, serve } from './servers.ts';

const local = (uri: string, role: string) => `http://here/${role}/${uri}`;
const head = '#EXTM3U\n#EXT-X-TARGETDURATION:2\n';

describe('a playlist that is written anew', () => {
  test('keeps what ffmpeg needs, in canonical form, and nothing else', async () => {
    const given = [
      '\ufeff#EXTM3U \r\n#EXT-X-VERSION: 7\r\n#EXT-X-TARGETDURATION:2\r\n#EXT-X-MEDIA-SEQUENCE:12',
      '#EXT-X-PLAYLIST-TYPE:EVENT\n#EXT-X-INDEPENDENT-SEGMENTS\n# words\n#EXT-X-START:TIME-OFFSET=-2.5,PRECISE=YES',
      '#EXT-X-KEY:METHOD=AES-128,URI="k?a=1",IV=0x0A,KEYFORMAT="identity",X-OTHER="u"\n#EXT-X-MAP:URI="i",BYTERANGE="8@0"',
      '#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00Z\n#EXTINF:2.002,a title, tcp://x\n#EXT-X-BYTERANGE:100@200\n  one.ts ',
      '#EXT-X-DISCONTINUITY\n#EXTINF:nonsense\ntwo.ts\nnobody-asked.ts\n#EXT-X-PRELOAD-HINT:TYPE=PART,URI="p"\n#EXT-X-ENDLIST',
    ].join('\n');
    expect((await rewritePlaylist(given, local)).split('\n')).toEqual([
      ...['#EXTM3U', '#EXT-X-VERSION:7', '#EXT-X-TARGETDURATION:2', '#EXT-X-MEDIA-SEQUENCE:12'],
      ...['#EXT-X-PLAYLIST-TYPE:EVENT', '#EXT-X-START:TIME-OFFSET=-2.5'],
      '#EXT-X-KEY:METHOD=AES-128,URI="http://here/key/k?a=1",IV=0x0A',
      '#EXT-X-MAP:URI="http://here/media/i",BYTERANGE="8@0"',
      ...['#EXTINF:2.002,', '#EXT-X-BYTERANGE:100@200', 'http://here/media/one.ts'],
      ...['#EXT-X-DISCONTINUITY', '#EXTINF:0,', 'http://here/media/two.ts', '#EXT-X-ENDLIST', ''],
    ]);
  });

  test('names variants and renditions of video, and leaves out those of sound, of subtitles, and of key frames', async () => {
    const given = [
      '#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="x",URI="a.m3u8"\n#EXT-X-SESSION-KEY:METHOD=AES-128,URI="k"',
      '#EXT-X-MEDIA:TYPE=VIDEO,GROUP-ID="v:1",NAME="left",URI="v.m3u8"\n#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,URI="i"',
      '#EXT-X-STREAM-INF:BANDWIDTH=12,CODECS="avc1.4d401f,mp4a.40.2",RESOLUTION=640x360,AUDIO="a",VIDEO="v:1"\nlow.m3u8',
    ].join('\n');
    expect((await rewritePlaylist(given, local)).split('\n')).toEqual([
      '#EXTM3U',
      '#EXT-X-MEDIA:TYPE=VIDEO,GROUP-ID="v:1",NAME="left",URI="http://here/playlist/v.m3u8"',
      '#EXT-X-STREAM-INF:BANDWIDTH=12,RESOLUTION=640x360,VIDEO="v:1"',
      ...['http://here/playlist/low.m3u8', ''],
    ]);
  });

  test.each([
    ['no head', '#EXTM3U8\n'],
    ['an attribute twice', `${head}#EXT-X-KEY:METHOD=AES-128,URI="a",URI="b"\n`],
    ['a quote that does not end', `${head}#EXT-X-MAP:URI="a\n`],
    ['attributes in small letters', `${head}#EXT-X-MAP:uri="a"\n`],
    ['a key without an address', `${head}#EXT-X-KEY:METHOD=AES-128\n`],
    ['a key of another system', `${head}#EXT-X-KEY:METHOD=SAMPLE-AES,URI="skd://x",KEYFORMAT="com.apple"\n`],
    ['another cipher', `${head}#EXT-X-KEY:METHOD=AES-256,URI="a"\n`],
    ['an IV of letters', `${head}#EXT-X-KEY:METHOD=AES-128,URI="a",IV=0xzz\n`],
    ['a range of letters', `${head}#EXT-X-BYTERANGE:a@b\n`],
    ['no end of addresses', `#EXTM3U\n${'#EXTINF:1,\na\n'.repeat(100_001)}`],
  ])('is none when there is %s', async (_, text) => {
    await expect(rewritePlaylist(text, local)).rejects.toMatchObject({ code: 'SOURCE_NOT_VIDEO' });
  });

  test('lets others have their turn, however long it is', async () => {
    let turns = 0;
    const turn = () => {
      turns++;
      next = setImmediate(turn);
    };
    let next = setImmediate(turn);
    await rewritePlaylist(`#EXTM3U\n${'#EXTINF:1,\na\n'.repeat(10_000)}`, local);
    clearImmediate(next);
    expect(turns).toBeGreaterThan(30);
    const began = performance.now();
    expect(await rewritePlaylist(`#EXTM3U${'\n'.repeat(8_000_000)}`, local)).toBe('#EXTM3U\n');
    expect(performance.now() - began).toBeLessThan(1_000);
  });
});

test('addresses that were used longest ago are forgotten where all are too long together', () => {
  const table = createAddressTable('word');
  const pathOf = (name: string) => table.pathOf(new URL(`http://x/${name}`), 'media');
  const first = pathOf('first');
  const second = pathOf('second');
  for (let i = 0; i < 2 * (MAX_CHARACTERS / 2 ** 20); i++) {
    pathOf(`${i}${'a'.repeat(2 ** 20)}`);
    expect(pathOf('second')).toBe(second);
  }
  expect(table.addressOf(first)).toBeUndefined();
  expect(table.addressOf(second)?.url.pathname).toBe('/second');
});

let media: MediaDir;
let web: Served;
let ingest: ReturnType<typeof ingestAt>;
const at = (path: string) => url(`http://127.0.0.1:${web.port}/${path}`);
const vod = '-f hls -hls_time 1 -hls_list_size 0';

beforeAll(async () => {
  media = await mediaDir();
  ingest = ingestAt(media.path, { allowPrivateSources: true });
  const serveFile = files(media.path);
  web = await serve((request, response) => {
    if (request.url === '/zipped.m3u8') {
      return void readFile(media.at('plain.m3u8')).then((text) =>
        response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(text)),
      );
    }
    return serveFile(request, response);
  });
  await writeFile(media.at('key'), '0123456789abcdef');
  await writeFile(media.at('key.info'), `key\n${media.at('key')}\n`);
  await media.make(`${counting({ seconds: 2 })} -c:v mpeg2video -g 15 ${vod} plain.m3u8
    -c:v mpeg2video -g 15 ${vod} -hls_key_info_file ${media.at('key.info')} encrypted.m3u8
    -c:v mpeg2video -g 15 ${vod} -hls_flags single_file ranges.m3u8
    ${MPEG4} ${vod} -hls_segment_type fmp4 -hls_fmp4_init_filename map.mp4 fragments.m3u8
    ${MPEG4} ${vod} -hls_segment_type fmp4 -hls_flags single_file mapped-ranges.m3u8`);
  await writeFile(
    media.at('master.m3u8'),
    '#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="x",DEFAULT=YES,URI="nowhere.m3u8"\n' +
      '#EXT-X-STREAM-INF:BANDWIDTH=1,AUDIO="a",CODECS="mp4v.20.9"\nplain.m3u8\n',
  );
});
afterAll(async () => {
  await ingest.close();
  await Promise.all([web.close(), media.remove()]);
});

describe.skipIf(!hasNetworkFfmpeg)('HLS', () => {
  test.each(['plain', 'encrypted', 'ranges', 'fragments', 'mapped-ranges', 'master'])(
    'that is %s is read whole',
    async (name) => {
      const frames = await read(ingest, at(`${name}.m3u8`), { frameRate: 5 });
      expect(times(frames)).toEqual([0, 200, 400, 600, 800, 1000, 1200, 1400, 1600, 1800]);
      expect(frames.map(({ pixels }) => Math.round(frameNumber(pixels)))).toEqual(
        frames.map((_, i) => i * 6),
      );
    },
  );

  test('whose playlist comes compressed though nobody asked for it is told so', async () => {
    expect((await refusal(ingest.probe(at('zipped.m3u8'), never))).code).toBe('SOURCE_NOT_VIDEO');
  });

  test('whose playlist is replaced by something else is not read on', async () => {
    await writeFile(media.at('empty.m3u8'), '#EXTM3U\n#EXT-X-ENDLIST\n');
    expect((await refusal(ingest.probe(at('empty.m3u8'), never))).code).toMatch(
      /^SOURCE_(NOT_VIDEO|UNREACHABLE)$/,
    );
  });

  test('in a playlist of MPEG-DASH is not read', async () => {
    await writeFile(media.at('x.mpd'), '<?xml version="1.0"?><MPD profiles="dash:profile"><Period/></MPD>');
    expect((await refusal(ingest.probe(at('x.mpd'), never))).code).toBe('SOURCE_NOT_VIDEO');
  });
});
