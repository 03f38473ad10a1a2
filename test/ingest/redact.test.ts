/** What is shown and logged. */
import { expect, test } from 'vitest';
import { createRedactor, redactLine, redactUrl } from '../../src/ingest/ffmpeg/redact.ts';

test('what is shown and logged of a URL holds neither logins nor tokens', () => {
  expect(redactUrl('rtsp://me:pw@cam.example:8554/a/b?token=x#y')).toBe('rtsp://cam.example:8554/a/b?…');
  const line = "Opening 'https://me:pw@host/a.ts?sig=secret' for reading, then http://u:p@w@x/y";
  expect(redactLine(line)).toBe("Opening 'https://host/a.ts?…' for reading, then http://x/y");
});

test.each([
  `"https://me:p'w"d@host/a", next`,
  `'rtsp://a"b'c@host:554/x': Connection refused`,
  'see https://host/a?sig=\'"x"\'y, and rtmp://u:p@h/k#token',
  'tcp://a:b@1.2.3.4:80?u=http://c:d@host/e',
])('a logged line holds no secrets of any URL, whatever characters they are made of: %s', (line) => {
  const shown = redactLine(line);
  for (const secret of ['me', "p'w", 'a"b', "b'c", 'sig', 'x"', 'u:p', 'token', 'a:b', 'c:d']) {
    expect(shown).not.toContain(secret);
  }
});

test("a logged line holds no secret of the source's own URL, however it is spelled, within a URL or without", () => {
  const redact = createRedactor(new URL(`rtsp://admin:it's "so" 100%25@cam/x?token=a%20b%20c%20d%20e`));
  const password = `it's "so" 100%`;
  const lines = [
    `method DESCRIBE failed for ${password}`,
    `'rtsp://admin:${password}@cam/x'`,
    `it's%20%22so%22%20100%25`,
    'token a b c d e',
    'query a%20b%20c%20d%20e',
  ];
  for (const line of lines) expect(redact(line), line).not.toMatch(/so|a b c|20b/);
  expect(redact('rtsp://cam/x: Connection refused')).toBe('rtsp://cam/x: Connection refused');
});

test.each(['?t', '?1', '?a=1'])('a short query, %s, leaves the rest of a line as it is', (query) => {
  const redact = createRedactor(new URL(`http://h/live.m3u8${query}`));
  expect(redact('HTTP error 401, not there')).toBe('HTTP error 401, not there');
});

// One that is quadratic takes 4 s for a line of 64 kB; ffmpeg may write many.
test.each(['a', 'a:', '://', 'http://', 'http://a@', '?', ' ', `'`])(
  'redacting takes time in proportion to the length of a line: a run of "%s"',
  (text) => {
    const line = `x ${text.repeat(400_000 / text.length)}`;
    const began = performance.now();
    redactLine(line);
    expect(performance.now() - began).toBeLessThan(1000);
  },
);
