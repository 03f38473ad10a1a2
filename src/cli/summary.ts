/** What `mien analyze` says at the end, on stderr. */
import { EXPRESSIONS } from '../domain/face.ts';
import { addDrops, type DropCounts } from '../domain/frame.ts';
import type { Moment } from '../domain/moment.ts';

export interface Totals {
  add(moment: Moment): void;
  end(seconds: number, dropped: DropCounts): void;
}

export interface Summary {
  begin(input: string): Totals;
  text(): string;
}

interface Line {
  input: string;
  frames: number;
  faces: number;
  labels: Map<string, number>;
  dropped: DropCounts;
  seconds: number | null;
}

export function createSummary(): Summary {
  const lines: Line[] = [];
  return {
    begin(input) {
      const line: Line = { input, frames: 0, faces: 0, labels: new Map(), dropped: {}, seconds: null };
      lines.push(line);
      return {
        add({ faces, dropped }) {
          line.frames += 1;
          line.faces += faces.length;
          line.dropped = addDrops(line.dropped, dropped);
          for (const { expression } of faces) {
            const label = expression ?? 'abstained';
            line.labels.set(label, (line.labels.get(label) ?? 0) + 1);
          }
        },
        end(seconds, dropped) {
          line.seconds = seconds;
          line.dropped = addDrops(line.dropped, dropped);
        },
      };
    },
    text: () => lines.map(describe).join(''),
  };
}

function describe({ input, frames, faces, labels, dropped, seconds }: Line): string {
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
