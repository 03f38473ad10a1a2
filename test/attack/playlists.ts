/** Tricks with HLS: playlists whose addresses lead inside, in every place that an address can have, in every scheme. */
import { authorities } from './hosts.ts';
import type { Page, Trick } from './trick.ts';

const HEAD = '#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:0\n';
const END = '#EXT-X-ENDLIST\n';
const CLIP = '#EXTINF:2,\nclip.ts\n';
const media = (lines: string) => `${HEAD}${lines}${END}`;

/** Where a playlist can name an address. */
export const PLACES: Record<string, (uri: string) => string> = {
  segment: (uri) => media(`#EXTINF:2,\n${uri}\n`),
  'second segment': (uri) => media(`${CLIP}#EXTINF:2,\n${uri}\n`),
  key: (uri) => media(`#EXT-X-KEY:METHOD=AES-128,URI="${uri}"\n${CLIP}`),
  'sample key': (uri) => media(`#EXT-X-KEY:METHOD=SAMPLE-AES,URI="${uri}"\n${CLIP}`),
  'encrypted segment': (uri) => media(`#EXT-X-KEY:METHOD=AES-128,URI="key"\n#EXTINF:2,\n${uri}\n`),
  map: (uri) => media(`#EXT-X-MAP:URI="${uri}"\n${CLIP}`),
  'map with a range': (uri) => media(`#EXT-X-MAP:URI="${uri}",BYTERANGE="400@0"\n${CLIP}`),
  'segment with a range': (uri) => media(`#EXTINF:2,\n#EXT-X-BYTERANGE:4000@0\n${uri}\n`),
  variant: (uri) => `#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n${uri}\n`,
  'second variant': (uri) =>
    `#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nvod.m3u8\n#EXT-X-STREAM-INF:BANDWIDTH=2\n${uri}\n`,
  rendition: (uri) =>
    `#EXTM3U\n#EXT-X-MEDIA:TYPE=VIDEO,GROUP-ID="v",NAME="a",URI="${uri}"\n#EXT-X-STREAM-INF:BANDWIDTH=1,VIDEO="v"\nvod.m3u8\n`,
  'rendition of sound': (uri) =>
    `#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="a",DEFAULT=YES,URI="${uri}"\n#EXT-X-STREAM-INF:BANDWIDTH=1,AUDIO="a"\nvod.m3u8\n`,
  'rendition of subtitles': (uri) =>
    `#EXTM3U\n#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="s",NAME="a",DEFAULT=YES,URI="${uri}"\n#EXT-X-STREAM-INF:BANDWIDTH=1,SUBTITLES="s"\nvod.m3u8\n`,
  'key frames': (uri) =>
    `#EXTM3U\n#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,URI="${uri}"\n#EXT-X-STREAM-INF:BANDWIDTH=1\nvod.m3u8\n`,
  'session key': (uri) =>
    `#EXTM3U\n#EXT-X-SESSION-KEY:METHOD=AES-128,URI="${uri}"\n#EXT-X-STREAM-INF:BANDWIDTH=1\nvod.m3u8\n`,
  'preload hint': (uri) => media(`${CLIP}#EXT-X-PRELOAD-HINT:TYPE=PART,URI="${uri}"\n`),
  part: (uri) => media(`#EXT-X-PART:DURATION=1,URI="${uri}"\n${CLIP}`),
};

export const SCHEMES = (at: string): string[] => [
  `http://${at}/clip.ts`,
  `https://${at}/clip.ts`,
  `httpproxy://${at}/${at}`,
  `tcp://${at}`,
  `udp://${at}`,
  `tls://${at}`,
  `rtp://${at}`,
  `rtmp://${at}/app/live`,
  `rtsp://${at}/live`,
  `ftp://${at}/clip.ts`,
  `gopher://${at}/`,
  `concat:http://${at}/clip.ts|http://${at}/clip.ts`,
  `subfile,,start,0,end,9999,,:http://${at}/clip.ts`,
  `crypto+http://${at}/clip.ts`,
  `crypto:tcp://${at}`,
  `crypto+tcp://${at}`,
  `cache:http://${at}/clip.ts`,
  `async:http://${at}/clip.ts`,
  `unix://${at}`,
  `data:video/mp2t;base64,R0A=`,
  'file:///etc/passwd',
  '/etc/passwd',
];

/** Playlists that one parser reads in another way than the next. `to` leads inside. */
export const WORDINGS: Record<string, (to: string) => string> = {
  'a second URI': (to) => media(`#EXT-X-KEY:METHOD=AES-128,URI="key",URI="${to}"\n${CLIP}`),
  'a URI without quotes': (to) => media(`#EXT-X-KEY:METHOD=AES-128,URI=${to}\n${CLIP}`),
  'a URI in single quotes': (to) => media(`#EXT-X-KEY:METHOD=AES-128,URI='${to}'\n${CLIP}`),
  'a quote that does not end': (to) => media(`#EXT-X-KEY:METHOD=AES-128,URI="${to}\n${CLIP}`),
  'an escaped quote': (to) => media(`#EXT-X-KEY:METHOD=AES-128,X="\\",URI=\\"${to}",URI="key"\n${CLIP}`),
  'small letters': (to) => media(`#ext-x-key:method=AES-128,uri="${to}"\n${CLIP}`),
  'blanks between attributes': (to) => media(`#EXT-X-KEY: METHOD = AES-128 , URI = "${to}"\n${CLIP}`),
  'a tab before an address': (to) => media(`#EXTINF:2,\n\t${to}\n`),
  'a blank before a tag': (to) => media(` #EXT-X-MAP:URI="${to}"\n${CLIP}`),
  'line ends of old Macs': (to) => media(`#EXTINF:2,\n${to}\n`).replaceAll('\n', '\r'),
  'mixed line ends': (to) => media(`#EXTINF:2,\rclip.ts\r\n#EXTINF:2,\r${to}\n`),
  'a NUL for a line end': (to) => media(`# x\0#EXTINF:2,\0${to}\0`),
  'a NUL inside': (to) => media(`#EXTINF:2,\nclip.ts\0\n${to}\n`),
  'a vertical tab': (to) => media(`#EXTINF:2,\n\v${to}\n`),
  'a line separator': (to) => media(`# x\u2028#EXTINF:2,\u2028${to}\n`),
  'a next-line': (to) => media(`# x\u0085#EXTINF:2,\u0085${to}\n`),
  'a byte order mark': (to) => `\ufeff${media(`#EXTINF:2,\n${to}\n`)}`,
  'a blank line first': (to) => `\n${media(`#EXTINF:2,\n${to}\n`)}`,
  'a head of another version': (to) => media(`#EXTINF:2,\n${to}\n`).replace('#EXTM3U', '#EXTM3U8'),
  'a head with more in its line': (to) =>
    media(`#EXTINF:2,\n${to}\n`).replace('#EXTM3U', '#EXTM3U x-tvg-url=""'),
  'a very long line': (to) => media(`#EXTINF:2,${'x'.repeat(4090)}\n${to}\n`),
  'a long line that is cut to an address': (to) => media(`#EXTINF:2,\n${to}/${'x'.repeat(9000)}\n`),
  'a long attribute': (to) => media(`#EXT-X-KEY:X="${'x'.repeat(4200)}",METHOD=AES-128,URI="${to}"\n${CLIP}`),
  variables: (to) => media(`#EXT-X-DEFINE:NAME="h",VALUE="${to}"\n#EXTINF:2,\n{$h}\n`),
  'an address of the same scheme': (to) => media(`#EXTINF:2,\n${to.replace('http:', '')}\n`),
  'back slashes': (to) => media(`#EXTINF:2,\n${to.replace('//', '\\\\')}\n`),
  'one slash': (to) => media(`#EXTINF:2,\n${to.replace('//', '/')}\n`),
  'three slashes': (to) => media(`#EXTINF:2,\n${to.replace('//', '///')}\n`),
  'a tab in the scheme': (to) => media(`#EXTINF:2,\n${to.replace('http', 'ht\ttp')}\n`),
  'a scheme in capitals': (to) => media(`#EXTINF:2,\n${to.replace('http', 'HTTP')}\n`),
  'the proxy of ours as a path': (to) => media(`#EXTINF:2,\n/${to}\n`),
  'a playlist as a segment': () => media('#EXTINF:2,\ninner.m3u8\n'),
  'a playlist behind a tag of sound': () => media('#EXTINF:2,\nid3.m3u8\n'),
  'a playlist as a map': () => media('#EXT-X-MAP:URI="inner.m3u8"\n#EXTINF:2,\ninner.m3u8\n'),
  'a script as a segment': () => media('#EXTINF:2,\nscript.ffconcat\n'),
  'a manifest as a segment': () => media('#EXTINF:2,\ninner.mpd\n'),
  'a description as a segment': () => media('#EXTINF:2,\ninner.sdp\n'),
  'a variant of a variant': () => '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nmaster.m3u8\n',
  'an address in two lines': (to) => media(`#EXTINF:2,\n${to.slice(0, 12)}\\\n${to.slice(12)}\n`),
  'a segment that redirects': () => media('#EXTINF:2,\nredirect.ts\n'),
  'a key that redirects': () => media(`#EXT-X-KEY:METHOD=AES-128,URI="redirect.ts"\n${CLIP}`),
  'a variant that redirects': () => '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nredirect.ts\n',
};

/** ID3, as sound in HLS has it; ffmpeg looks behind it for what a file is. */
const id3 = Buffer.from('49443304000000000008544954320000000000000000', 'hex').subarray(0, 18);

/** What the playlists of `WORDINGS` name, beside the clip. */
export function beside(at: string): Record<string, Page> {
  const to = `tcp://${at}`;
  const inner = media(`#EXTINF:2,\n${to}\n`);
  return {
    'inner.m3u8': inner,
    'id3.m3u8': Buffer.concat([id3, Buffer.from(inner)]),
    'master.m3u8': `#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n${to}\n`,
    'script.ffconcat': `ffconcat version 1.0\nfile ${to}\n`,
    'inner.sdp': `v=0\no=- 0 0 IN IP4 127.0.0.2\ns=x\nc=IN IP4 127.0.0.2\nt=0 0\nm=video 9 RTP/AVP 26\n`,
    'inner.mpd': `<MPD><Period><AdaptationSet><BaseURL>http://${at}/</BaseURL></AdaptationSet></Period></MPD>`,
    'redirect.ts': { status: 302, headers: { location: `http://${at}/clip.ts` } },
    key: '0123456789abcdef',
  };
}

export function playlistTricks(port: number): Trick[] {
  const at = `127.0.0.2:${port}`;
  const pages = beside(at);
  const places = Object.entries(PLACES);
  const schemes = places.flatMap(([place, write]) =>
    SCHEMES(at).map((uri) => trick(`HLS ${place}: ${uri}`, write(uri), pages)),
  );
  const hosts = authorities(port).flatMap((authority, i) => {
    const [place, write] = places[i % places.length]!;
    const uri = `http://${authority}/clip.ts`;
    return [
      trick(`HLS segment at ${authority}`, PLACES.segment!(uri), pages),
      trick(`HLS ${place} at ${authority}`, write(uri), pages),
    ];
  });
  const wordings = Object.entries(WORDINGS).flatMap(([name, write]) =>
    [`http://${at}/clip.ts`, `tcp://${at}`].map((uri) => trick(`HLS ${name}: ${uri}`, write(uri), pages)),
  );
  const roots = Object.keys(pages).map((root) => ({
    name: `HLS or what ffmpeg takes for it, ${root}`,
    root,
    pages,
  }));
  return [...schemes, ...hosts, ...wordings, ...roots];
}

function trick(name: string, root: string, pages: Record<string, Page>): Trick {
  return { name, root: 'root.m3u8', pages: { ...pages, 'root.m3u8': root } };
}
