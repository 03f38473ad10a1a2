/** Tricks with HTTP itself, and with DASH. */
import { authorities } from './hosts.ts';
import type { Page, Trick } from './trick.ts';

const redirect = (location: string, status = 302): Page => ({ status, headers: { location } });

/** Where an answer leads, in every scheme. */
const targets = (at: string): string[] => [
  ...['http', 'https', 'HTTP', 'httpproxy', 'tcp', 'udp', 'tls', 'rtmp', 'rtsp', 'ftp', 'gopher', 'unix'].map(
    (scheme) => `${scheme}://${at}/clip.ts`,
  ),
  ...[
    `//${at}/clip.ts`,
    `\\\\${at}\\clip.ts`,
    `http:/${at}/clip.ts`,
    `http:${at}/clip.ts`,
    'file:///etc/passwd',
  ],
  ...[`concat:http://${at}/clip.ts`, `subfile,,start,0,end,99,,:http://${at}/clip.ts`, 'data:video/mp2t,x'],
];

/** Answers whose head one parser reads in another way than the next. */
const heads = (to: string): Record<string, string> => ({
  'a status line with two blanks': `HTTP/1.1  302 Found\r\nLocation: ${to}\r\nContent-Length: 0\r\n\r\n`,
  'a status line with a tab': `HTTP/1.1\t302 Found\r\nLocation: ${to}\r\nContent-Length: 0\r\n\r\n`,
  'a status of four digits': `HTTP/1.1 0302 Found\r\nLocation: ${to}\r\nContent-Length: 0\r\n\r\n`,
  'a status with a sign': `HTTP/1.1 +302 Found\r\nLocation: ${to}\r\nContent-Length: 0\r\n\r\n`,
  'a version of ICY': `ICY 302 Found\r\nLocation: ${to}\r\nContent-Length: 0\r\n\r\n`,
  'no version': `302 Found\r\nLocation: ${to}\r\n\r\n`,
  'a version of RTSP': `RTSP/1.0 302 Found\r\nLocation: ${to}\r\nContent-Length: 0\r\n\r\n`,
  'a location in a line that goes on': `HTTP/1.1 302 Found\r\nLocation:\r\n ${to}\r\nContent-Length: 0\r\n\r\n`,
  'a blank before the colon': `HTTP/1.1 302 Found\r\nLocation : ${to}\r\nContent-Length: 0\r\n\r\n`,
  'two locations': `HTTP/1.1 302 Found\r\nLocation: /clip.ts\r\nLocation: ${to}\r\nContent-Length: 0\r\n\r\n`,
  'lines that end by LF': `HTTP/1.1 302 Found\nLocation: ${to}\nContent-Length: 0\n\n`,
  'an answer after the answer': `HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 302 Found\r\nLocation: ${to}\r\n\r\n`,
  'two lengths': `HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 0\r\n\r\nHTTP/1.1 302 Found\r\nLocation: ${to}\r\n\r\n`,
  'chunks and a length': `HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nHTTP/1.1 302 Found\r\nLocation: ${to}\r\n\r\n`,
  'a 100 before it': `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 302 Found\r\nLocation: ${to}\r\nContent-Length: 0\r\n\r\n`,
  'another protocol': `HTTP/1.1 101 Switching Protocols\r\nUpgrade: tcp\r\nConnection: upgrade\r\nLocation: ${to}\r\n\r\n`,
  'a refresh': `HTTP/1.1 200 OK\r\nRefresh: 0; url=${to}\r\nContent-Length: 0\r\n\r\n`,
  'a proxy to use': `HTTP/1.1 305 Use Proxy\r\nLocation: ${to}\r\nContent-Length: 0\r\n\r\n`,
  'a content location': `HTTP/1.1 200 OK\r\nContent-Type: application/vnd.apple.mpegurl\r\nContent-Location: ${to}\r\nContent-Length: 65\r\n\r\n#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nclip.ts\n#EXT-X-ENDLIST`,
  'an alternative service': `HTTP/1.1 200 OK\r\nAlt-Svc: h2="${to}"\r\nContent-Length: 0\r\n\r\n`,
});

/** Manifests of DASH, each with the address in another place. */
const manifests: Record<string, (to: string, at: string) => string> = {
  base: (to) => mpd(`<BaseURL>${to}</BaseURL>${set('')}`),
  'base of a period': (to) => mpd(set('', `<BaseURL>${to}</BaseURL>`)),
  'base of a set': (to) => mpd(set(`<BaseURL>${to}</BaseURL>`)),
  'base of a representation': (to) => mpd(set('', '', `<BaseURL>${to}</BaseURL>`)),
  media: (to) =>
    mpd(set(`<SegmentTemplate media="${to}" initialization="i.mp4" duration="1" startNumber="1"/>`)),
  initialization: (to) =>
    mpd(set(`<SegmentTemplate media="clip.ts" initialization="${to}" duration="1" startNumber="1"/>`)),
  list: (to) => mpd(set(`<SegmentList duration="1"><SegmentURL media="${to}"/></SegmentList>`)),
  'initialization of a list': (to) =>
    mpd(
      set(
        `<SegmentList duration="1"><Initialization sourceURL="${to}"/><SegmentURL media="clip.ts"/></SegmentList>`,
      ),
    ),
  'segment base': (to) => mpd(set('', '', `<BaseURL>${to}</BaseURL><SegmentBase indexRange="0-9"/>`)),
  xlink: (to) =>
    mpd(`<Period xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href="${to}" xlink:actuate="onLoad"/>`),
  location: (to) => mpd(`<Location>${to}</Location>${set('')}`, 'dynamic'),
  'clock of the server': (to) =>
    mpd(`<UTCTiming schemeIdUri="urn:mpeg:dash:utc:http-iso:2014" value="${to}"/>${set('')}`, 'dynamic'),
  entity: (to) => `<!DOCTYPE MPD [<!ENTITY x SYSTEM "${to}">]>${mpd(`<BaseURL>&x;</BaseURL>${set('')}`)}`,
};

function mpd(inside: string, type = 'static'): string {
  return `<?xml version="1.0"?>\n<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="${type}" mediaPresentationDuration="PT2S" profiles="urn:mpeg:dash:profile:isoff-live:2011">${inside}</MPD>`;
}
function set(inSet: string, inPeriod = '', inRepresentation = ''): string {
  return `<Period>${inPeriod}<AdaptationSet mimeType="video/mp4" contentType="video">${inSet}<Representation id="0" bandwidth="1">${inRepresentation}</Representation></AdaptationSet></Period>`;
}

export function httpTricks(port: number): Trick[] {
  const at = `127.0.0.2:${port}`;
  const inside = `http://${at}/clip.ts`;
  const single = (name: string, page: Page): Trick => ({ name, root: 'root.ts', pages: { 'root.ts': page } });
  const rest = [300, 301, 303, 305, 306, 307, 308, 399];
  return [
    ...targets(at).map((to) => single(`HTTP redirect to ${to}`, redirect(to))),
    ...authorities(port).map((to) => single(`HTTP redirect to ${to}`, redirect(`http://${to}/clip.ts`))),
    ...authorities(port).map((to) => ({ name: `HTTP at ${to}`, root: `http://${to}/clip.ts`, pages: {} })),
    ...rest.map((status) => single(`HTTP ${status}`, redirect(inside, status))),
    ...Object.entries(heads(inside)).map(([name, raw]) => single(`HTTP with ${name}`, { raw })),
    {
      name: 'HTTP redirect by redirect',
      root: 'a',
      pages: { a: redirect('b'), b: redirect('c'), c: redirect(inside) },
    },
    { name: 'HTTP redirect without end', root: 'a', pages: { a: redirect('b'), b: redirect('a') } },
  ];
}

export function dashTricks(port: number): Trick[] {
  const at = `127.0.0.2:${port}`;
  const schemes = [`http://${at}/clip.ts`, `tcp://${at}`, `httpproxy://${at}/${at}`, 'file:///etc/passwd'];
  return Object.entries(manifests).flatMap(([name, write]) =>
    schemes.map((to) => ({
      name: `DASH ${name}: ${to}`,
      root: 'root.mpd',
      pages: {
        'root.mpd': { status: 200, headers: { 'content-type': 'application/dash+xml' }, body: write(to, at) },
      },
    })),
  );
}
