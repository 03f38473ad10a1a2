/** With which settings a session begins, and which of its states are which. */
import { expect, it } from 'vitest';
import { OWN_CLOCK } from '../../src/domain/record-clock.ts';
import {
  isLive,
  LASTING_STATES,
  mayBeLive,
  SESSION_STATES,
  sessionSettings,
} from '../../src/domain/stream.ts';
import { STREAM_RECORD } from '../helpers/streams.ts';

it('a session keeps the settings that its stream had when it began', () => {
  const settings = { frameRate: 5, timing: 'EVEN', loop: true, detectSize: 'LARGE', smoothing: 0 } as const;
  expect(sessionSettings({ ...STREAM_RECORD, ...settings, preview: true })).toEqual(settings);
  const { timing: _, ...old } = STREAM_RECORD;
  expect(sessionSettings(old).timing).toBeNull();
});

it('more may come of a session that starts, runs or reconnects; one that was interrupted starts again, others do not', () => {
  expect(SESSION_STATES.filter((state) => isLive({ state }))).toEqual([
    'STARTING',
    'RUNNING',
    'RECONNECTING',
  ]);
  expect(SESSION_STATES.filter((state) => LASTING_STATES.includes(state))).toEqual(['ENDED', 'FAILED']);
  expect(SESSION_STATES.filter((state) => !isLive({ state }))).toEqual(['ENDED', 'FAILED', 'INTERRUPTED']);
});

it('addresses, cameras and what is sent may be live, files and uploads are not', () => {
  const types = ['url', 'device', 'push', 'file', 'upload'] as const;
  expect(types.map((type) => mayBeLive({ type } as never))).toEqual([true, true, true, false, false]);
});

it('a machine that has its database alone tells the time by its own clock, in whole milliseconds', () => {
  const [before, now, after] = [Date.now(), OWN_CLOCK.now(), Date.now()];
  expect(now).toBeGreaterThanOrEqual(before);
  expect(now).toBeLessThanOrEqual(after);
  expect(OWN_CLOCK.isShared).toBe(false);
});
