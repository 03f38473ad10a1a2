/** Registers what the tricks lead to, and watches whether anybody inside is reached. */
import { readFile } from 'node:fs/promises';
import { expect } from 'vitest';
import { MienError } from '../../src/errors.ts';
import { ingestAt, never, url } from '../ingest/harness.ts';
import { counting, type MediaDir, mediaDir } from '../ingest/media.ts';
import { type RtmpServer, rtmpServer } from '../ingest/rtmp-server.ts';
import { type Attacker, attackByRtsp, attackByWeb } from './attacker.ts';
import { type Canary, openCanary } from './canary.ts';
import { attackersLookup } from './hosts.ts';
import { mixtures } from './mixtures.ts';
import { playlistTricks } from './playlists.ts';
import { dashTricks, httpTricks } from './redirects.ts';
import { type RtmpTrick, rtmpTricks } from './rtmp-tricks.ts';
import { type RtspTrick, rtspTricks } from './rtsp-tricks.ts';
import type { Trick } from './trick.ts';

/** How many at a time. */
const SIDE_BY_SIDE = 4;
/** The picture of the public clip; that inside has another. */
const PUBLIC_WIDTH = 160;

export type AnyTrick = Trick | RtspTrick | RtmpTrick;

export interface Attack {
  web: Trick[];
  rtsp: RtspTrick[];
  rtmp: RtmpTrick[];
  /** What is found at one of the pages that are no trick. */
  widthOf(page: string): Promise<number>;
  /** Tries these, and fails where one got through. */
  attempt(tricks: AnyTrick[]): Promise<void>;
  /** Whoever came to the canary since the last call. */
  canary: Canary;
  close(): Promise<void>;
}

export async function openAttack(): Promise<Attack> {
  const media = await mediaDir();
  await media.make(`${counting({ seconds: 2, size: '160x90' })} -c:v mpeg2video -g 15 -f mpegts clip.ts`);
  await media.make(`${counting({ seconds: 2, size: '160x90' })} -c:v flv1 -g 15 clip.flv`);
  await media.make(`${counting({ seconds: 2, size: '64x64' })} -c:v mpeg2video -g 15 -f mpegts inside.ts`);
  const canary = await openCanary(await readFile(media.at('inside.ts')));
  const web = [
    ...playlistTricks(canary.port),
    ...mixtures(canary.port),
    ...httpTricks(canary.port),
    ...dashTricks(canary.port),
  ];
  const rtsp = rtspTricks(canary.port);
  const rtmp = rtmpTricks(canary.port);
  const servers = await openAttackers(media, web, rtsp);
  const flv = await readFile(media.at('clip.flv'));
  const rtmpServers: RtmpServer[] = [];
  for (const { rtmp: answers } of rtmp) rtmpServers.push(await rtmpServer(flv, answers));
  const ingest = ingestAt(media.path, {
    allowPrivateSources: ['127.0.0.1/32'],
    lookup: attackersLookup(),
    connectSeconds: 5,
    // What our proxy passes on has to be enough: not every system has more.
    confine: false,
  });

  function addressOf(trick: AnyTrick): string {
    if ('rtmp' in trick) return `rtmp://ann:pw@127.0.0.1:${rtmpServers[rtmp.indexOf(trick)]!.port}/app/key`;
    if ('answers' in trick) return `rtsp://127.0.0.1:${servers.rtsp.port}/${rtsp.indexOf(trick)}`;
    return whole(trick.root, `http://public.test:${servers.web.port}/${web.indexOf(trick)}/`);
  }

  async function attemptOne(trick: AnyTrick): Promise<string[]> {
    const address = addressOf(trick);
    const found = await ingest.probe(url(address), never).catch((error: unknown) => {
      if (error instanceof MienError) return null;
      throw error;
    });
    return found && found.width !== PUBLIC_WIDTH ? [`${trick.name} showed a picture`] : [];
  }

  async function attempt(tricks: AnyTrick[]): Promise<void> {
    const through: string[] = [];
    for (let next = 0; next < tricks.length; next += SIDE_BY_SIDE) {
      const batch = tricks.slice(next, next + SIDE_BY_SIDE);
      through.push(...(await Promise.all(batch.map(attemptOne))).flat());
      const knocks = canary.knocks();
      if (knocks.length > 0)
        through.push(`${knocks.join(', ')} by one of:\n  ${batch.map(({ name }) => name).join('\n  ')}`);
    }
    expect(through.join('\n')).toBe('');
  }

  return {
    web,
    rtsp,
    rtmp,
    widthOf: async (page) =>
      (await ingest.probe(url(`http://public.test:${servers.web.port}/0/${page}`), never)).width,
    attempt,
    canary,
    async close() {
      await ingest.close();
      for (const server of rtmpServers) server.close();
      await Promise.all([canary.close(), servers.web.close(), servers.rtsp.close(), media.remove()]);
    },
  };
}

async function openAttackers(
  media: MediaDir,
  web: Trick[],
  rtsp: RtspTrick[],
): Promise<Record<'web' | 'rtsp', Attacker>> {
  const vod = '#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nclip.ts\n#EXT-X-ENDLIST\n';
  const shared = { 'clip.ts': await readFile(media.at('clip.ts')), 'vod.m3u8': vod };
  return { web: await attackByWeb(web, shared), rtsp: await attackByRtsp(rtsp) };
}

/** What is registered; an address that is none is registered as it is. */
function whole(root: string, base: string): string {
  return root.includes('://') ? root : base + root;
}
