/** Sums of several sessions become one, with what they say of sessions like them. */

import { EXPRESSIONS } from '../../../domain/face.ts';
import { createEstimateOf, type EstimateOf } from '../../../domain/mean-estimate.ts';
import type { SessionMeans, SessionsSums, Sums } from '../../../domain/sessions-aggregate.ts';
import { NO_SUMS, type SumRow, toAggregate } from '../sum-row.ts';

/** What one session adds. */
export interface SessionPart {
  session: { id: string };
  /** Which trial of it, from 0; of one that has none, 0. */
  trial: number;
  sums: SumRow;
  /** Seconds for which the source was there, without what was erased; and those that were. */
  elapsed: number;
  erased: number;
}

type Total = Pick<SessionPart, 'sums' | 'elapsed' | 'erased'>;

interface SessionTotal extends Total {
  trials: number;
}

export type Combine = (parts: readonly SessionPart[]) => SessionsSums;

export function createCombine(): Combine {
  const estimateOf = createEstimateOf();
  return (all) => {
    const parts = bySession(all);
    let means: SessionMeans | undefined;
    return {
      ...toSums(addUp(parts)),
      sessions: parts.length,
      trials: parts.reduce((sum, { trials }) => sum + trials, 0),
      perSession() {
        means ??= meansOf(parts.map(perTrial), estimateOf);
        return means;
      },
    };
  };
}

/** Adds one to another, but for their starts. */
export function addTo(sums: number[], more: SumRow): void {
  for (let at = 1; at < sums.length; at++) sums[at]! += more[at]!;
}

/** A session has several parts where it has several trials, or its clock was set back: a range by the wall clock has more than one stretch then. */
function bySession(parts: readonly SessionPart[]): SessionTotal[] {
  const own = new Map<string, SessionPart[]>();
  for (const part of parts) {
    const some = own.get(part.session.id);
    if (some) some.push(part);
    else own.set(part.session.id, [part]);
  }
  return [...own.values()].map((some) =>
    some.length === 1
      ? { ...some[0]!, trials: 1 }
      : { ...addUp(some), trials: new Set(some.map(({ trial }) => trial)).size },
  );
}

function addUp(parts: readonly Total[]): Total {
  const total = { sums: [...NO_SUMS], elapsed: 0, erased: 0 };
  for (const { sums, elapsed, erased } of parts) {
    addTo(total.sums, sums);
    total.elapsed += elapsed;
    total.erased += erased;
  }
  return total;
}

/** Where several of them begin and end means nothing. */
function toSums({ sums: row, elapsed, erased }: Total): Sums {
  const {
    start: _,
    end: __,
    startedAt: ___,
    endedAt: ____,
    ...sums
  } = toAggregate(row, { start: 0, end: 0, elapsed, erased });
  return sums;
}

/** Seconds are of one trial, on average; all else is a mean or a share already. */
function perTrial({ trials, ...total }: SessionTotal): Sums {
  const sums = toSums(total);
  return trials === 1 ? sums : { ...sums, durations: sums.durations.map((seconds) => seconds / trials) };
}

/** Sessions without a face have no means of what faces show, and those without any time no coverage. */
function meansOf(sessions: readonly Sums[], estimateOf: EstimateOf): SessionMeans {
  const withFaces = sessions.filter(({ readings }) => readings > 0);
  const ofFaces = (value: (sums: Sums) => number | null) =>
    estimateOf(withFaces.map((sums) => value(sums) ?? 0));
  const each = (value: (at: number) => ReturnType<EstimateOf>) => EXPRESSIONS.map((_, at) => value(at));
  return {
    coverage: estimateOf(sessions.filter(({ elapsed }) => elapsed > 0).map(({ coverage }) => coverage)),
    shares: each((at) => ofFaces(({ labels, readings }) => labels[at]! / readings)),
    durations: each((at) => estimateOf(sessions.map(({ durations }) => durations[at]!))),
    probabilities: each((at) => ofFaces(({ probabilities }) => probabilities?.[at] ?? null)),
    valence: ofFaces(({ valence }) => valence),
    arousal: ofFaces(({ arousal }) => arousal),
    quality: ofFaces(({ quality }) => quality),
  };
}
