/** The columns of a reading. A table of a million has two hundred million cells, most of them scores and points: those of a row are told at once. */
import { EXPRESSIONS, type FaceReading, type StoredReading } from '../domain/face.ts';
import type { FrameColumns, Row } from './rows.ts';
import type { Column, ColumnType, FloatsOf } from './table.ts';

const LANDMARKS = 68;

export interface ReadingTable {
  /** Nested names are joined by dots: `box.x`, `probabilities.HAPPINESS`, `landmarks.0.x`. */
  columns: Column<Row>[];
  floatsOf: FloatsOf<Row>;
}

/** @param actionUnits names of those that have a column */
export function readingTable(actionUnits: readonly string[]): ReadingTable {
  const groups = faceGroups(actionUnits);
  const lists = groups.filter((group) => group.type === 'FLOAT');
  return {
    columns: [...FRAME_COLUMNS, ...groups.flatMap(columnsOf)],
    floatsOf: floatsOf(lists, actionUnits),
  };
}

const FRAME_TYPES: Readonly<Record<keyof FrameColumns, ColumnType>> = {
  input: 'STRING',
  seq: 'INT32',
  mediaTime: 'DOUBLE',
  duration: 'DOUBLE',
  cut: 'BOOLEAN',
  frameWidth: 'INT32',
  frameHeight: 'INT32',
  faces: 'INT32',
};
const FRAME_COLUMNS = (Object.entries(FRAME_TYPES) as [keyof FrameColumns, ColumnType][]).map(
  ([name, type]): Column<Row> => ({ name, type, value: ({ frame }) => frame[name] }),
);

type Face = FaceReading | StoredReading;

/** Numbers that a reading has together, one for each name. */
interface FloatGroup {
  type: 'FLOAT';
  names: readonly string[];
  list(face: Face, row: Row): readonly (number | undefined)[];
}

interface Single {
  type: 'INT32' | 'STRING';
  name: string;
  value(face: Face): string | number | null;
}

function faceGroups(actionUnits: readonly string[]): (FloatGroup | Single)[] {
  return [
    { type: 'INT32', name: 'track', value: ({ track }) => track },
    floats(['box.x', 'box.y', 'box.width', 'box.height'], ({ box }) => [box.x, box.y, box.width, box.height]),
    { type: 'STRING', name: 'expression', value: ({ expression }) => expression },
    floats(['confidence'], ({ confidence }) => [confidence]),
    floats(within('probabilities', EXPRESSIONS), ({ probabilities }) => probabilities),
    floats(within('rawProbabilities', EXPRESSIONS), ({ rawProbabilities }) => rawProbabilities),
    floats(['agreement', 'valence', 'arousal'], ({ agreement, valence, arousal }) => [
      ...[agreement, valence, arousal],
    ]),
    floats(['pose.yaw', 'pose.pitch', 'pose.roll'], ({ pose }) => [pose.yaw, pose.pitch, pose.roll]),
    floats(within('actionUnits', actionUnits), ({ actionUnits: values }, { actionUnits: own }) =>
      // Another model than the table's has its action units in another order, or lacks some.
      own === actionUnits ? values : actionUnits.map((name) => values[own.indexOf(name)]),
    ),
    floats(['quality.score'], ({ quality }) => [quality.score]),
    {
      type: 'STRING',
      name: 'quality.issues',
      value: (face) => ('issues' in face ? face.issues : face.quality.issues).join('|'),
    },
    floats(
      Array.from({ length: LANDMARKS }, (_, index) => [
        `landmarks.${index}.x`,
        `landmarks.${index}.y`,
      ]).flat(),
      ({ landmarks }) => landmarks.flatMap(({ x, y }) => [x, y]),
    ),
  ];
}

function floats(names: readonly string[], list: FloatGroup['list']): FloatGroup {
  return { type: 'FLOAT', names, list };
}

function within(prefix: string, names: readonly string[]): string[] {
  return names.map((name) => `${prefix}.${name}`);
}

function columnsOf(group: FloatGroup | Single): Column<Row>[] {
  if (group.type !== 'FLOAT') {
    const { name, type, value } = group;
    return [{ name, type, value: ({ reading }) => (reading === null ? null : value(reading)) }];
  }
  const { names, type, list } = group;
  return names.map((name, at) => ({
    ...{ name, type },
    value: (row) => (row.reading === null ? null : (list(row.reading, row)[at] ?? null)),
  }));
}

function floatsOf(groups: readonly FloatGroup[], actionUnits: readonly string[]): FloatsOf<Row> {
  const cells = new Float64Array(groups.reduce((sum, { names }) => sum + names.length, 0));
  return (row) => {
    cells.fill(Number.NaN);
    if (row.reading === null) return cells;
    if ('copyNumbers' in row.reading && row.actionUnits === actionUnits) {
      row.reading.copyNumbers(cells, actionUnits.length);
      return cells;
    }
    let begin = 0;
    for (const { names, list } of groups) {
      const own = list(row.reading, row);
      for (let at = 0; at < names.length; at++) cells[begin + at] = own[at] ?? Number.NaN;
      begin += names.length;
    }
    return cells;
  };
}
