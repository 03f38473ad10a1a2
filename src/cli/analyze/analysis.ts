/** What `mien analyze` opens once, and how one input becomes rows. */
import { parse, resolve } from 'node:path';
import type { Config } from '../../config.ts';
import type { FrameTiming, SourceInfo } from '../../domain/frame.ts';
import type { EpisodeEvent, Moment } from '../../domain/moment.ts';
import { MienError } from '../../errors.ts';
import type { Ingest } from '../../ingest/index.ts';
import { type AnalyseSummary, analyseSource, type SearchedFrame } from '../../sessions/index.ts';
import { type AnalysisFormat, analysisFormat } from '../../tables/analysis-format.ts';
import type { PicturedRow } from '../../tables/other-tool-column-helpers.ts';
import { rowsOf } from '../../tables/rows.ts';
import { withDurations } from '../../tables/with-durations.ts';
import type { Vision } from '../../vision/index.ts';
import type { Host } from '../process-host.ts';
import { createTimelines, ensembleOf, openIngest, openVision } from '../serve/services.ts';
import type { AnalyzeOptions } from './analyze-options.ts';
import { createInputPrefetch, type InputPrefetch, sourceOf } from './input-prefetch.ts';

export interface AnalysisTask {
  options: AnalyzeOptions;
  config: Config;
  host: Host;
  signal: AbortSignal;
}

/** Whoever runs the program may read what it names. */
export function openSources({ config, host }: AnalysisTask): Ingest {
  return openIngest(config, {
    mediaDir: parse(resolve('.')).root,
    allowPrivateSources: true,
    decodePictures: true,
    // One thread decodes what all threads of the models wait for: stepping back, it would run when they do not, and leave a core idle.
    niceness: 0,
    onCaution: (sentence) => void host.stderr.write(`mien: ${sentence}\n`),
  });
}

export function prefetchFrom(
  ingest: Ingest,
  inputs: readonly string[],
  { options: { rate: frameRate, fast, detectSize, track }, signal }: AnalysisTask,
): InputPrefetch {
  const timing: FrameTiming = fast ? 'NEAREST' : 'EVEN';
  const options = { frameRate, timing, realtime: false, loop: false, detectSize, signal };
  return createInputPrefetch(inputs, (source) =>
    ingest.open(track === undefined ? source : { ...source, videoTrack: track }, options),
  );
}

/** Warns of one that is not fit for every input; gives its version. @throws MienError FFMPEG_MISSING: no input can be looked at */
export async function checkFfmpeg(ingest: Ingest, host: Host): Promise<string> {
  const { version, caution } = await ingest.ffmpeg();
  if (caution !== null) host.stderr.write(`mien: ${caution}\n`);
  return version;
}

/** The models, and how rows are written of what they say. */
export interface Scoring {
  models: Vision['models'];
  format: AnalysisFormat;
  actionUnits: readonly string[];
  open: Vision['open'];
  openTimeline: ReturnType<typeof createTimelines>;
  close(): Promise<void>;
}

export async function openScoring({ options, config }: AnalysisTask): Promise<Scoring> {
  // What a file says is not to depend on the machine, unless that was asked for.
  const precision = config.precision === 'auto' ? 'single' : config.precision;
  const vision = await openVision(config, { precision });
  const { actionUnits = [] } = ensembleOf(vision);
  return {
    models: vision.models,
    format: analysisFormat(options, actionUnits),
    actionUnits,
    open: vision.open,
    openTimeline: createTimelines(vision),
    close: vision.close,
  };
}

export interface InputListener {
  onInfo(info: SourceInfo): void;
  /** The models have all there is of it, which is a picture: the next input may begin. */
  onHandedOver(): void;
  onMoment(moment: Moment, events: readonly EpisodeEvent[], frame: SearchedFrame): void;
  /** Of one moment, also where a frame without a face has none in the output. Is waited for. */
  onRows?(rows: readonly PicturedRow[]): Promise<void>;
  /** Is waited for. */
  write(rows: string): Promise<void>;
}

/** @throws what opening and decoding throw; rows before that have been written */
export function analyseInput(
  input: string,
  index: number,
  { options, signal, scoring, prefetch }: AnalysisTask & { scoring: Scoring; prefetch: InputPrefetch },
  listener: InputListener,
): Promise<AnalyseSummary> {
  const { open: openAnalyser, openTimeline } = scoring;
  const { rate: frameRate, detectSize } = options;
  const rows = rowsOfInput(input, options, scoring, listener);
  let isPicture = false;
  const smoothing = options.smoothing || 0;
  return analyseSource(
    { openAnalyser, openTimeline, open: () => prefetch.take(index) },
    sourceOf(input),
    {
      ...{ frameRate, smoothing, detectSize, signal, sessionId: `analysis-${index}` },
      onInfo(info) {
        isPicture = !info.live && info.duration === null;
        rows.begin(info);
      },
      onHandedOver: () => isPicture && listener.onHandedOver(),
    },
    async (moment, events, frame) => {
      listener.onMoment(moment, events, frame);
      await rows.add(moment, frame);
    },
  ).finally(rows.end);
}

function rowsOfInput(
  input: string,
  { facesOnly }: AnalyzeOptions,
  { format, actionUnits }: Scoring,
  { onInfo, onRows, write }: InputListener,
) {
  /** What has to stand before its first row. */
  let head = '';
  const put = async (text: string) => {
    const all = head + text;
    head = '';
    if (all !== '') await write(all);
  };
  const rows = withDurations(async (moment, duration, { source: picture, ...size }: SearchedFrame) => {
    const ofFrame = rowsOf(input, moment, duration, size, actionUnits);
    const pictured = ofFrame.map((row) => ({ ...row, picture }));
    await onRows?.(pictured);
    if (!facesOnly || moment.faces.length > 0) await put(pictured.map(format.text).join(''));
  });
  return {
    begin(info: SourceInfo) {
      head = format.begin?.(input, info) ?? '';
      onInfo(info);
    },
    add: rows.add,
    end: () => rows.end().then(() => put('')),
  };
}

/** Whether the input is at fault, or what it alone needs, as a network source needs a current ffmpeg. */
export function isFaultOfInput(error: unknown): error is MienError {
  if (!(error instanceof MienError)) return false;
  return error.code.startsWith('SOURCE_') || error.code === 'BAD_INPUT' || error.code === 'FFMPEG_MISSING';
}

/** A sentence that names the input. */
export function failureOf(input: string, { message }: Error): string {
  return message.includes(input) ? message : `${input}: ${message}`;
}
