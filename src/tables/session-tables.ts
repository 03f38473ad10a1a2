/** The tables of a session, under the names that GraphQL has for the same: what a spreadsheet or a data frame reads. */
import type { Tags } from '../domain/access.ts';
import type { Aggregate, SessionSummary } from '../domain/aggregate.ts';
import { EXPRESSIONS } from '../domain/face.ts';
import { DROP_REASONS, type DropCounts } from '../domain/frame.ts';
import type { Episode, Moment } from '../domain/moment.ts';
import type { Cell, Column, ColumnType } from './table.ts';

export const EXPORTED_TABLES = ['readings', 'timeline', 'buckets', 'episodes', 'tracks', 'summary'] as const;
export type ExportedTable = (typeof EXPORTED_TABLES)[number];

/** What all rows of a session say. */
export interface ExportedSession {
  id: string;
  streamId: string;
  streamName: string;
  tags: Tags;
}

export interface MomentRow {
  moment: Moment;
  /** Seconds that it stands for. */
  duration: number;
}

export interface TrackRow {
  track: number;
  firstSeen: number;
  lastSeen: number;
  readings: number;
  startedAt: Date;
  endedAt: Date;
}

/** A row, and the session that it is of. */
export interface OfSession<Row> {
  session: ExportedSession;
  row: Row;
}

/** The columns of a table of one session or of many: those that say which, a column for each of these tags, and the table's own. */
export function tableColumns<Row>(
  tagKeys: readonly string[],
  columns: readonly Column<Row>[],
): Column<OfSession<Row>>[] {
  return [
    { name: 'session', type: 'STRING', value: ({ session }) => session.id },
    { name: 'stream', type: 'STRING', value: ({ session }) => session.streamId },
    { name: 'streamName', type: 'STRING', value: ({ session }) => session.streamName },
    ...tagKeys.map(
      (key): Column<OfSession<Row>> => ({
        // Keys have dots of their own.
        ...{ name: `tags.${key}`, path: ['tags', key], type: 'STRING' },
        value: ({ session: { tags } }) => (Object.hasOwn(tags, key) ? (tags[key] ?? null) : null),
      }),
    ),
    ...columns.map(
      ({ value, ...column }): Column<OfSession<Row>> => ({ ...column, value: ({ row }) => value(row) }),
    ),
  ];
}

export const TIMELINE_COLUMNS: readonly Column<MomentRow>[] = [
  { name: 'seq', type: 'INT32', value: ({ moment }) => moment.seq },
  { name: 'wallTime', type: 'TIMESTAMP', value: ({ moment }) => new Date(moment.wallTime).toISOString() },
  { name: 'mediaTime', type: 'DOUBLE', value: ({ moment }) => moment.mediaTime },
  { name: 'duration', type: 'DOUBLE', value: ({ duration }) => duration },
  ...loopColumns<MomentRow>(({ moment }) => moment),
  { name: 'cut', type: 'BOOLEAN', value: ({ moment }) => moment.cut },
  { name: 'faces', type: 'INT32', value: ({ moment }) => moment.faces.length },
  ...dropColumns<MomentRow>(({ moment }) => moment.dropped),
];

export const EPISODE_COLUMNS: readonly Column<Omit<Episode, 'sessionId'>>[] = [
  ...columnsOf<Omit<Episode, 'sessionId' | 'startedAt' | 'endedAt'>>({
    ...{ index: 'INT32', track: 'INT32', expression: 'STRING' },
    ...{ onset: 'DOUBLE', apex: 'DOUBLE', offset: 'DOUBLE', peak: 'DOUBLE' },
  }),
  ...wallColumns<Pick<Episode, 'startedAt' | 'endedAt'>>(),
];

export const TRACK_COLUMNS: readonly Column<TrackRow>[] = [
  ...columnsOf<Omit<TrackRow, 'startedAt' | 'endedAt'>>({
    ...{ track: 'INT32', firstSeen: 'DOUBLE', lastSeen: 'DOUBLE', readings: 'INT32' },
  }),
  ...wallColumns<TrackRow>(),
];

export const BUCKET_COLUMNS: readonly Column<Aggregate>[] = [
  ...extentColumns<Aggregate>(),
  ...aggregateColumns<Aggregate>(),
];

export const SUMMARY_COLUMNS: readonly Column<SessionSummary>[] = [
  ...extentColumns<SessionSummary>(),
  { name: 'elapsedSeconds', type: 'DOUBLE', value: ({ elapsed }) => toMilliseconds(elapsed) },
  ...aggregateColumns<SessionSummary>(),
  ...columnsOf<Pick<SessionSummary, 'tracks' | 'smallestFace'>>({ tracks: 'INT32', smallestFace: 'DOUBLE' }),
];

/** Of a looped recording: its pass, and the place in it. */
export function loopColumns<Row>(momentOf: (row: Row) => Moment): Column<Row>[] {
  return [
    { name: 'loopIndex', type: 'INT32', value: (row) => momentOf(row).loop?.pass ?? null },
    { name: 'sourceTime', type: 'DOUBLE', value: (row) => momentOf(row).loop?.sourceTime ?? null },
  ];
}

function aggregateColumns<Row extends Aggregate>(): Column<Row>[] {
  const perExpression = (prefix: string, value: (row: Row, index: number) => number | null) =>
    EXPRESSIONS.map(
      (expression, index): Column<Row> => ({
        name: `${prefix}.${expression}`,
        type: 'DOUBLE',
        value: (row) => value(row, index),
      }),
    );
  return [
    { name: 'frames', type: 'INT32', value: ({ frames }) => frames },
    { name: 'coverage', type: 'DOUBLE', value: ({ coverage }) => coverage },
    { name: 'coveredSeconds', type: 'DOUBLE', value: ({ covered }) => toMilliseconds(covered) },
    { name: 'faces', type: 'INT32', value: ({ readings }) => readings },
    { name: 'abstained', type: 'INT32', value: ({ abstained }) => abstained },
    ...perExpression('seconds', ({ durations }, index) => toMilliseconds(durations[index] ?? 0)),
    ...perExpression('share', ({ labels, readings }, index) =>
      readings === 0 ? 0 : (labels[index] ?? 0) / readings,
    ),
    ...perExpression('probabilities', ({ probabilities }, index) => probabilities?.[index] ?? null),
    { name: 'valence', type: 'DOUBLE', value: ({ valence }) => valence },
    { name: 'arousal', type: 'DOUBLE', value: ({ arousal }) => arousal },
    { name: 'quality', type: 'DOUBLE', value: ({ quality }) => quality },
    ...dropColumns<Row>(({ dropped }) => dropped),
  ];
}

function dropColumns<Row>(droppedOf: (row: Row) => DropCounts): Column<Row>[] {
  return DROP_REASONS.map((reason) => ({
    name: `dropped.${reason.toUpperCase()}`,
    type: 'INT32',
    value: (row) => droppedOf(row)[reason] ?? 0,
  }));
}

/** Which stretch of the session it sums up, and when its first and last frame were scored. */
function extentColumns<Row extends Aggregate>(): Column<Row>[] {
  const timeOf = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());
  return [
    { name: 'start', type: 'DOUBLE', value: ({ start }) => start },
    { name: 'end', type: 'DOUBLE', value: ({ end }) => end },
    { name: 'startedAt', type: 'TIMESTAMP', value: ({ startedAt }) => timeOf(startedAt) },
    { name: 'endedAt', type: 'TIMESTAMP', value: ({ endedAt }) => timeOf(endedAt) },
  ];
}

/** When it began and ended, by the wall clock. */
function wallColumns<Row extends { startedAt: Date; endedAt: Date | null }>(): Column<Row>[] {
  return [
    { name: 'startedAt', type: 'TIMESTAMP', value: ({ startedAt }) => startedAt.toISOString() },
    { name: 'endedAt', type: 'TIMESTAMP', value: ({ endedAt }) => endedAt?.toISOString() ?? null },
  ];
}

/** A column for each of these keys, under its name. */
function columnsOf<Row extends object>(
  types: { [Name in keyof Row & string]: Row[Name] extends Cell ? ColumnType : never },
): Column<Row>[] {
  return (Object.entries(types) as [keyof Row & string, ColumnType][]).map(([name, type]) => ({
    name,
    type,
    value: (row) => row[name] as Cell,
  }));
}

/** Of microseconds, in which they were added up. */
function toMilliseconds(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
