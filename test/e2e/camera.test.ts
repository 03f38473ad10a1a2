/** A camera, through the whole server. */
import { spawn } from 'node:child_process';
import { expect, it } from 'vitest';
import { counting, ffmpeg, hasNetworkFfmpeg, MPEG4 } from '../ingest/media.ts';
import { rtsp } from '../ingest/servers.ts';
import { openPlace } from './place.ts';

it.skipIf(!hasNetworkFfmpeg)(
  'a camera is connected to once from its registration to its moments',
  async () => {
    const camera = await rtsp();
    const place = await openPlace((media) => media.make(`${counting({ seconds: 2 })} ${MPEG4} clip.mp4`), {
      MIEN_ALLOW_PRIVATE_SOURCES: 'true',
    });
    const address = `rtsp://127.0.0.1:${camera.port}/live`;
    const args = `-v error -re -stream_loop -1 -i clip.mp4 -c copy -f rtsp -rtsp_transport tcp ${address}`;
    const publisher = spawn(ffmpeg.path, args.split(' '), { cwd: place.media.path, stdio: 'ignore' });
    try {
      while (!camera.seen.includes('RECORD')) await new Promise((resolve) => setTimeout(resolve, 20));
      const { registerStream: stream } = await place.server.query<{ registerStream: { id: string } }>(
        `mutation { registerStream(input: { name: "door", source: { url: "${address}" }, purpose: RESEARCH }) { id } }`,
      );
      const client = place.server.socket();
      const moments = client.iterate<{ frameEmotions: { seq: number } }>({
        query: `subscription { frameEmotions(streamId: "${stream.id}") { seq } }`,
      });
      for (let taken = 0; taken < 3; taken++) await moments.next();
      expect(camera.seen.filter((method) => method === 'PLAY')).toHaveLength(1);
      await client.dispose();
    } finally {
      publisher.kill('SIGKILL');
      await place.close();
      await camera.close();
    }
  },
);
