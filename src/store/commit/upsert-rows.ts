/** What a batch adds to rows that are there already: rollups, tracks and episodes. */
import type { Episode, EpisodeEvent, EpisodeEventKind, Moment, Rollup } from '../../domain/moment.ts';
import { expressionCode } from '../sql/expression-codes.ts';
import { ROLLUP_SPANS } from '../sql/rollup-spans.ts';
import { addUp, rollupValues } from '../sql/rollup-values.ts';
import type { SessionPosition } from './flat-rows.ts';

/** Where values stand in a row: behind session, span, track and second. */
const IN_ROW = 4;

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
      else addUp(sum, values, IN_ROW);
    }
  }
  return [...sums.values()];
}

export function trackRows(moments: readonly Moment[], positionOf: SessionPosition): number[][] {
  const rows = new Map<string, number[]>();
  for (const { sessionId, mediaTime, wallTime, faces } of moments) {
    for (const { track } of faces) {
      const row = rows.get(`${sessionId} ${track}`);
      if (row === undefined) {
        const seen = [mediaTime, mediaTime, 1, wallTime, wallTime];
        rows.set(`${sessionId} ${track}`, [positionOf(sessionId), track, ...seen]);
      } else addSighting(row, mediaTime, wallTime);
    }
  }
  return [...rows.values()];
}

/** First and last seen, how often, and the wall times of both. */
function addSighting(row: number[], mediaTime: number, wallTime: number): void {
  if (mediaTime < row[2]!) [row[2], row[5]] = [mediaTime, wallTime];
  if (mediaTime > row[3]!) [row[3], row[6]] = [mediaTime, wallTime];
  row[4]! += 1;
}

/** What a commit tells of episodes, and where in the order of commits. */
interface PositionedEvents {
  position: number;
  events: readonly EpisodeEvent[];
}

/** The newest state of each episode (an offset of NaN: it lasts), and where each kind of event stands (NaN: not told here). */
export function episodeRows(items: readonly PositionedEvents[], positionOf: SessionPosition): number[][] {
  const newest = new Map<string, { episode: Episode; at: Partial<Record<EpisodeEventKind, number>> }>();
  for (const { events, position } of items) {
    for (const { kind, episode } of events) {
      const key = `${episode.sessionId} ${episode.index}`;
      newest.set(key, { episode, at: { ...newest.get(key)?.at, [kind]: position } });
    }
  }
  return [...newest.values()].map(({ episode, at }) => [
    positionOf(episode.sessionId),
    episode.index,
    episode.track,
    expressionCode(episode.expression),
    episode.onset,
    episode.apex,
    episode.offset ?? Number.NaN,
    episode.peak,
    episode.startedAt.getTime(),
    episode.endedAt?.getTime() ?? Number.NaN,
    ...(['ONSET', 'APEX', 'OFFSET'] as const).map((kind) => at[kind] ?? Number.NaN),
  ]);
}
