import { expect, it } from 'vitest';
import { createTrack, resizeTrack } from '../../src/vision/tracking/track.ts';

it('a track whose pictures are resized lies where the face is in the new ones, and asks for a detection', () => {
  const box = { x1: 10, y1: 20, x2: 30, y2: 60 };
  const landmarks5 = Float64Array.of(12, 24, 28, 24, 20, 40, 14, 50, 26, 50);
  const track = createTrack({ box, landmarks5, score: 0.9 }, 1.5);
  track.velocity = { x: 4, y: -6 };
  track.fastMoving = true;
  track.toCrop = { a: 1, b: 0, x: 0, y: 0 } as never;
  resizeTrack(track, 2, 0.5);
  const resized = { x1: 20, y1: 10, x2: 60, y2: 30 };
  expect(track).toMatchObject({
    box: resized,
    velocity: { x: 8, y: -3 },
    lastDetection: { box: resized, time: 1.5 },
    ...{ toCrop: null, reference: null, fastMoving: false },
  });
  expect([...track.landmarks5]).toEqual([24, 12, 56, 12, 40, 20, 28, 25, 52, 25]);
});
