/** What `mien analyze` says at the end, on stderr. */
import { EXPRESSIONS } from '../domain/face.ts';
import { addDrops, type DropCounts } from '../domain/frame.ts';
import type { Moment } from '../domain/moment.ts';

export interface InputTotals {
  add(moment: Moment): void;
  end(seconds: number, dropped: DropCounts): void;
}

export interface Summary {
  begin(input: string): InputTotals;
  text(): string;
}

/** What was seen in one input. */
interface InputCounts {
  input: string;
  frames: number;
  faces: number;
  labels: Map<string, number>;
  dropped: DropCounts;
  seconds: number | null;
}

export function createSummary(): Summary {
  const all: InputCounts[] = [];
  return {
    begin(input) {
      const counts: InputCounts = {
        input,
        frames: 0,
        faces: 0,
        labels: new Map(),
        dropped: {},
        seconds: null,
      };
      all.push(counts);
      return {
        add({ faces, dropped }) {
          counts.frames += 1;
          counts.faces += faces.length;
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
      };
    },
    text: () => all.map(describe).join(''),
  };
}

function describe({ input, frames, faces, labels, dropped, seconds }: InputCounts): string {
  if (seconds === null && frames === 0) return '';
  // Of a single picture the rate says nothing.
  const rate = seconds && frames > 1 ? ` (${(frames / seconds).toFixed(1)} frames per second)` : '';
  const speed = seconds ? ` in ${seconds.toFixed(1)} s${rate}` : ', not to its end';
  const shares = [...EXPRESSIONS, 'abstained']
    .filter((label) => labels.has(label))
    .sort((a, b) => (labels.get(b) ?? 0) - (labels.get(a) ?? 0))
    .map((label) => `${label} ${percent((labels.get(label) ?? 0) / faces)}`);
  const lost = Object.values(dropped).reduce((sum, count) => sum + count, 0);
  const unscored = lost > 0 ? `, ${count(lost, 'frame')} not scored` : '';
  const labelled = shares.length > 0 ? `; ${shares.join(', ')}` : '';
  return `${input}: ${count(frames, 'frame')}, ${count(faces, 'face')}${speed}${unscored}${labelled}\n`;
}

/** What was seen is never called nothing. */
function percent(share: number): string {
  return share < 0.005 ? '<1%' : `${Math.round(100 * share)}%`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
