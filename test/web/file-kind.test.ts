/** What is refused before it is sent, and what is left to the server. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kindOf, refusalOf } from '../../src/web/register/file-kind.js';

const bytes = (text: string) => Uint8Array.from(Buffer.from(text, 'latin1'));

describe('a file that is surely none is refused', () => {
  it.each([
    ['%PDF-1.7\n%\xe2\xe3', 'a PDF document'],
    ['PK\x03\x04\x14\0', 'a ZIP archive or an office document'],
    ['\x1f\x8b\x08\0', 'a gzip archive'],
    [`${'\0'.repeat(257)}ustar\x0000`, 'a TAR archive'],
    ['\x7fELF\x02\x01', 'a program'],
    ['RIFF\x24\0\0\0WAVEfmt ', 'sound without a picture'],
    // MPEG audio and AAC without a tag before them, AIFF, AMR and MIDI.
    ...['\xff\xfb\x90\x64', '\xff\xf1\x50\x80', 'FORM\0\0\x10\0AIFF', '#!AMR\n', 'MThd\0\0\0\x06'].map(
      (head): [string, string] => [head, 'sound without a picture'],
    ),
    ['name,age\r\nAnna,31\r\n', 'text'],
    ['{"faces": []}', 'text'],
    ['<!DOCTYPE html>\n<title>x</title>', 'a web page'],
    ['<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', 'a drawing (SVG)'],
    ['#EXTM3U\n#EXT-X-VERSION:3\n', 'a playlist; give its address instead'],
    ['\xff\xfeh\0i\0', 'text'],
    [`${'é'.repeat(3)}`.normalize(), null],
  ])('%j is %s', (head, what) => {
    expect(kindOf(bytes(head))).toBe(what);
  });

  it('text is text, also where its first bytes end in the middle of a character', () => {
    expect(kindOf(new TextEncoder().encode('größer').slice(0, 3))).toBe('text');
  });

  it('an empty file is told apart', async () => {
    expect(await refusalOf(new Blob([]))).toBe('This file is empty; choose another.');
    expect(await refusalOf(new Blob(['%PDF-1.4\n']))).toBe(
      'This is a PDF document, not a video or a picture; it was not sent.',
    );
  });
});

describe('what ffmpeg makes is left to the server', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'mien-kinds-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const KINDS = [
    ...[
      'mp4',
      'mov',
      'mkv',
      'webm',
      'avi',
      'ts',
      'mpg',
      'flv',
      'ogv',
      '3gp',
      'mjpeg',
      'y4m',
      'h264',
      'm4v',
      'wmv',
    ],
    ...['jpg', 'png', 'webp', 'bmp', 'gif', 'tiff', 'ppm'],
  ];
  it.each(KINDS)('a %s', (kind) => {
    const path = join(folder, `a.${kind}`);
    const still = ['jpg', 'png', 'webp', 'bmp', 'tiff', 'ppm'].includes(kind) ? ['-frames:v', '1'] : [];
    execFileSync('ffmpeg', [
      '-v',
      'error',
      '-f',
      'lavfi',
      '-i',
      'testsrc=s=176x144:r=25:d=1,format=yuv420p',
      ...still,
      path,
    ]);
    expect(kindOf(Uint8Array.from(readFileSync(path).subarray(0, 4096)))).toBeNull();
  });
});
