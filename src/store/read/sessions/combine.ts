/** Sums of several sessions become one, with what they say of sessions like them. */
import { createEstimateOf, type EstimateOf } from '../../../domain/estimate.ts';
import { EXPRESSIONS } from '../../../domain/face.ts';
import type { SessionMeans, SessionsSums, Sums } from '../../../domain/sessions-aggregate.ts';
import { NO_SUMS, type SumRow, toAggregate } from '../sum-row.ts';

/** What one session adds. */
export interface SessionPart {
  session: { id: string };
  sums: SumRow;
  /** Seconds for which the source was there, without what was erased; and those that were. */
  elapsed: number;
  erased: number;
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
      perSession() {
        means ??= meansOf(parts.map(toSums), estimateOf);
        return means;
      },
    };
  };
}

/** Adds one to another, but for their starts. */
export function addTo(sums: number[], more: SumRow): void {
  for (let at = 1; at < sums.length; at++) sums[at]! += more[at]!;
}

/** A session has several parts where its clock was set back, so that a range by the wall clock has more than one stretch of it. */
function bySession(parts: readonly SessionPart[]): readonly SessionPart[] {
  const own = new Map<string, SessionPart[]>();
  for (const part of parts) {
    const some = own.get(part.session.id);
    if (some) some.push(part);
    else own.set(part.session.id, [part]);
  }
  if (own.size === parts.length) return parts;
  return [...own.values()].map((some) => ({ ...some[0]!, ...addUp(some) }));
}

function addUp(parts: readonly SessionPart[]): Omit<SessionPart, 'session'> {
  const total = { sums: [...NO_SUMS], elapsed: 0, erased: 0 };
  for (const { sums, elapsed, erased } of parts) {
    addTo(total.sums, sums);
    total.elapsed += elapsed;
    total.erased += erased;
  }
  return total;
}

/** Where several of them begin and end means nothing. */
function toSums({ sums: row, elapsed, erased }: Omit<SessionPart, 'session'>): Sums {
  const {
    start: _,
    end: __,
    startedAt: ___,
    endedAt: ____,
    ...sums
  } = toAggregate(row, { start: 0, end: 0, elapsed, erased });
  return sums;
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
