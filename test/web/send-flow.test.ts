/** How a camera is sent where the way is slow, and what is said where a browser gives none. */
import { describe, expect, it } from 'vitest';
import { cameraProblem, recordingFormat, whyNoCamera } from '../../src/web/camera/camera-access.js';
import { FULL_DETAIL, SendFlow } from '../../src/web/camera/send-flow.js';

/** Bytes that so many seconds of video take. */
const seconds = (many: number, bitsPerSecond: number) => (many * bitsPerSecond) / 8;

describe('what waits to be sent', () => {
  it('goes on while little waits', () => {
    const flow = new SendFlow();
    for (const waiting of [0, 1000, seconds(1.4, FULL_DETAIL)]) expect(flow.judge(waiting)).toBe('go on');
    expect([flow.isPaused, flow.pauses]).toEqual([false, 0]);
  });

  it('pauses the camera once, until it has left, then has less detail', () => {
    const flow = new SendFlow();
    expect(flow.judge(seconds(2, FULL_DETAIL))).toBe('pause');
    expect(flow.judge(seconds(2, FULL_DETAIL))).toBe('go on');
    expect(flow.judge(seconds(0.3, FULL_DETAIL))).toBe('go on');
    expect(flow.isPaused).toBe(true);
    expect(flow.judge(seconds(0.1, FULL_DETAIL))).toBe('less detail');
    expect([flow.isPaused, flow.pauses, flow.bitsPerSecond]).toEqual([false, 1, FULL_DETAIL / 2]);
  });

  it('has no less detail than shows a face: then it only pauses', () => {
    const flow = new SendFlow();
    const answers = Array.from({ length: 5 }, () => [flow.judge(10 ** 7), flow.judge(0)]);
    expect(answers.map(([, answer]) => answer)).toEqual([
      ...['less detail', 'less detail', 'less detail', 'resume', 'resume'],
    ]);
    expect(flow.bitsPerSecond).toBe(150_000);
  });
});

describe('a connection that is dead, though nobody has said so', () => {
  const much = seconds(2, FULL_DETAIL);
  it('is told from a slow one by that nothing leaves at all', () => {
    const flow = new SendFlow();
    expect(flow.judge(much, 0)).toBe('pause');
    expect(flow.judge(much, 7999)).toBe('go on');
    expect(flow.judge(much - 1, 8000)).toBe('go on');
    expect(flow.judge(much - 1, 15_999)).toBe('go on');
    expect(flow.judge(much - 1, 16_000)).toBe('dead');
  });

  it('is left for one in which nothing waits: the camera is not paused there', () => {
    const flow = new SendFlow();
    flow.judge(much, 0);
    flow.beginAnew();
    expect(flow.judge(0, 9000)).toBe('go on');
    expect(flow.bitsPerSecond).toBe(FULL_DETAIL);
  });
});

describe('a browser that gives no camera', () => {
  const able = {
    isSecureContext: true,
    navigator: { mediaDevices: { getUserMedia() {} } },
    MediaRecorder: { isTypeSupported: (type: string) => type === 'video/mp4' },
  };
  it('is none where it can all', () => {
    expect(whyNoCamera(able, 'mien.example')).toBeNull();
    expect(recordingFormat(able.MediaRecorder)).toBe('video/mp4');
  });

  it.each([
    [{ ...able, isSecureContext: false, navigator: {} }, /mien\.example over plain http: open it over https/],
    [{ ...able, navigator: {} }, /gives no camera to pages.*Use a current/],
    [{ ...able, MediaRecorder: undefined }, /MediaRecorder.*Use a current/],
    [{ ...able, MediaRecorder: { isTypeSupported: () => false } }, /MediaRecorder.*Use a current/],
  ])('says what to do instead (%#)', (browser, sentence) => {
    expect(whyNoCamera(browser, 'mien.example')).toMatch(sentence);
  });

  it('says why it refused, in words of its own where it knows them', () => {
    expect(cameraProblem(new DOMException('x', 'NotFoundError'))).toMatch(/no camera.*Connect one/);
    expect(cameraProblem(new DOMException('x', 'NotReadableError'))).toMatch(/used by another program/);
    expect(cameraProblem(new TypeError('odd'))).toBe('The camera could not be turned on: odd.');
  });
});
