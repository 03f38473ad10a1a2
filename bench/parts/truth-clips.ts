/**
 * Clips of which it is known to the frame what they show: stretches of the demo, in which two rendered people change their
 * faces by a script (test/fixtures/demo.json), cut together anew.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEMO } from './clips.ts';

/** What a person's face shows, from the script. */
export type Look = 'neutral' | 'happiness';
/** 0: on the left; 1: on the right. */
export type Person = 0 | 1;

/** So many frames of one person with one look. */
export interface Stretch {
  person: Person;
  look: Look;
  frames: number;
}

interface Script {
  fps: number;
  width: number;
  height: number;
  phases: { expression: string; onset: number; apex: number; apexEnd: number }[][];
}

/** Seconds of the demo left out at both ends of a stretch, where a face may still move. */
const MARGIN = 0.1;

export class TruthClips {
  readonly dir = mkdtempSync(join(tmpdir(), 'mien-truth-'));
  readonly #script: Script;
  /** Raw pictures of each person with each look, in the order of the demo. */
  readonly #pictures = new Map<string, Buffer[]>();
  #made = 0;

  /** @throws Error when the demo or its script is missing, or has not what is needed */
  constructor() {
    this.#script = JSON.parse(readFileSync(DEMO.replace(/mp4$/, 'json'), 'utf8')) as Script;
    for (const person of [0, 1] as const) {
      for (const look of ['neutral', 'happiness'] as const) {
        this.#pictures.set(`${person} ${look}`, this.#read(person, look));
      }
    }
  }

  /** @returns the path of a clip of these stretches, one after the other, at `fps` frames a second */
  make(stretches: readonly Stretch[], fps: number): string {
    const path = join(this.dir, `${this.#made++}.mp4`);
    const frames = stretches.flatMap(({ person, look, frames }) => {
      const pictures = this.#pictures.get(`${person} ${look}`)!;
      return Array.from({ length: frames }, (_, i) => pictures[this.#pictureAt(i / fps, pictures.length)]!);
    });
    const { width, height } = this.#half;
    const input = ['-f', 'rawvideo', '-pix_fmt', 'yuv420p', '-s', `${width}x${height}`, '-r', String(fps)];
    const output = ['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '14', '-pix_fmt', 'yuv420p', path];
    execFileSync('ffmpeg', ['-v', 'error', ...input, '-i', '-', ...output], { input: Buffer.concat(frames) });
    return path;
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }

  get #half() {
    return { width: this.#script.width / 2, height: this.#script.height };
  }

  /** To and fro, so that nothing jumps where a stretch is longer than what the demo has of it. */
  #pictureAt(seconds: number, count: number): number {
    const at = Math.round(seconds * this.#script.fps) % (2 * count - 2);
    return at < count ? at : 2 * count - 2 - at;
  }

  #read(person: Person, look: Look): Buffer[] {
    const smile = this.#script.phases[person]?.find(({ expression }) => expression === 'happiness');
    if (!smile) throw new Error(`Person ${person} of the demo does not smile by its script.`);
    const [from, to] = look === 'happiness' ? [smile.apex, smile.apexEnd] : [0, smile.onset];
    const { width, height } = this.#half;
    const span = ['-ss', String(from + MARGIN), '-t', String(to - from - 2 * MARGIN)];
    const crop = `crop=${width}:${height}:${person * width}:0`;
    const raw = execFileSync(
      'ffmpeg',
      ['-v', 'error', '-i', DEMO, ...span, '-vf', crop, '-pix_fmt', 'yuv420p', '-f', 'rawvideo', '-'],
      { maxBuffer: 2 ** 30 },
    );
    const bytes = (width * height * 3) / 2;
    const pictures = Array.from({ length: Math.floor(raw.length / bytes) }, (_, i) =>
      raw.subarray(i * bytes, (i + 1) * bytes),
    );
    if (pictures.length < 10)
      throw new Error(`The demo shows person ${person} with ${look} for ${pictures.length} frames only.`);
    return pictures;
  }
}
