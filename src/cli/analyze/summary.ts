/** What `mien analyze` says at the end, on stderr. */
import { beganAt, coverageOf, newestDuration, newestEnd } from '../../domain/coverage.ts';
import { EXPRESSIONS } from '../../domain/face.ts';
import { addDrops, type DropCounts, totalDrops } from '../../domain/frame.ts';
import type { Moment } from '../../domain/moment.ts';
import type { SearchedFrame } from '../../sessions/index.ts';

export interface InputTotals {
  add(moment: Moment, frame: Pick<SearchedFrame, 'smallestFace' | 'reduced'>): void;
  end(seconds: number, dropped: DropCounts): void;
  /** A line without its end; empty where nothing was seen. */
  text(): string;
  /** What the user should know of the numbers, each a sentence's part. */
  warnings(): string[];
}

export interface Summary {
  begin(input: string): InputTotals;
  text(): string;
}

/** What was seen in one input. */
interface InputCounts {
  input: string;
  frames: number;
  /** Frames with a face. */
  occupied: number;
  faces: number;
  /** Side of the smallest that could be found in every frame, in pixels of the input. */
  smallestFace: number;
  /** Whether some frame was made smaller than it is in the input. */
  reduced: boolean;
  labels: Map<string, number>;
  dropped: DropCounts;
  /** Seconds of media time: where the source began, how long all but the newest do, and until when that does. */
  start: number;
  covered: number;
  newest: { end: number; duration: number };
  seconds: number | null;
}

export function createSummary(): Summary {
  const all: InputTotals[] = [];
  return {
    begin(input) {
      const totals = createInputTotals(input);
      all.push(totals);
      return totals;
    },
    text: () =>
      all
        .map((totals) => totals.text())
        .filter((line) => line !== '')
        .map((line) => `${line}\n`)
        .join(''),
  };
}

export function createInputTotals(input: string): InputTotals {
  const counts = nothingOf(input);
  return {
    add(moment, { smallestFace, reduced }) {
      const { faces, dropped } = moment;
      if (counts.frames === 0) counts.start = beganAt(moment);
      else counts.covered += moment.previousDuration;
      counts.newest = { end: newestEnd(moment), duration: newestDuration(moment) };
      counts.frames += 1;
      counts.occupied += faces.length > 0 ? 1 : 0;
      counts.faces += faces.length;
      counts.smallestFace = Math.max(counts.smallestFace, smallestFace);
      counts.reduced ||= reduced;
      counts.dropped = addDrops(counts.dropped, dropped);
      for (const { expression } of faces) {
        const label = expression ?? 'abstained';
        counts.labels.set(label, (counts.labels.get(label) ?? 0) + 1);
      }
    },
    end(seconds, dropped) {
      counts.seconds = seconds;
      counts.dropped = addDrops(counts.dropped, dropped);
    },
    text: () => describe(counts),
    warnings: () => warningsOf(counts),
  };
}

function nothingOf(input: string): InputCounts {
  return {
    input,
    frames: 0,
    occupied: 0,
    faces: 0,
    smallestFace: 0,
    reduced: false,
    labels: new Map(),
    dropped: {},
    ...{ start: 0, covered: 0, newest: { end: 0, duration: 0 } },
    seconds: null,
  };
}

function describe(counts: InputCounts): string {
  const { input, frames, faces, labels, smallestFace, reduced, dropped, seconds } = counts;
  if (seconds === null && frames === 0) return '';
  // Of a single picture the rate says nothing.
  const rate = seconds && frames > 1 ? ` (${(frames / seconds).toFixed(1)} frames per second)` : '';
  const speed = seconds ? ` in ${seconds.toFixed(1)} s${rate}` : ', not to its end';
  const shares = [...EXPRESSIONS, 'abstained']
    .filter((label) => labels.has(label))
    .sort((a, b) => (labels.get(b) ?? 0) - (labels.get(a) ?? 0))
    .map((label) => `${label} ${percent((labels.get(label) ?? 0) / faces)}`);
  const lost = totalDrops(dropped);
  const unscored = lost > 0 ? `, ${count(lost, 'frame')} not scored` : '';
  const labelled = shares.length > 0 ? `; ${shares.join(', ')}` : '';
  const whole = `${input}: ${count(frames, 'frame')}${speed}${unscored}`;
  if (frames === 0) return whole;
  const limit = `faces under ${Math.round(smallestFace)} px could not be found${reduced ? ' (--detect-size)' : ''}`;
  return `${whole}; ${presence(counts)}${labelled}; ${limit}${holes(counts)}`;
}

function warningsOf(counts: InputCounts): string[] {
  const { frames, faces, dropped } = counts;
  const lost = totalDrops(dropped);
  return [
    ...(frames > 0 && faces === 0 ? ['no face was found'] : []),
    ...(lost > 0 ? [`${count(lost, 'frame')} not scored`] : []),
    ...(frames > 0 ? [holes(counts).replace(/^; /, '')].filter(Boolean) : []),
  ];
}

/** A share of the time that is less than this is told. */
const COMPLETE = 0.95;

/** What the frames stand for, where that is not nearly all of the time. */
function holes({ start, covered, newest }: InputCounts): string {
  const elapsed = newest.end - start;
  const share = coverageOf(covered + newest.duration, elapsed);
  if (!(elapsed > 0) || share >= COMPLETE) return '';
  return `; ONLY ${percent(share)} of its ${elapsed.toFixed(1)} s of media time are covered by frames`;
}

/** How often there was a face at all. */
function presence({ frames, occupied, faces }: InputCounts): string {
  if (faces === 0) return frames === 1 ? 'no face in it' : 'no face in any of them';
  if (frames === 1) return count(faces, 'face');
  return `a face in ${percent(occupied / frames)} of them, ${count(faces, 'face')} in all`;
}

/** What was seen is never called nothing, nor what was missed. */
function percent(share: number): string {
  if (share < 0.005) return '<1%';
  return share > 0.995 && share < 1 ? '>99%' : `${Math.round(100 * share)}%`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
