/** A few of the tricks of each kind; `npm run test:attack` tries them all. */
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Attack, openAttack } from '../attack/attempt.ts';
import { INSIDE } from '../attack/canary.ts';
import { hasNetworkFfmpeg } from './media.ts';

/** Each of these, and some more by chance of the order, once led inside. */
const ONCE_THROUGH = [
  ...[
    /^HLS (key|map|variant|rendition): (httpproxy|tcp):/,
    /^RTSP DESCRIBE answered "RTSP\/(1\.0 {2}|1\.0\\t|1 |10\.0 )/,
  ],
  ...[
    /^RTSP DESCRIBE answered "RTSP\/(1\.0 0302|1\.0 \+302| 302)/,
    /^HTTP redirect to (file|tcp|httpproxy):/,
  ],
];

let attack: Attack;
beforeAll(async () => {
  attack = await openAttack();
});
afterAll(() => attack.close());

describe.skipIf(!hasNetworkFfmpeg)('an address that leads inside', () => {
  test('would be seen there, and what is public is read', async () => {
    await new Promise((resolve) => connect(attack.canary.port, INSIDE).on('connect', resolve));
    await expect.poll(() => attack.canary.knocks()).toEqual(['TCP']);
    for (const page of ['clip.ts', 'vod.m3u8']) expect(await attack.widthOf(page)).toBe(160);
  });

  test('reaches nothing there', async () => {
    const all = [...attack.web, ...attack.rtsp];
    const chosen = all.filter(({ name }, i) => i % 40 === 0 || ONCE_THROUGH.some((form) => form.test(name)));
    expect(chosen.length).toBeGreaterThanOrEqual(30);
    await attack.attempt(chosen);
  });
});
