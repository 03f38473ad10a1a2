/** What a batch adds to rows that are there already: rollups, tracks and episodes. */
import { DROP_REASONS, type DropCounts } from '../../domain/frame.ts';
import type { Episode, EpisodeEvent, Moment, Rollup } from '../../domain/moment.ts';
import { FRACTION } from '../../domain/quantise.ts';
import { expressionCode } from '../sql/expressions.ts';
import { ROLLUP_SPANS } from '../sql/rollup-spans.ts';
import type { SessionPosition } from './flat-rows.ts';

/** Frames dropped, by reason, in the order of the columns. */
export function dropColumns(dropped: DropCounts): number[] {
  return DROP_REASONS.map((reason) => dropped[reason] ?? 0);
}

/** The seconds and, summed, the longer spans that they belong to. */
export function rollupRows(rollups: readonly Rollup[], positionOf: SessionPosition): number[][] {
  const sums = new Map<string, number[]>();
  for (const rollup of rollups) {
    const values = rollupValues(rollup);
    for (const span of ROLLUP_SPANS) {
      const second = Math.floor(rollup.second / span) * span;
      const key = `${rollup.sessionId} ${span} ${rollup.track} ${second}`;
      const sum = sums.get(key);
      if (sum === undefined)
        sums.set(key, [positionOf(rollup.sessionId), span, rollup.track, second, ...values]);
      else for (const [position, value] of values.entries()) sum[position + 4]! += value;
    }
  }
  return [...sums.values()];
}

function rollupValues({ probabilities, valence, arousal, quality, ...counts }: Rollup): number[] {
  const parts = (sums: readonly number[]) => sums.map((sum) => Math.round(sum * FRACTION));
  return [
    ...[counts.frames, ...dropColumns(counts.dropped), counts.covered, counts.readings, counts.abstained],
    ...counts.labels,
    ...parts(probabilities),
    ...counts.durations,
    ...parts([valence, arousal, quality]),
  ];
}

export function trackRows(moments: readonly Moment[], positionOf: SessionPosition): number[][] {
  const rows = new Map<string, number[]>();
  for (const { sessionId, mediaTime, faces } of moments) {
    for (const { track } of faces) {
      const row = rows.get(`${sessionId} ${track}`);
      if (row === undefined) {
        rows.set(`${sessionId} ${track}`, [positionOf(sessionId), track, mediaTime, mediaTime, 1]);
      } else {
        row[2] = Math.min(row[2]!, mediaTime);
        row[3] = Math.max(row[3]!, mediaTime);
        row[4]! += 1;
      }
    }
  }
  return [...rows.values()];
}

/** The newest state of each episode; an offset of NaN: it lasts. */
export function episodeRows(events: readonly EpisodeEvent[], positionOf: SessionPosition): number[][] {
  const newest = new Map<string, Episode>();
  for (const { episode } of events) newest.set(`${episode.sessionId} ${episode.index}`, episode);
  return [...newest.values()].map((episode) => [
    positionOf(episode.sessionId),
    episode.index,
    episode.track,
    expressionCode(episode.expression),
    episode.onset,
    episode.apex,
    episode.offset ?? Number.NaN,
    episode.peak,
  ]);
}
