/** The rows of `mien analyze`, and how they are written. */
import { describe, expect, it } from 'vitest';
import type { FaceReading } from '../../src/domain/face.ts';
import { quantise } from '../../src/domain/quantise.ts';
import { readingTable } from '../../src/tables/reading-table.ts';
import { assertRowOptions, type RowOptions, rowFormat } from '../../src/tables/row-format.ts';
import { rowsOf } from '../../src/tables/rows.ts';
import { makeMoment } from '../helpers/moments.ts';

const SIZE = { width: 640, height: 360 };
const UNITS = Array.from({ length: 12 }, (_, i) => `AU${i}`);
const CSV: RowOptions = { format: 'csv', bom: false, escapeFormulas: true };
const JSONL: RowOptions = { ...CSV, format: 'jsonl' };

/** What is written of frames with so many faces each. */
function written(options: RowOptions, faces: readonly number[], input = 'clip.mp4'): string {
  const format = rowFormat(options, UNITS);
  const moments = faces.map((count, seq) => makeMoment('session', seq, { faces: count }));
  const rows = moments.flatMap((moment) => rowsOf(input, moment, 0.1, SIZE, UNITS));
  return format.head + rows.map(format.text).join('');
}

/** Rows of a table whose cells need no quotes, by column. */
function table(text: string): Record<string, string>[] {
  const [head, ...rows] = text.trimEnd().split('\n');
  const names = head!.split(',');
  return rows.map((row) => Object.fromEntries(row.split(',').map((cell, i) => [names[i], cell])));
}

describe('a frame without a face has a row', () => {
  it('each scored frame has a row in JSON lines; one without a face tells so, with the keys of the others', () => {
    const rows = written(JSONL, [0, 2])
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const frame = { input: 'clip.mp4', duration: 0.1, cut: false, frameWidth: 640, frameHeight: 360 };
    expect(rows).toMatchObject([
      { ...frame, seq: 0, mediaTime: 0, faces: 0, track: null, box: null, expression: null, quality: null },
      { ...frame, seq: 1, mediaTime: 0.1, faces: 2, track: 1 },
      { ...frame, seq: 1, mediaTime: 0.1, faces: 2, track: 2 },
    ]);
    expect(Object.keys(rows[0])).toEqual(Object.keys(rows[1]));
    expect(Object.keys(rows[0]).slice(0, 9).join()).toBe(
      'input,seq,mediaTime,duration,cut,faces,frameWidth,frameHeight,track',
    );
  });

  it('each scored frame has a row in CSV; the columns of the face are empty where there is none', () => {
    const [empty, first, second, ...more] = table(written(CSV, [0, 2]));
    const frame = {
      ...{ input: 'clip.mp4', duration: '0.1', cut: 'false' },
      ...{ frameWidth: '640', frameHeight: '360' },
    };
    expect(empty).toMatchObject({ ...frame, seq: '0', mediaTime: '0', faces: '0' });
    expect([first, second]).toMatchObject([
      { ...frame, seq: '1', faces: '2', track: '1' },
      { ...frame, seq: '1', faces: '2', track: '2' },
    ]);
    expect(more).toEqual([]);
    const ofFace = Object.keys(empty!).slice(Object.keys(empty!).indexOf('faces') + 1);
    expect(ofFace).toHaveLength(1 + 4 + 2 + 8 + 8 + 3 + 3 + 12 + 2 + 136);
    expect(ofFace.filter((name) => empty![name] !== '')).toEqual([]);
    // An abstention has no expression, and few faces have an issue.
    const mayBeEmpty = ['expression', 'quality.issues'];
    expect(ofFace.filter((name) => first![name] === '' && !mayBeEmpty.includes(name))).toEqual([]);
  });
});

describe('text that a spreadsheet would take for a formula', () => {
  it.each(['=1+1.mp4', '+1.mp4', '-1.mp4', '@SUM.mp4', '＝1.mp4', '＋1.mp4', '－1.mp4', '＠a.mp4'])(
    'a name that a spreadsheet would take for a formula gets an apostrophe before it: %s',
    (name) => {
      expect(table(written(CSV, [1], name))[0]!.input).toBe(`'${name}`);
    },
  );

  it.each(['\t=1.mp4', '\r=1.mp4'])(
    'a name that begins with a blank of a formula gets one too: %j',
    (name) => {
      const row = written(CSV, [0], name).split('\n').slice(1).join('\n');
      expect(row.replace(/^"/, '').startsWith(`'${name}`)).toBe(true);
    },
  );

  it('a name with commas and quotes stays one cell, which no other begins in', () => {
    const row = written(CSV, [0], '",=1+1,"').split('\n')[1]!;
    expect(row.startsWith('""",=1+1,""",0,0,0.1,false,640,360,0,,')).toBe(true);
  });

  it('numbers stay numbers, also below 0', () => {
    const rows = table(written(CSV, [1, 1, 1, 1]));
    const numbers = rows.flatMap(({ input: _, cut: ____, expression: __, 'quality.issues': ___, ...cells }) =>
      Object.values(cells),
    );
    expect(numbers.some((cell) => cell.startsWith('-'))).toBe(true);
    expect(numbers.filter((cell) => cell === '' || !Number.isFinite(Number(cell)))).toEqual([]);
  });

  it('a name is left as it is where that is asked for, and in JSON lines', () => {
    expect(table(written({ ...CSV, escapeFormulas: false }, [1], '=1+1.mp4'))[0]!.input).toBe('=1+1.mp4');
    expect(JSON.parse(written(JSONL, [0], '=1+1.mp4')).input).toBe('=1+1.mp4');
  });
});

describe('a byte order mark', () => {
  it('a byte order mark comes once, before all else', () => {
    const text = written({ ...CSV, bom: true }, [0, 1]);
    expect(text.startsWith('\uFEFFinput,seq,')).toBe(true);
    expect(text.lastIndexOf('\uFEFF')).toBe(0);
    expect(written(CSV, [0])).not.toContain('\uFEFF');
  });

  it('a byte order mark is refused before JSON lines, which have none', () => {
    expect(() => assertRowOptions({ ...JSONL, bom: true })).toThrow(/for CSV only: leave --bom out/);
    for (const options of [CSV, { ...CSV, bom: true }, JSONL]) assertRowOptions(options);
  });
});

describe('the scores and points of a row that are told at once', () => {
  const fewer = (face: FaceReading): FaceReading => ({
    ...face,
    actionUnits: face.actionUnits.slice(0, 5),
    landmarks: face.landmarks.slice(0, 3),
  });
  const shapes = { whole: (face: FaceReading) => face, fewer };
  const unitsOfModels = { same: UNITS, other: ['AU3', 'AU99', 'AU0', ...UNITS.slice(5)] };
  const { columns, floatsOf } = readingTable(UNITS);

  for (const [shape, shaped] of Object.entries(shapes)) {
    for (const [model, units] of Object.entries(unitsOfModels)) {
      it(`are those that the columns tell one by one: ${shape}, action units of the ${model} model`, () => {
        for (const count of [0, 1, 3]) {
          const moment = quantise(makeMoment('session', 7, { faces: count }));
          const faces = moment.faces.map(shaped);
          for (const row of rowsOf('clip.mp4', { ...moment, faces }, 0.1, SIZE, units)) {
            const cells = columns.filter(({ type }) => type === 'FLOAT').map(({ value }) => value(row));
            expect([...floatsOf(row)].map((cell) => (Number.isNaN(cell) ? null : cell))).toEqual(cells);
            if (count === 0) expect(new Set(cells)).toEqual(new Set([null]));
            else expect(cells.filter((cell) => cell !== null).length).toBeGreaterThan(30);
          }
        }
      });
    }
  }

  it('lie where the readings have them', () => {
    const { faces, ...moment } = quantise(makeMoment('session', 7, { faces: 1 }));
    const face = faces[0]!;
    const [row] = rowsOf('clip.mp4', { ...moment, faces: [face] }, 0.1, SIZE, UNITS);
    const floats = columns.filter(({ type }) => type === 'FLOAT').map(({ name }) => name);
    const cell = (name: string) => floatsOf(row!)[floats.indexOf(name)];
    expect(cell('box.height')).toBe(face.box.height);
    expect(cell('confidence')).toBe(face.confidence);
    expect(cell('probabilities.CONTEMPT')).toBe(face.probabilities[7]);
    expect(cell('rawProbabilities.NEUTRAL')).toBe(face.rawProbabilities[0]);
    expect(cell('arousal')).toBe(face.arousal);
    expect(cell('pose.pitch')).toBe(face.pose.pitch);
    expect(cell('actionUnits.AU11')).toBe(face.actionUnits[11]);
    expect(cell('quality.score')).toBe(face.quality.score);
    expect(cell('landmarks.67.y')).toBe(face.landmarks[67]!.y);
  });
});
