/** `mien analyze` of more names than a person types: on the command line, and by a list. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run, runHere, type Workplace, workplace } from './harness.ts';

const NAMES = 5_000;

let place: Workplace;
let picture: string;
beforeAll(async () => {
  place = await workplace();
  picture = await place.square('a picture.png');
});
afterAll(() => place.dispose());

const mien = (args: string[], input?: string) => run(['analyze', ...args], place.env, input);
const here = (args: string[], input?: string) => runHere(['analyze', ...args], place.env, input);

describe('5,000 names', () => {
  // To say of a file that it is not there starts no ffmpeg; what a long command line does to onnxruntime it does all the same.
  const missing = Array.from({ length: NAMES - 1 }, (_, index) => `missing-picture-${index}.png`);
  const check = ({ code, signal, stdout, stderr }: Awaited<ReturnType<typeof mien>>) => {
    expect({ code, signal }).toEqual({ code: 2, signal: null });
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).input),
    ).toEqual([picture]);
    const [summary, ...failures] = stderr.trim().split('\n');
    expect(summary).toMatch(/picture\.png: 1 frame in [\d.]+ s; 1 face/);
    expect(failures).toHaveLength(missing.length);
    expect(failures.at(-1)).toContain(missing.at(-1));
  };

  it('5,000 names are taken on the command line', async () => {
    check(await mien([picture, ...missing]));
  });

  it('5,000 names are taken from a list', async () => {
    const list = await place.write('list.txt', [picture, ...missing].join('\n'));
    check(await mien(['--files-from', list]));
  });
});

describe('--files-from', () => {
  it('--files-from reads stdin, leaves blank lines out, and comes after what is named', async () => {
    const second = await place.square(' second.png');
    const { code, stdout } = await here([picture, '--files-from', '-'], `\r\n${second}\r\n\n  \n${picture}`);
    expect(code).toBe(0);
    const inputs = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).input);
    expect(inputs).toEqual([picture, second, picture]);
  });

  it('--files-from says what is wrong with a list', async () => {
    const missing = join(place.directory, 'no-list.txt');
    expect(await here(['--files-from', missing])).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^mien: The list .*no-list\.txt cannot be read: ENOENT[^\n]*\n$/),
    });
    expect(await here([picture, '--files-from', place.directory])).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^mien: The list .* cannot be read: EISDIR[^\n]*\n$/),
    });
    expect(await here(['--files-from', '-'], '\n \n')).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^mien: stdin names no input: give [^\n]*\n$/),
    });
  });
});
