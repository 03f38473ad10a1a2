/** A clip through all of `mien analyze` but its rows, run as often as asked. */
import { DEFAULT_SMOOTHING } from '../../src/domain/stream.ts';
import { analyseSource } from '../../src/sessions/index.ts';
import { measured } from '../harness.ts';
import type { Workload } from './analyze-limits.ts';
import { openIngest, openVision, timelinesOf } from './pipeline.ts';

export class AnalyzePipeline {
  /** Milliseconds from each clip's start to its first answer. */
  readonly firstAnswers: number[] = [];
  /** Faces of every run of the ensemble until now. */
  readonly batches: number[];
  readonly #path: string;
  readonly #rate: number;
  readonly #vision: Vision;
  readonly #ingest: ReturnType<typeof openIngest>;
  #faces = 0;

  /** @param rate frames scored per second of video */
  static async open(dir: string, path: string, rate: number): Promise<AnalyzePipeline> {
    const batches: number[] = [];
    const vision = await openVision({ metrics: { batchSize: (faces) => void batches.push(faces) } });
    return new AnalyzePipeline(path, rate, vision, openIngest(dir), batches);
  }

  private constructor(
    path: string,
    rate: number,
    vision: Vision,
    ingest: ReturnType<typeof openIngest>,
    batches: number[],
  ) {
    this.#path = path;
    this.#rate = rate;
    this.#vision = vision;
    this.#ingest = ingest;
    this.batches = batches;
  }

  /** Analyses the clip once. @returns frames per second */
  async run(): Promise<number> {
    const deps = {
      open: this.#ingest.open,
      openAnalyser: this.#vision.open,
      openTimeline: timelinesOf(this.#vision),
    };
    const options = {
      frameRate: this.#rate,
      smoothing: DEFAULT_SMOOTHING,
      detectSize: 'STANDARD' as const,
      signal: new AbortController().signal,
    };
    const began = performance.now();
    let first = 0;
    const source = { type: 'file', path: this.#path } as const;
    const { moments } = await analyseSource(deps, source, options, ({ faces }) => {
      first ||= performance.now() - began;
      this.#faces += faces.length;
    });
    this.firstAnswers.push(first);
    return (measured('frames analysed', moments) / (performance.now() - began)) * 1000;
  }

  /** What the models did beside ffmpeg, per frame. */
  describeInference(): string {
    const { frames, faces, detectionSeconds, ensembleSeconds } = this.#vision.stats();
    const inside = ((detectionSeconds + ensembleSeconds) * 1000) / frames;
    return `beside each other, ${inside.toFixed(1)} ms in session.run, ${(faces / this.batches.length).toFixed(1)} faces a run`;
  }

  /** Frames until now; how often the detector was asked, also at half the size, and how many faces were told, per frame. */
  workload(): Workload & { frames: number } {
    const { frames, detectedFrames, halfSizeDetections } = this.#vision.stats();
    return {
      frames,
      detections: detectedFrames / frames,
      halfSizeDetections: halfSizeDetections / frames,
      faces: this.#faces / frames,
    };
  }

  async close(): Promise<void> {
    await this.#ingest.close();
    await this.#vision.close();
  }
}

type Vision = Awaited<ReturnType<typeof openVision>>;
