/**
 * Whether rules hold, in media time. A rule is true of a track once the track's label has been the rule's expression, with
 * enough confidence, for `minDuration`; it ends when that was otherwise for longer than GRACE, so that one blurred frame
 * neither ends it nor begins the count anew. A pause of the source, a cut to another scene and the end of the session end it.
 */
import type { FaceReading } from '../domain/face.ts';
import type { Moment } from '../domain/moment.ts';
import type { OutputRule } from '../domain/output.ts';
import { inMicroseconds } from '../domain/quantise.ts';
import type { RuleChange } from './message.ts';

/** Seconds of media time. */
export const GRACE = 0.5;

interface Stretch {
  since: number;
  /** Last time at which the label was the rule's. */
  held: number;
  isTold: boolean;
}

/** Of one stream. */
export class RuleWatch {
  readonly #rules: readonly { rule: OutputRule; stretches: Map<number, Stretch> }[];
  #last: Pick<Moment, 'sessionId' | 'mediaTime'> | null = null;

  constructor(rules: readonly OutputRule[]) {
    this.#rules = rules.map((rule) => ({ rule, stretches: new Map() }));
  }

  push(moment: Moment): RuleChange[] {
    const changes = this.#isBreak(moment) ? this.end() : [];
    this.#last = moment;
    const { mediaTime, faces } = moment;
    for (const { rule, stretches } of this.#rules) {
      const holding = new Set(faces.filter((face) => matches(rule, face)).map(({ track }) => track));
      changes.push(
        ...ended(
          rule,
          stretches,
          ({ held }, track) => !holding.has(track) && inMicroseconds(mediaTime - held) > GRACE,
        ),
      );
      for (const track of holding) changes.push(...lasted(rule, stretches, track, mediaTime));
    }
    return changes;
  }

  /** Of how many tracks a rule is true now. */
  active({ name }: OutputRule): number {
    const watched = this.#rules.find(({ rule }) => rule.name === name);
    return watched === undefined ? 0 : toldOf(watched.stretches);
  }

  /** Forgets stretches of which something was erased; what goes on counts anew. @returns those that were true */
  forget(isGone: (stretch: Pick<RuleChange, 'rule' | 'track' | 'since' | 'until'>) => boolean): RuleChange[] {
    return this.#rules.flatMap(({ rule, stretches }) =>
      ended(rule, stretches, ({ since, held: until }, track) => isGone({ rule, track, since, until })),
    );
  }

  /** Nothing follows what was shown last. */
  end(): RuleChange[] {
    this.#last = null;
    return this.#rules.flatMap(({ rule, stretches }) => ended(rule, stretches, () => true));
  }

  /** Whether it does not go on from the moment before. */
  #isBreak({ sessionId, mediaTime, previousDuration, cut }: Moment): boolean {
    if (this.#last === null) return false;
    if (cut || sessionId !== this.#last.sessionId) return true;
    return inMicroseconds(mediaTime - this.#last.mediaTime - previousDuration) > GRACE;
  }
}

function matches({ expression, minConfidence, track }: OutputRule, face: FaceReading): boolean {
  return (
    face.expression === expression &&
    face.confidence >= minConfidence &&
    (track === null || track === face.track)
  );
}

function lasted(rule: OutputRule, stretches: Map<number, Stretch>, track: number, now: number): RuleChange[] {
  const stretch = stretches.get(track) ?? { since: now, held: now, isTold: false };
  stretches.set(track, stretch);
  stretch.held = now;
  if (stretch.isTold || inMicroseconds(now - stretch.since) < rule.minDuration) return [];
  stretch.isTold = true;
  return [{ rule, holds: true, track, since: stretch.since, until: now, active: toldOf(stretches) }];
}

function ended(
  rule: OutputRule,
  stretches: Map<number, Stretch>,
  isOver: (stretch: Stretch, track: number) => boolean,
): RuleChange[] {
  const changes: RuleChange[] = [];
  for (const [track, stretch] of stretches) {
    if (!isOver(stretch, track)) continue;
    stretches.delete(track);
    const { since, held: until, isTold } = stretch;
    if (isTold) changes.push({ rule, holds: false, track, since, until, active: toldOf(stretches) });
  }
  return changes;
}

function toldOf(stretches: Map<number, Stretch>): number {
  return [...stretches.values()].filter(({ isTold }) => isTold).length;
}
