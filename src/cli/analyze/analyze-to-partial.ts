/** One input of a batch: its rows in a partial result, and what is written down of it. */
import type { SourceInfo } from '../../domain/frame.ts';
import { type AnalysisTask, analyseInput, failureOf, isFaultOfInput, type Scoring } from './analysis.ts';
import type { Job } from './batch-jobs.ts';
import type { BatchProgress } from './batch-progress.ts';
import type { InputPrefetch } from './input-prefetch.ts';
import { InputTally } from './input-tally.ts';
import type { ResultEntry } from './manifest.ts';
import type { PartialResult } from './partial-result.ts';
import { createInputTotals } from './summary.ts';

export interface InputTask extends AnalysisTask {
  scoring: Scoring;
  prefetch: InputPrefetch;
  /** The next input may begin. */
  handedOver(): void;
  /** Over when its result may be put in its place. */
  turn: Promise<unknown>;
}

export interface AnalysedInput {
  entry: ResultEntry;
  /** What is said of it. */
  line: string;
}

/** A fault of the input is told in its entry. @throws what else goes wrong */
export async function analyseToPartial(
  { input, path, place, size, modified, etag }: Job,
  index: number,
  partial: PartialResult,
  task: InputTask,
  progress: BatchProgress,
): Promise<AnalysedInput> {
  const [began, tally, totals] = [performance.now(), new InputTally(), createInputTotals(input)];
  let info: SourceInfo | undefined;
  await partial.write(task.scoring.format.head);
  const listener: Parameters<typeof analyseInput>[3] = {
    onHandedOver: task.handedOver,
    onInfo(told) {
      info = told;
      task.prefetch.openAhead();
    },
    onMoment(moment, events, frame) {
      tally.add(moment, events, frame);
      totals.add(moment, frame);
      if (info?.duration) progress.at(index, moment.mediaTime / info.duration);
    },
    write: (rows) => partial.write(rows),
  };
  const analysed = await analyseInput(input, index, task, listener).catch((error: unknown) => {
    if (partial.failed || task.signal.aborted || !isFaultOfInput(error)) throw error;
    return error;
  });
  const error = analysed instanceof Error ? failureOf(input, analysed) : null;
  const dropped = analysed instanceof Error ? {} : analysed.dropped;
  if (error === null) totals.end((performance.now() - began) / 1000, dropped);
  const { bytes, sha256 } = await partial.end();
  const written = error === null || tally.frames > 0 ? { output: place, bytes, sha256 } : NOTHING_WRITTEN;
  return {
    entry: {
      ...{ input, path, error, warnings: totals.warnings() },
      ...{ size, modified, etag, ...written, whole: error === null, tally: tally.cells(info, dropped) },
    },
    line: error ?? totals.text(),
  };
}

const NOTHING_WRITTEN = { output: null, bytes: null, sha256: null };
