/** `mien analyze` of damaged pictures: what can be read of them is scored, and the damage costs a sentence and exit code 2. */
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runHere, type Workplace, workplace } from './harness.ts';

let place: Workplace;
let whole: Buffer;
beforeAll(async () => {
  place = await workplace();
  whole = await readFile(await place.square('whole.jpg'));
});
afterAll(() => place.dispose());

const mien = (...args: string[]) => runHere(['analyze', ...args], place.env);
/** The square is in the upper half of the picture, or a little below. */
const withFace = () => whole.subarray(0, Math.round(whole.length * 0.9));
const withoutFace = () => whole.subarray(0, Math.round(whole.length * 0.3));
const damage = (path: string) =>
  `"${path}" is cut off or damaged: only a part of it could be read; copy it again.`;
const rows = async (path: string): Promise<Record<string, string>[]> =>
  parse(await readFile(path), { columns: true });

test.each([
  ['a face', withFace, { faces: '1', expression: 'HAPPINESS' }, '1 face; HAPPINESS 100%'],
  ['no face', withoutFace, { faces: '0', expression: '' }, 'no face in it'],
])(
  'with %s in what can be read of it, a picture has its row, and its damage is told',
  async (what, cut, row, said) => {
    const input = await place.write(`${what}.jpg`, cut());
    const out = join(place.directory, `${what}.csv`);
    const { code, stderr } = await mien(input, '--format', 'csv', '--out', out);
    expect(code).toBe(2);
    expect(await rows(out)).toMatchObject([row]);
    const [summary, told, ...more] = stderr.trim().split('\n');
    expect(summary).toMatch(new RegExp(`${what}\\.jpg: 1 frame, not to its end; ${said}; `));
    expect([told, ...more]).toEqual([`mien: ${damage(input)}`]);
  },
);

test('of many each that is damaged is told, and tried again by --resume, until it is whole', async () => {
  const inputs = join(place.directory, 'inputs');
  await mkdir(inputs);
  const at = (name: string) => join(inputs, name);
  await place.ffmpeg('-i', join(place.directory, 'whole.jpg'), at('cut.png'));
  const png = await readFile(at('cut.png'));
  await writeFile(at('cut.png'), png.subarray(0, png.length / 2));
  await writeFile(at('face.jpg'), withFace());
  await writeFile(at('empty.jpg'), '');
  await writeFile(at('text.jpg'), 'this is no picture\n');
  await cp(join(place.directory, 'whole.jpg'), at('whole.jpg'));
  const out = join(place.directory, 'results');
  const expected = [
    {
      input: at('cut.png'),
      output: '',
      error: expect.stringMatching(/cut\.png" is a picture that is cut off, damaged or of a kind/),
    },
    { input: at('empty.jpg'), output: '', error: expect.stringMatching(/empty\.jpg" is empty; /) },
    { input: at('face.jpg'), output: 'face.jpg.jsonl', error: damage(at('face.jpg')), faces: '1' },
    {
      input: at('text.jpg'),
      output: '',
      error: expect.stringMatching(/text\.jpg" is named like a picture, and is none that mien reads/),
    },
    { input: at('whole.jpg'), output: 'whole.jpg.jsonl', error: '', faces: '1' },
  ];
  for (const kept of ['0 of 5', '1 of 5']) {
    const { code, stderr } = await mien(inputs, '--out-dir', out, '--resume');
    expect(code).toBe(2);
    expect(stderr).toContain(`${kept} are there already, and are kept.`);
    expect(stderr).toContain('5 inputs, of which 4 failed');
    expect(await rows(join(out, 'summary.csv'))).toMatchObject(expected);
  }
  await writeFile(at('face.jpg'), whole);
  await mien(inputs, '--out-dir', out, '--resume');
  expect((await rows(join(out, 'summary.csv')))[2]).toMatchObject({ error: '', faces: '1' });
});
