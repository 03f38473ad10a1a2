/**
 * What it costs to look for faces in larger pictures: processor time of mien's process per scored frame of 1080p and 4K, at 10
 * frames a second, two faces, by `detectSize`, the settings in turn. ffmpeg is another process, and not counted: it decodes the
 * same, and scales less the larger the pictures are.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DETECT_SIZES, type DetectSize } from '../../src/domain/detect-size.ts';
import { DEFAULT_SMOOTHING } from '../../src/domain/stream.ts';
import type { Ingest } from '../../src/ingest/index.ts';
import { analyseSource } from '../../src/sessions/index.ts';
import type { Vision } from '../../src/vision/index.ts';
import { measured, type Row, type RowOptions, spread } from '../harness.ts';
import { DEMO } from '../parts/clips.ts';
import { openIngest, openVision, timelinesOf } from '../parts/pipeline.ts';
import { compared, recorded } from '../parts/results.ts';

export const row: Row = {
  name: 'detect-size',
  measures: 'processor time per frame, by how large the pictures are in which faces are looked for',
  run,
};

const RATE = 10;
const PICTURES = { '1080p': '1920:1080', '4K': '3840:2160' } as const;

async function* run({ quick, log }: RowOptions) {
  const dir = mkdtempSync(join(tmpdir(), 'mien-bench-'));
  const ingest = openIngest(dir);
  const vision = await openVision();
  try {
    for (const [name, size] of Object.entries(PICTURES)) {
      const path = join(dir, `${name}.mp4`);
      const scale = ['-t', quick ? '2' : '8', '-r', String(RATE), '-vf', `scale=${size}`];
      const encode = ['-c:v', 'libx264', '-preset', 'veryfast', '-pix_fmt', 'yuv420p'];
      execFileSync('ffmpeg', ['-v', 'error', '-i', DEMO, ...scale, ...encode, path]);
      const values: Record<DetectSize, number[]> = { STANDARD: [], LARGE: [], FULL: [] };
      for (const detectSize of DETECT_SIZES) await costOf({ ingest, vision, path, detectSize }); // V8 compiles
      for (let round = 0; round < (quick ? 1 : 3); round++) {
        for (const detectSize of DETECT_SIZES) {
          values[detectSize].push(await costOf({ ingest, vision, path, detectSize }));
          log(`${name} ${detectSize} ${values[detectSize].at(-1)!.toFixed(1)} ms`);
        }
      }
      for (const detectSize of DETECT_SIZES) {
        const head = { row: 'detect-size', case: `${name}, ${detectSize}`, unit: 'ms/frame' };
        const against = values.STANDARD;
        const ratio = spread(values[detectSize].map((value, i) => value / against[i]!));
        const rounds = { mien: spread(values[detectSize]), against: spread(against), ratio };
        yield detectSize === 'STANDARD' ? recorded(head, against) : compared(head, rounds, 'STANDARD');
      }
    }
  } finally {
    await ingest.close();
    await vision.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Milliseconds of processor time per frame, in all threads of this process. */
async function costOf({
  ingest,
  vision,
  path,
  detectSize,
}: {
  ingest: Ingest;
  vision: Vision;
  path: string;
  detectSize: DetectSize;
}): Promise<number> {
  const deps = { open: ingest.open, openAnalyser: vision.open, openTimeline: timelinesOf(vision) };
  const { signal } = new AbortController();
  const options = { frameRate: RATE, smoothing: DEFAULT_SMOOTHING, detectSize, signal };
  const before = process.cpuUsage();
  const { moments } = await analyseSource(deps, { type: 'file', path }, options, () => {});
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / measured('frames analysed', moments);
}
