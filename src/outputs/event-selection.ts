/** What of the events of its streams an output is told. */
import type { LiveEvent, LiveEventKind, LiveEventOf } from '../domain/live-event.ts';
import type { Episode, EpisodeEvent, Moment } from '../domain/moment.ts';
import type { OutputRecord } from '../domain/output.ts';
import { inMicroseconds } from '../domain/quantise.ts';
import { isLive } from '../domain/stream.ts';
import { CoverageWatch } from './coverage-watch.ts';
import type { OutputMessage, RuleChange, Standing, StreamName } from './message.ts';
import { RuleWatch } from './rule-watch.ts';

/** That a stream was removed comes from the database, whichever server did it, and is none of the kinds that are listened to. */
export type SelectedEvent = LiveEventOf<'moment' | 'episode' | 'status' | 'removed'>;

type Wishes = Pick<OutputRecord, 'topics' | 'rules' | 'target'>;

/** Kinds of events that an output listens to; of moments only where something is made of them. */
export function selectedKinds({
  topics,
  rules,
}: Omit<Wishes, 'target'>): Extract<LiveEventKind, SelectedEvent['kind']>[] {
  const needsMoments = rules.length > 0 || topics.includes('COVERAGE') || topics.includes('MOMENTS');
  return [
    'status',
    ...(topics.includes('EPISODES') ? (['episode'] as const) : []),
    ...(needsMoments ? (['moment'] as const) : []),
  ];
}

interface StreamWatch {
  rules: RuleWatch;
  coverage: CoverageWatch;
  /** Of the moment before. */
  sessionId: string;
  /** Media time of the newest moment that was told. */
  told: number;
}

/** Follows all streams of one output. */
export class EventSelection {
  readonly #wishes: Wishes;
  readonly #now: () => number;
  readonly #streams = new Map<string, StreamWatch>();

  /** @param now milliseconds since the epoch */
  constructor(wishes: Wishes, now: () => number = () => Date.now()) {
    this.#wishes = wishes;
    this.#now = now;
  }

  /** How it is now, whatever of that was told. */
  standing(streamId: string): Standing {
    const watch = this.#streams.get(streamId);
    return { active: (rule) => watch?.rules.active(rule) ?? 0, isLow: watch?.coverage.isLow ?? false };
  }

  /** Forgets what was erased. @returns the ends of rules that were true of it, which will not be told */
  forget(isGone: (event: LiveEvent) => boolean): OutputMessage[] {
    return [...this.#streams].flatMap(([id, { rules, sessionId }]) => {
      const stream = { id, name: null };
      const changes = rules.forget((stretch) => isGone(episodeOf({ ...stretch, stream, sessionId })));
      return changes.map((change) => ofRule(change, { stream, sessionId, at: new Date(this.#now()) }));
    });
  }

  /** In the order in which they happened. @param isOurs of a stream that was removed: no other server tells of it */
  messages(event: SelectedEvent, stream: StreamName, isOurs: boolean): OutputMessage[] {
    switch (event.kind) {
      case 'moment':
        return this.#ofMoment(event, stream);
      case 'episode': {
        const { kind, episode } = event.event;
        if (kind === 'APEX') return [];
        const at = kind === 'OFFSET' ? (episode.endedAt ?? episode.startedAt) : episode.startedAt;
        const { sessionId } = episode;
        return [{ type: 'episode', kind, episode, stream, sessionId, at, origin: event }];
      }
      case 'status':
        return this.#ofStatus(event, stream);
      case 'removed':
        this.#streams.delete(event.streamId);
        // A broker keeps what each server told it of the stream, whatever that was.
        if (!(isOurs && this.#wishes.topics.includes('STATES')) && this.#wishes.target?.kind !== 'MQTT')
          return [];
        return [{ type: 'removed', stream, sessionId: null, at: new Date(this.#now()), origin: event }];
    }
  }

  #ofMoment(event: LiveEventOf<'moment'>, stream: StreamName): OutputMessage[] {
    const { moment, streamId } = event;
    const watch = this.#streams.get(streamId) ?? {
      ...{ rules: new RuleWatch(this.#wishes.rules), coverage: new CoverageWatch() },
      ...{ sessionId: moment.sessionId, told: Number.NEGATIVE_INFINITY },
    };
    if (watch.sessionId !== moment.sessionId) watch.told = Number.NEGATIVE_INFINITY;
    watch.sessionId = moment.sessionId;
    this.#streams.set(streamId, watch);
    const { sessionId } = moment;
    const at = new Date(moment.wallTime);
    const messages = watch.rules.push(moment).map((change) => ofRule(change, { stream, sessionId, at }));
    const change = this.#wishes.topics.includes('COVERAGE') ? watch.coverage.push(moment) : null;
    // It says nothing of any face, and is not to hold what is said of them.
    const origin: SelectedEvent = { ...event, moment: { ...moment, faces: [] } };
    if (change !== null) messages.push({ type: 'coverage', ...change, stream, sessionId, at, origin });
    if (this.#isDue(watch, moment))
      messages.push({ type: 'moment', moment, stream, sessionId, at, origin: event });
    return messages;
  }

  #isDue(watch: StreamWatch, { mediaTime }: Moment): boolean {
    if (!this.#wishes.topics.includes('MOMENTS')) return false;
    const { target } = this.#wishes;
    const interval = target?.kind === 'MQTT' ? target.momentInterval : 0;
    if (inMicroseconds(mediaTime - watch.told) < interval) return false;
    watch.told = mediaTime;
    return true;
  }

  #ofStatus(event: LiveEventOf<'status'>, stream: StreamName): OutputMessage[] {
    const { session, streamId, sameState } = event;
    if (sameState) return [];
    const at = session.endedAt ?? new Date(this.#now());
    const common = { stream, sessionId: session.id, at };
    const watch = this.#streams.get(streamId);
    const isCut = session.state === 'RECONNECTING' || !isLive(session);
    const own = watch?.sessionId === session.id ? watch : null;
    const ended = own && isCut ? own.rules.end() : [];
    const coverage = own && !isLive(session) ? own.coverage.end() : null;
    if (own && !isLive(session)) this.#streams.delete(streamId);
    return [
      ...ended.map((change) => ofRule(change, common)),
      ...(coverage ? [{ type: 'coverage' as const, ...coverage, ...common, origin: event }] : []),
      ...(this.#wishes.topics.includes('STATES')
        ? [{ type: 'state' as const, session, ...common, origin: event }]
        : []),
    ];
  }
}

type Stretch = Pick<RuleChange, 'rule' | 'track' | 'since' | 'until'> & Omit<Common, 'at'>;
type Common = Pick<OutputMessage, 'stream' | 'at'> & { sessionId: string };

function ofRule(change: RuleChange, common: Common): OutputMessage {
  return { type: 'rule', ...change, ...common, origin: episodeOf({ ...change, ...common }) };
}

/** What a rule says of a track is erased as an episode is. */
function episodeOf({ rule, track, since, until, stream, sessionId }: Stretch): SelectedEvent {
  const at = new Date();
  const episode: Episode = {
    ...{ sessionId, track, expression: rule.expression, index: -1, peak: 0 },
    ...{ onset: since, apex: since, offset: until, startedAt: at, endedAt: at },
  };
  const event: EpisodeEvent = { kind: 'OFFSET', episode };
  return { kind: 'episode', streamId: stream.id, event, position: 0 };
}
