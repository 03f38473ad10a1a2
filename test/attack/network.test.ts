/** All tricks by which a registered address could lead inside: nobody may come there, and no picture may come out. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasNetworkFfmpeg } from '../ingest/media.ts';
import { type Attack, openAttack } from './attempt.ts';

let attack: Attack;
beforeAll(async () => {
  attack = await openAttack();
});
afterAll(() => attack.close());

describe.skipIf(!hasNetworkFfmpeg)('nothing inside is reached', () => {
  it.each(['HLS', 'HTTP', 'DASH', 'RTSP', 'RTMP'])('by %s', async (kind) => {
    const tricks = [...attack.web, ...attack.rtsp, ...attack.rtmp].filter(({ name }) =>
      name.startsWith(`${kind} `),
    );
    console.info(`${kind}: ${tricks.length} tricks`);
    expect(tricks.length).toBeGreaterThanOrEqual(kind === 'RTSP' || kind === 'RTMP' ? 40 : 50);
    await attack.attempt(tricks);
  });
});
