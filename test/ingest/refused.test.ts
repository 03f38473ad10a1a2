import { copyFile, mkdir, symlink, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { file, ingestAt, never, open, refusal } from './harness.ts';
import { counting, type MediaDir, MPEG4, mediaDir } from './media.ts';

let media: MediaDir;
let ingest: ReturnType<typeof ingestAt>;

beforeAll(async () => {
  media = await mediaDir();
  ingest = ingestAt(media.path);
  await media.make(`${counting({ seconds: 0.5 })} ${MPEG4} clip.mp4
    -frames:v 1 -c:v mjpeg -f image2 -update 1 frame1.jpg`);
});
afterAll(async () => {
  await ingest.close();
  await media.remove();
});

/** Of whoever probes a file, and of whoever opens it: they are told the same. */
async function refused(name: string) {
  const probed = await refusal(ingest.probe(file(name), never));
  expect(await refusal(open(ingest, file(name)))).toEqual(probed);
  return probed;
}
const playlist = (uri: string) => `#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n${uri}\n#EXT-X-ENDLIST\n`;

test.each([
  ['text.mp4', 'To be, or not to be, that is the question', 'not a video'],
  ['noise.dat', Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * i * 31 + i * 7) % 251)), ''],
  ['script.mp4', 'ffconcat version 1.0\nfile clip.mp4\n', 'playlist'],
  ['list.mp4', playlist('clip.mp4'), 'playlist'],
  ['list.m3u8', playlist('file:clip.mp4'), 'playlist'],
  [
    'session.sdp',
    'v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 9 RTP/AVP 26\n',
    '',
  ],
  [
    'notes.txt',
    `${'To be, or not to be, that is the question. '.repeat(60)}`,
    'is text, not a video or picture',
  ],
  ['words.srt', '1\n00:00:01,000 --> 00:00:02,000\nTo be\n', 'is text, not a video or picture'],
  ['empty.mp4', '', 'is empty'],
])('%s is not video', async (name, content, says) => {
  await writeFile(media.at(name), content);
  const { code, message } = await refused(name);
  expect(code).toBe('SOURCE_NOT_VIDEO');
  expect(message).toContain(says);
});

test('sound alone is not video, with a cover or without', async () => {
  await media.make('-f lavfi -i sine=d=1 sound.mkv');
  await media.make('-i sound.mkv -i frame1.jpg -map 0 -map 1 -c:v copy -disposition:v attached_pic song.mp4');
  for (const name of ['sound.mkv', 'song.mp4']) {
    const { code, message } = await refused(name);
    expect(code).toBe('SOURCE_NOT_VIDEO');
    expect(message).toContain('no video track');
  }
  await media.make('-f lavfi -i sine=d=1 -f wav voice.mp4');
  expect((await refused('voice.mp4')).message).toContain('is sound, not a video or picture');
});

test('a directory is not video, and what is not there is unreachable', async () => {
  await mkdir(media.at('folder'));
  expect(await refused('folder')).toMatchObject({ code: 'SOURCE_NOT_VIDEO' });
  expect(await refused('none.mp4')).toMatchObject({ code: 'SOURCE_UNREACHABLE' });
});

test('a media directory that is not there is told of', async () => {
  const { code, message } = await refusal(ingestAt(media.at('nowhere')).probe(file('clip.mp4'), never));
  expect(code).toBe('SOURCE_UNREACHABLE');
  expect(message).toContain('MIEN_MEDIA_DIR');
});

test('what lies outside the media directory is refused, however it is named', async () => {
  await mkdir(media.at('inner'));
  await copyFile(media.at('clip.mp4'), media.at('inner/clip.mp4'));
  await symlink(media.at('clip.mp4'), media.at('inner/link.mp4'));
  await symlink('..', media.at('inner/up'));
  const inner = ingestAt(media.at('inner'));
  const outside = [
    '..',
    '../',
    'sub/../..',
    '../clip.mp4',
    media.at('clip.mp4'),
    'link.mp4',
    'up/clip.mp4',
    '/etc/passwd',
    '../none',
    'a\0b',
  ];
  for (const path of outside) {
    expect(await refusal(inner.probe(file(path), never)), path).toMatchObject({ code: 'SOURCE_REFUSED' });
  }
  for (const path of ['./clip.mp4', media.at('inner/clip.mp4')]) {
    expect(await inner.probe(file(path), never), path).toMatchObject({ width: 320 });
  }
  expect(await ingestAt('/').probe(file(media.at('clip.mp4')), never)).toMatchObject({ width: 320 });
});

test('an upload is named by its token alone', async () => {
  for (const token of ['../clip.mp4', '', '.', '..', 'a/b', '/etc/passwd']) {
    const { code } = await refusal(ingest.probe({ type: 'upload', token }, never));
    expect(code, token).toBe('BAD_INPUT');
  }
});

test('a name that looks like a series of pictures is not read as one', async () => {
  await writeFile(media.at('frame%d.jpg'), 'no picture');
  expect(await refused('frame%d.jpg')).toMatchObject({ code: 'SOURCE_NOT_VIDEO' });
});

test.each([
  'file:///etc/passwd',
  'concat:a|b',
  'ftp://host/a',
  'data:video/mp4,',
  'http://',
  'x',
  'udp://1.2.3.4:5',
])('the URL %s is bad input', async (url) => {
  expect(await refusal(ingest.probe({ type: 'url', url }, never))).toMatchObject({ code: 'BAD_INPUT' });
});

test('a device is a camera', async () => {
  for (const device of [
    'lab-1:/dev/sda',
    'a:b:/dev/video0',
    ':/dev/video0',
    '/dev/sda',
    '/dev/video0;x',
    '../dev/video0',
    '/dev/videos',
  ]) {
    expect(await refusal(ingest.probe({ type: 'device', device }, never))).toMatchObject({
      code: 'BAD_INPUT',
    });
  }
  const missing = ingest.probe({ type: 'device', device: '/dev/video97' }, never);
  expect(await refusal(missing)).toMatchObject({ code: 'SOURCE_UNREACHABLE' });
});

test('an ffmpeg that is not one is named', async () => {
  const { code, message } = await refusal(
    ingestAt(media.path, { ffmpegPath: '/bin/false' }).probe(file('clip.mp4'), never),
  );
  expect(code).toBe('FFMPEG_MISSING');
  expect(message).toContain('/bin/false');
});
