/** The demo clip's timeline against its ground truth: who is where, and when each expression was shown. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { program } from '../helpers/program.ts';

const CLIP = fileURLToPath(new URL('../fixtures/demo.mp4', import.meta.url));
const truth = JSON.parse(readFileSync(new URL('../fixtures/demo.json', import.meta.url), 'utf8')) as Truth;

interface Truth {
  fps: number;
  width: number;
  height: number;
  phases: { expression: string; onset: number; apex: number; apexEnd: number; offset: number }[][];
  timeline: { people: { box: [number, number, number, number]; yaw: number }[] }[];
}
interface Row {
  mediaTime: number;
  track: number;
  box: [number, number, number, number];
  expression: string | null;
  pose: { yaw: number };
}

let rows: Row[];
beforeAll(async () => {
  rows = await analyze(CLIP);
}, 180_000);

describe('the demo clip', () => {
  it('the demo clip shows two people, each on one track from the first second to the last', () => {
    expect(new Set(rows.map(({ track }) => track))).toEqual(new Set([1, 2]));
    for (const person of [0, 1]) expect(found(person).length).toBeGreaterThan(190);
  });

  it('boxes lie where the faces of the demo clip are', () => {
    const overlaps = rows.map((row) => Math.max(...[0, 1].map((person) => overlap(row, person))));
    expect(Math.min(...overlaps)).toBeGreaterThan(0.4);
  });

  it('head poses in the demo clip are right within ten degrees on average', () => {
    for (const person of [0, 1]) {
      const errors = found(person).map((row) => Math.abs(row.pose.yaw - truthOf(row, person).yaw));
      expect(mean(errors)).toBeLessThan(10);
    }
  });

  it.each(truth.phases.flatMap((phases, person) => phases.map((phase) => ({ person, ...phase }))))(
    'sees person $person show $expression from $apex to $apexEnd s',
    ({ person, expression, apex, apexEnd }) => {
      const shown = found(person).filter(({ mediaTime }) => mediaTime >= apex && mediaTime <= apexEnd);
      expect(mostCommon(shown.map((row) => row.expression))).toBe(expression.toUpperCase());
    },
  );

  it('rest is seen between the expressions of the demo clip', () => {
    for (const [person, phases] of truth.phases.entries()) {
      // Half a second after an offset, causal smoothing has settled.
      const resting = found(person).filter(({ mediaTime }) =>
        phases.every(({ onset, offset }) => mediaTime < onset || mediaTime > offset + 0.5),
      );
      expect(mostCommon(resting.map((row) => row.expression))).toBe('NEUTRAL');
    }
  });
});

/** The rows of the face that overlaps this person's true box. */
function found(person: number): Row[] {
  return rows.filter((row) => overlap(row, person) > 0.3);
}

function truthOf(row: Row, person: number) {
  const frame = Math.min(Math.round(row.mediaTime * truth.fps), truth.timeline.length - 1);
  return truth.timeline[frame]!.people[person]!;
}

/** Intersection over union. */
function overlap(row: Row, person: number): number {
  const [x1, y1, x2, y2] = truthOf(row, person).box;
  const [x, y, w, h] = row.box;
  const [left, top, width, height] = [x * truth.width, y * truth.height, w * truth.width, h * truth.height];
  const shared =
    Math.max(0, Math.min(x2, left + width) - Math.max(x1, left)) *
    Math.max(0, Math.min(y2, top + height) - Math.max(y1, top));
  return shared / ((x2 - x1) * (y2 - y1) + width * height - shared);
}

function mostCommon(labels: (string | null)[]): string | null {
  const counts = new Map<string | null, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0] ?? null;
}

function mean(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function analyze(input: string): Promise<Row[]> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...program(), 'analyze', input], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    child.on('close', (code) => {
      if (code !== 0) return reject(new Error(Buffer.concat(err).toString()));
      const lines = Buffer.concat(out).toString().trim().split('\n');
      resolve(lines.map((line) => JSON.parse(line) as Row));
    });
  });
}
