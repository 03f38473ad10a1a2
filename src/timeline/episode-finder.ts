/**
 * Finds episodes: stretches in which one expression other than NEUTRAL prevails on a track.
 *
 * An episode is found where the smoothed probability reaches `enter`, and ends (offset) with the last
 * reading before it falls below `exit`, or before another expression reaches `enter`: hysteresis, so that a
 * wavering score is one episode. It began (onset) where the frames that led to it began (`raw-onsets.ts`), because
 * smoothing is late, though never before another episode of its track has ended. It counts once it has lasted
 * `leastSeconds`; a shorter one is never told.
 * A track has one episode at a time. Faces too poor to judge neither begin nor end one, however long they are seen.
 *
 * Events: ONSET once the episode counts, with its onset in the past; APEX once the probability has fallen
 * clearly below its peak, again when a later peak is higher, and at the latest before the OFFSET. An episode
 * ends with the last reading in which it held when its track is not seen for `goneSeconds`, and at the session's end. A
 * track that two frames in a row show was not gone, however far they are apart.
 */
import { EXPRESSIONS } from '../domain/face.ts';
import type { Episode, EpisodeEvent, EpisodeEventKind } from '../domain/moment.ts';
import { type FaceAt, type FrameTime, RawOnsets } from './raw-onsets.ts';

export interface EpisodeRules {
  /** Smoothed probabilities, 0 to 1; `exit` below `enter`. */
  enter: number;
  exit: number;
  /** Seconds of media time. */
  leastSeconds: number;
  goneSeconds: number;
}

export const EPISODE_RULES: EpisodeRules = { enter: 0.5, exit: 0.35, leastSeconds: 0.3, goneSeconds: 2 };

/** An episode that may still turn out too short. */
interface Candidate {
  episode: Episode;
  expression: number;
  /** Last frame in which it held. */
  lastSeen: FrameTime;
  /** Last time at which its track was seen, good enough to judge or not. */
  inFrame: number;
  counted: boolean;
  apexTold: number | null;
}

/** How far below its peak an expression must fall for the peak to be told. */
const CLEARLY = 0.05;
const NEUTRAL = EXPRESSIONS.indexOf('NEUTRAL');

/** Finds the episodes of one session. */
export class EpisodeFinder {
  readonly #sessionId: string;
  readonly #rules: EpisodeRules;
  /** The open episode of each track, counted or not. */
  readonly #open = new Map<number, Candidate>();
  readonly #onsets: RawOnsets;
  /** Numbers given: where an episode is found, so that they are in that order; those that never count leave gaps. */
  #begun = 0;
  #lastFrame = Number.NEGATIVE_INFINITY;

  constructor(sessionId: string, rules: EpisodeRules) {
    this.#sessionId = sessionId;
    this.#rules = rules;
    this.#onsets = new RawOnsets(rules.enter);
  }

  /** Takes the faces of one frame. @param at its media time is not less than the one before */
  push(at: FrameTime, faces: readonly FaceAt[]): EpisodeEvent[] {
    const { mediaTime } = at;
    this.#onsets.push(at, faces);
    const closed = this.#closeGone(mediaTime, new Set(faces.map(({ track }) => track)));
    const judged = faces.filter((face) => face.judged);
    const events = [...closed, ...judged.flatMap((face) => this.#follow(at, face))];
    for (const { track } of faces) {
      const candidate = this.#open.get(track);
      if (candidate) candidate.inFrame = mediaTime;
    }
    this.#lastFrame = mediaTime;
    return events;
  }

  /** Closes the open episodes at the end of the session. */
  finish(): EpisodeEvent[] {
    return this.#closeGone(Number.POSITIVE_INFINITY, new Set());
  }

  /** Open episodes that began before `until` are not told of any more: what they began with was erased. */
  forget(until: number): void {
    this.#onsets.forget(until);
    for (const [track, { episode }] of this.#open) if (episode.onset < until) this.#open.delete(track);
  }

  #closeGone(mediaTime: number, present: ReadonlySet<number>): EpisodeEvent[] {
    const gone = [...this.#open].filter(([track, { inFrame }]) => {
      const followed = present.has(track) && inFrame === this.#lastFrame;
      return !followed && inFrame < mediaTime - this.#rules.goneSeconds;
    });
    for (const [track] of gone) this.#open.delete(track);
    return gone.flatMap(([, candidate]) => close(candidate));
  }

  #follow(at: FrameTime, face: FaceAt): EpisodeEvent[] {
    const events: EpisodeEvent[] = [];
    const current = this.#open.get(face.track);
    const entering = prevailing(face.probabilities, this.#rules.enter);
    if (current && !holds(current, face, entering, this.#rules)) {
      events.push(...close(current));
      this.#open.delete(face.track);
      this.#onsets.restart(face.track, at);
    }
    const candidate = this.#open.get(face.track) ?? this.#begin(at, face.track, entering);
    if (!candidate) return events;
    return [...events, ...this.#advance(candidate, at, face)];
  }

  #begin(at: FrameTime, track: number, entering: number | null): Candidate | undefined {
    if (entering === null) return undefined;
    const began = this.#onsets.since(track, entering) ?? at;
    const episode: Episode = {
      index: this.#begun++,
      sessionId: this.#sessionId,
      track,
      expression: EXPRESSIONS[entering]!,
      onset: began.mediaTime,
      apex: at.mediaTime,
      offset: null,
      peak: 0,
      startedAt: new Date(began.wallTime),
      endedAt: null,
    };
    const times = { lastSeen: at, inFrame: at.mediaTime };
    const candidate = { episode, expression: entering, ...times, counted: false, apexTold: null };
    this.#open.set(track, candidate);
    return candidate;
  }

  #advance(candidate: Candidate, at: FrameTime, face: FaceAt): EpisodeEvent[] {
    const { mediaTime } = at;
    const { episode } = candidate;
    // The peak is stored in a float4 column: what is told is what is read back.
    const level = Math.fround(face.probabilities[candidate.expression] ?? 0);
    const events: EpisodeEvent[] = [];
    candidate.lastSeen = at;
    if (level > episode.peak) Object.assign(episode, { peak: level, apex: mediaTime });
    if (!candidate.counted && mediaTime - episode.onset >= this.#rules.leastSeconds) {
      candidate.counted = true;
      events.push(event('ONSET', episode));
    }
    if (level <= episode.peak - CLEARLY) events.push(...tellApex(candidate));
    return events;
  }
}

/** The expression at or above `enter`, if any; never NEUTRAL. */
function prevailing(probabilities: readonly number[], enter: number): number | null {
  const greatest = probabilities.reduce(
    (best, value, at) => (value > (probabilities[best] ?? 0) ? at : best),
    0,
  );
  return greatest !== NEUTRAL && (probabilities[greatest] ?? 0) >= enter ? greatest : null;
}

function holds(current: Candidate, face: FaceAt, entering: number | null, rules: EpisodeRules): boolean {
  if (entering !== null && entering !== current.expression) return false;
  return (face.probabilities[current.expression] ?? 0) >= rules.exit;
}

function close(candidate: Candidate): EpisodeEvent[] {
  if (!candidate.counted) return [];
  const apex = tellApex(candidate);
  const { mediaTime: offset, wallTime: endedAt } = candidate.lastSeen;
  Object.assign(candidate.episode, { offset, endedAt: new Date(endedAt) });
  return [...apex, event('OFFSET', candidate.episode)];
}

function tellApex(candidate: Candidate): EpisodeEvent[] {
  if (!candidate.counted || candidate.apexTold === candidate.episode.apex) return [];
  candidate.apexTold = candidate.episode.apex;
  return [event('APEX', candidate.episode)];
}

/** A copy: the episode goes on changing. */
function event(kind: EpisodeEventKind, episode: Episode): EpisodeEvent {
  return { kind, episode: { ...episode } };
}
