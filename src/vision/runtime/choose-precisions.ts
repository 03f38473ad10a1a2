/** Which files of a pair compute in integers on this processor: those that are clearly faster so, and say the same. */
import { MienError } from '../../errors.ts';
import type { Models } from '../models/model-manifest.ts';
import type { ModelInput, ModelSession } from '../models/model-session.ts';
import { MODEL_KINDS, type ModelKind, type Precision, type Precisions } from '../models/precision.ts';
import { knownInput } from './known-faces.ts';
import { openModel } from './open-models.ts';
import { differenceOf } from './output-difference.ts';

export interface PrecisionChoice {
  precisions: Precisions;
  /** Of each file that there is in integers, too. */
  tried: Tried[];
}

export interface Tried {
  kind: ModelKind;
  chosen: Precision;
  /** Time of the file in integers by that of single precision; null: not measured. */
  ratio: number | null;
  /** Why it is not fit for this processor; null: it is. */
  fault: string | null;
}

/** Time of the file in integers by that of single precision up to which it is taken: clearly faster, for it is a little less exact. */
const WORTH_IT = 0.85;
const ROUNDS = 5;
/** Milliseconds for both, after which no more than the fewest rounds are run. */
const LONG = 400;
const FEWEST_ROUNDS = 3;

/**
 * Runs both files of each model in turn, on one thread of the CPU, on pictures of a face.
 * @param wanted `auto`: measured; `int8`: those that there are, without a measure
 * @throws MienError DEVICE_UNAVAILABLE: integers were asked for by name, and there are none, or this processor does not
 * compute them rightly
 */
export async function choosePrecisions(models: Models, wanted: Precision | 'auto'): Promise<PrecisionChoice> {
  if (wanted === 'single') return { precisions: { detector: 'single', ensemble: 'single' }, tried: [] };
  const tried: Tried[] = [];
  for (const kind of MODEL_KINDS) if (models[kind].int8) tried.push(await tryInt8(models, kind, wanted));
  if (wanted === 'int8' && tried.length === 0) throw unavailable('no card names a file in integers');
  const unfit = tried.find(({ fault }) => fault !== null);
  if (wanted === 'int8' && unfit) throw unavailable(`${unfit.kind}: ${unfit.fault}`);
  const chosenOf = (kind: ModelKind) => tried.find((one) => one.kind === kind)?.chosen ?? 'single';
  return { precisions: { detector: chosenOf('detector'), ensemble: chosenOf('ensemble') }, tried };
}

async function tryInt8(models: Models, kind: ModelKind, wanted: 'auto' | 'int8'): Promise<Tried> {
  const opened: ModelSession[] = [];
  const open = async (precision: Precision) => {
    const session = await openModel(models, kind, { device: 'cpu', intraOpThreads: 1, precision });
    opened.push(session);
    return session;
  };
  try {
    const pair = { single: await open('single'), int8: await open('int8') };
    return { kind, ...(await compare(models, kind, pair, wanted)) };
  } catch (error) {
    // Where it is the file of single precision, whoever opens it next says so.
    const fault = `it does not run (${error instanceof Error ? error.message : String(error)})`;
    return { kind, chosen: 'single', ratio: null, fault };
  } finally {
    for (const session of opened) await session.close();
  }
}

type Pair = Record<Precision, ModelSession>;

async function compare(models: Models, kind: ModelKind, { single, int8 }: Pair, wanted: 'auto' | 'int8') {
  const input = knownInput(models, kind);
  const fault = differenceOf(kind, await single.run(input), await int8.run(input), models);
  if (fault !== null) return { chosen: 'single', ratio: null, fault } as const;
  if (wanted === 'int8') return { chosen: 'int8', ratio: null, fault } as const;
  const [before, after] = await fastestInTurn([single, int8], input);
  const ratio = after! / before!;
  return { chosen: ratio <= WORTH_IT ? 'int8' : 'single', ratio, fault } as const;
}

/** Milliseconds of the fastest run of each. Each has run once before. */
async function fastestInTurn(sessions: readonly ModelSession[], input: ModelInput): Promise<number[]> {
  const fastest = sessions.map(() => Number.POSITIVE_INFINITY);
  const began = performance.now();
  for (let round = 0; round < ROUNDS; round++) {
    if (round >= FEWEST_ROUNDS && performance.now() - began > LONG) break;
    for (const [i, session] of sessions.entries()) {
      const took = stopwatch();
      await session.run(input);
      fastest[i] = Math.min(fastest[i]!, took());
    }
  }
  return fastest;
}

/**
 * Milliseconds since then: of the clock, or of processor time where that is less, because others had the processor meanwhile.
 * Some systems count processor time in steps longer than a run, and then none.
 */
function stopwatch(): () => number {
  const [began, before] = [performance.now(), process.cpuUsage()];
  return () => {
    const { user, system } = process.cpuUsage(before);
    const [passed, used] = [performance.now() - began, (user + system) / 1000];
    return used > 0 ? Math.min(passed, used) : passed;
  };
}

function unavailable(why: string): MienError {
  return new MienError(
    'DEVICE_UNAVAILABLE',
    `The models do not run in integers here (${why}): set MIEN_PRECISION=auto or single.`,
  );
}
