/** Sources through the whole server: how large the frames are in which boxes are given, and a camera. */
import { spawn } from 'node:child_process';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { counting, ffmpeg, hasNetworkFfmpeg, type MediaDir, MPEG4, rotate90 } from '../ingest/media.ts';
import { rtsp } from '../ingest/servers.ts';
import { ended, openPlace, type Place } from './place.ts';
import type { Server } from './server.ts';

interface Session {
  id: string;
  state: string;
  frameWidth: number | null;
  frameHeight: number | null;
}
const FIELDS = 'id state frameWidth frameHeight';

let place: Place;
let media: MediaDir;
let server: Server;
beforeAll(async () => {
  place = await openPlace(fill, { MIEN_ALLOW_PRIVATE_SOURCES: 'true' });
  ({ media, server } = place);
});
afterAll(() => place?.close());

async function fill(media: MediaDir): Promise<void> {
  await media.make(`${counting({ seconds: 1 })} ${MPEG4} level.mp4`);
  await rotate90(media.at('level.mp4'), media.at('turned.mp4'));
  await media.make(
    `${counting({ seconds: 1, size: '642x362' })} -vf format=gray,crop=321:181 -c:v ffv1 odd.mkv`,
  );
  await media.make(`${counting({ seconds: 1, size: '360x288' })} -vf setsar=16/11 ${MPEG4} wide.mkv`);
  await media.make(`${counting({ rate: 5, seconds: 1, size: '1000x2000' })} ${MPEG4} large.mp4`);
}

it.each([
  ['level.mp4', 320, 180],
  ['turned.mp4', 180, 320],
  ['odd.mkv', 321, 181],
  ['wide.mkv', 360, 198],
  ['large.mp4', 320, 640],
])('of %s it is %i by %i pixels', async (file, frameWidth, frameHeight) => {
  const { registerStream } = await server.query<{
    registerStream: { stream: { latestSession: { id: string } } };
  }>(
    `mutation { registerStream(input: { name: "${file}", source: { file: "${file}" }, purpose: RESEARCH }) { stream {
      latestSession { id } } } }`,
  );
  expect(await ended(() => sessionOf(registerStream.stream.latestSession.id))).toMatchObject({
    state: 'ENDED',
    frameWidth,
    frameHeight,
  });
});

it('the size of frames is known, while a session runs, to whoever has seen a moment of it', async () => {
  const client = server.socket();
  const seen = client.iterate<{ frameEmotions: { sessionId: string } }>({
    query: 'subscription { frameEmotions { sessionId } }',
  });
  const { sessionId } = (await seen.next()).value.data.frameEmotions;
  expect(await sessionOf(sessionId)).toEqual({
    ...{ id: sessionId, state: 'RUNNING' },
    ...{ frameWidth: 640, frameHeight: 360 },
  });
  await client.dispose();
});

it.skipIf(!hasNetworkFfmpeg)(
  'a camera is connected to once from its registration to its moments',
  async () => {
    const camera = await rtsp();
    const address = `rtsp://127.0.0.1:${camera.port}/live`;
    const args = `-v error -re -stream_loop -1 -i level.mp4 -c copy -f rtsp -rtsp_transport tcp ${address}`;
    const publisher = spawn(ffmpeg.path, args.split(' '), { cwd: media.path, stdio: 'ignore' });
    try {
      while (!camera.seen.includes('RECORD')) await new Promise((resolve) => setTimeout(resolve, 20));
      const {
        registerStream: { stream },
      } = await server.query<{ registerStream: { stream: { id: string } } }>(
        `mutation { registerStream(input: { name: "door", source: { url: "${address}" }, purpose: RESEARCH }) { stream { id } } }`,
      );
      const client = server.socket();
      const moments = client.iterate<{ frameEmotions: { seq: number } }>({
        query: `subscription { frameEmotions(streamId: "${stream.id}") { seq } }`,
      });
      for (let taken = 0; taken < 3; taken++) await moments.next();
      expect(camera.seen.filter((method) => method === 'PLAY')).toHaveLength(1);
      await client.dispose();
    } finally {
      publisher.kill('SIGKILL');
      await camera.close();
    }
  },
);

async function sessionOf(id: string): Promise<Session> {
  return (await server.query<{ session: Session }>(`{ session(id: "${id}") { ${FIELDS} } }`)).session;
}
