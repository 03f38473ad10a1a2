/** Columns as the scripts of OpenFace and py-feat read them: their names, units and rows. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'csv-parse/sync';
import { expect, it } from 'vitest';
import type { Moment } from '../../src/domain/moment.ts';
import { type AnalysisOptions, analysisFormat, type ColumnSet } from '../../src/tables/analysis-format.ts';
import { rowsOf } from '../../src/tables/rows.ts';
import { makeMoment } from '../helpers/moments.ts';

/** Those that a model tells: AU6 and AU28 are not among them. */
const UNITS = ['AU1', 'AU2', 'AU4', 'AU5', 'AU7', 'AU9', 'AU10', 'AU12', 'AU14', 'AU45'];
const SCORED = { width: 640, height: 360 };
const PICTURE = { width: 1920, height: 1080 };

function written(columns: ColumnSet, moments: readonly Moment[]): string {
  const options: AnalysisOptions = { columns, bom: false, escapeFormulas: true };
  const format = analysisFormat(options, UNITS);
  const rows = moments.flatMap((moment) => rowsOf('clip.mp4', moment, 0.1, SCORED, UNITS));
  return format.head + rows.map((row) => format.text({ ...row, picture: PICTURE })).join('');
}

const read = (columns: ColumnSet, moments: readonly Moment[]): Record<string, string>[] =>
  parse(written(columns, moments), { columns: true });

/** A moment with one face of which everything is known. */
function known(seq: number): Moment {
  const moment = makeMoment('session', seq);
  const [face] = moment.faces;
  Object.assign(face!, {
    track: 3,
    box: { x: 0.25, y: 0.5, width: 0.125, height: 0.2 },
    pose: { yaw: 30, pitch: 10, roll: -5 },
    quality: { score: 0.876, issues: [] },
    landmarks: Array.from({ length: 68 }, (_, at) => ({ x: at / 100, y: 0.5 })),
    actionUnits: UNITS.map((name) => ({ AU12: 0.61, AU1: 0.19 })[name] ?? 0.5),
    probabilities: [0.1, 0.5, 0.05, 0.05, 0.1, 0.04, 0.06, 0.1],
  });
  return moment;
}

/** The names that a file of fixtures lists; its lines with # say where they are from. */
function namesIn(file: string): string[] {
  const text = readFileSync(fileURLToPath(new URL(`../fixtures/${file}`, import.meta.url)), 'utf8');
  return text.replace(/^#.*$/gm, '').trim().split(/\s+/);
}

it('the names of OpenFace are all there, in its order', () => {
  const names = written('openface', []).trimEnd().split(',');
  expect(names).toHaveLength(714);
  expect(names).toEqual(namesIn('columns-openface.txt'));
});

it('the names of py-feat are all there, in its order, with the track and the time after them', () => {
  const names = written('pyfeat', []).trimEnd().split(',');
  expect(names).toEqual([...namesIn('columns-pyfeat.txt'), 'track', 'mediaTime']);
});

it('a face in the units of OpenFace: frames from 1, faces from 0, radians by the camera, pixels of the source, units from 0 to 5', () => {
  const [row] = read('openface', [known(41)]);
  expect(row).toMatchObject({
    ...{ frame: '42', face_id: '2', timestamp: '4.1', confidence: '0.88', success: '1' },
    // It looks up, to the picture's right, and leans to the left.
    ...{ pose_Rx: '-0.175', pose_Ry: '-0.524', pose_Rz: '-0.087' },
    ...{ x_0: '0', x_33: '633.6', y_67: '540' },
    ...{ AU12_r: '3.05', AU12_c: '1', AU01_r: '0.95', AU01_c: '0', AU45_r: '2.5' },
  });
});

it('a face in the units of py-feat: radians by the subject, pixels of the source, units from 0 to 1', () => {
  const [row] = read('pyfeat', [known(725)]);
  expect(row).toMatchObject({
    ...{ FaceRectX: '480', FaceRectY: '540', FaceRectWidth: '240', FaceRectHeight: '216' },
    ...{ FaceScore: '0.876', Pitch: '0.175', Yaw: '-0.524', Roll: '0.087' },
    ...{ x_33: '633.6', y_67: '540', AU12: '0.61', AU43: '0.5' },
    ...{ anger: '0.1', disgust: '0.04', fear: '0.06', happiness: '0.5', sadness: '0.05', surprise: '0.05' },
    ...{ neutral: '0.1', FrameHeight: '1080', FrameWidth: '1920', input: 'clip.mp4' },
    ...{ frame: '725', approx_time: '01:12', track: '3', mediaTime: '72.5' },
  });
});

it.each([
  [
    'openface',
    ['gaze_0_x', 'eye_lmk_Z_55', 'pose_Tz', 'X_0', 'p_33', 'AU23_r', 'AU06_r', 'AU06_c', 'AU28_c'],
  ],
  ['pyfeat', ['gaze_pitch', 'X', 'AU11', 'AU23', 'AU06', 'AU28']],
] as const)(
  'what mien does not have, or not tell, is empty in the columns of %s, never 0',
  (columns, names) => {
    const [row] = read(columns, [known(0)]);
    for (const name of names) expect({ name, cell: row![name] }).toEqual({ name, cell: '' });
  },
);

it('a frame without a face has a row in both: of OpenFace one without success, of py-feat one that names its frame', () => {
  const empty = makeMoment('session', 3, { faces: 0 });
  const [openface] = read('openface', [empty]);
  expect(openface).toMatchObject({
    frame: '4',
    face_id: '0',
    timestamp: '0.3',
    confidence: '0',
    success: '0',
  });
  expect(Object.values(openface!).slice(5).join('')).toBe('');
  const [pyfeat] = read('pyfeat', [empty]);
  expect(pyfeat).toMatchObject({ FaceRectX: '', AU12: '', happiness: '', track: '' });
  expect(pyfeat).toMatchObject({ input: 'clip.mp4', frame: '3', FrameWidth: '1920' });
});

it('JSON lines are for columns of mien only, and are what those are written as', () => {
  const options = { bom: false, escapeFormulas: true };
  expect(() => analysisFormat({ ...options, columns: 'openface', format: 'jsonl' }, [])).toThrow(
    'The columns of openface are read as CSV: leave --format jsonl out, or take --columns mien.',
  );
  expect(analysisFormat({ ...options, columns: 'mien' }, []).head).toBe('');
});
