/** What mien is held against: ffmpeg and onnxruntime on their own, told the same. */
import '../../src/no-telemetry.ts';

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as ort from 'onnxruntime-node';
import type { Frame } from '../../src/domain/frame.ts';
import { decodeArguments } from '../../src/ingest/ffmpeg/ffmpeg-args.ts';
import { createShowinfo } from '../../src/ingest/ffmpeg/showinfo.ts';
import { measured } from '../harness.ts';
import { DEVICE, MODELS } from './pipeline.ts';

export interface Decoding {
  frames: number;
  seconds: number;
  /** Of the processor, user and system. */
  cpuSeconds: number;
}

/** Decodes a file with mien's own arguments in so many threads, and throws the frames away. */
export async function bareDecode(path: string, frameRate: number, threads: number): Promise<Decoding> {
  const { input, output } = decodeArguments(
    { kind: 'file', url: path },
    {
      ...{ frameRate, longerSide: 640, maxPixels: 8192 * 8192, passes: 1, live: false, hasFpsMode: true },
      ...{
        reportFirstFrame: false,
        reportDecoded: false,
        onCanvas: false,
        track: 0,
        byArrival: false,
        showinfo: createShowinfo(),
        threads,
        queuedFrames: 0,
        protocol: {},
      },
    },
  );
  const filters = output.slice(0, output.indexOf('-c:v'));
  const began = performance.now();
  const child = spawn('ffmpeg', ['-benchmark', ...input, '-i', path, ...filters, '-f', 'null', '-'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  let frames = 0;
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-4000);
    frames += text.split(' pts_time:').length - 1;
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`ffmpeg ended with ${code}: ${said}`);
  const seconds = (performance.now() - began) / 1000;
  const [, user = 0, system = 0] = (/utime=([\d.]+)s stime=([\d.]+)s/.exec(said) ?? []).map(Number);
  measured('frames of ffmpeg alone', frames);
  return { frames, seconds, cpuSeconds: measured('the processor time of ffmpeg alone', user + system) };
}

export interface BareModels {
  /** One run of the detector on a batch of one picture of this size. */
  detect(picture: Pick<Frame, 'pixels' | 'width' | 'height'>): Promise<void>;
  /** One run of the ensemble on so many faces. */
  score(faces: number): Promise<void>;
}

/** The same files in the same runtime with the same number of threads; nothing but `session.run`. */
export async function openBareModels(threads: number): Promise<BareModels> {
  const card = (name: string) => JSON.parse(readFileSync(join(MODELS, name), 'utf8'));
  const [detectorCard, ensembleCard] = [card('detector.json'), card('ensemble.json')];
  const open = (file: string) =>
    ort.InferenceSession.create(join(MODELS, file), {
      executionProviders: [DEVICE],
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      logSeverityLevel: 4,
      // As mien has it; threads that spin are slower still where other programs want the cores.
      extra: { session: { intra_op: { allow_spinning: '0' } } },
    });
  const [detector, ensemble] = [await open(detectorCard.file), await open(ensembleCard.file)];
  const { size } = ensembleCard.input;
  const { multipleOf } = detectorCard.input;
  const padded = (side: number) => Math.ceil(side / multipleOf) * multipleOf;
  return {
    async detect({ pixels, width, height }) {
      const dims = [1, 1, padded(height), padded(width)];
      const data = new Uint8Array(padded(height) * padded(width));
      data.set(pixels);
      await detector.run({ [detector.inputNames[0]!]: new ort.Tensor('uint8', data, dims) });
    },
    async score(faces) {
      const data = new Uint8Array(faces * size * size).fill(100);
      await ensemble.run({
        [ensemble.inputNames[0]!]: new ort.Tensor('uint8', data, [faces, 1, size, size]),
      });
    },
  };
}
