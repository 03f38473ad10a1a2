/** A store in memory: enough of one to run sessions and subscriptions for real. */
import { seesTags } from '../../src/domain/access.ts';
import { withMatchingFaces } from '../../src/domain/face-filter.ts';
import type { FrameSize } from '../../src/domain/frame.ts';
import { beginningOf, writerOf } from '../../src/domain/log-position.ts';
import {
  compareEpisodeEvents,
  EPISODE_EVENT_KINDS,
  type Episode,
  type EpisodeEvent,
  type EpisodeEventKind,
  type Moment,
} from '../../src/domain/moment.ts';
import type { MomentSearch } from '../../src/domain/moment-search.ts';
import type { SessionQueries } from '../../src/domain/session-queries.ts';
import {
  isLive,
  LASTING_STATES,
  LIVE_STATES,
  type SessionRecord,
  type SessionSettings,
  type SessionState,
  type StreamRecord,
} from '../../src/domain/stream.ts';
import { MienError } from '../../src/errors.ts';
import type { MomentSink, SessionRepository, StreamRepository } from '../../src/sessions/ports.ts';
import type { StreamRepository as StoredStreams } from '../../src/store/stream-repository.ts';
import type {
  CommitLog,
  LoggedEpisodeEvent,
  LoggedMoment,
  MomentHistory,
  StreamQueries,
} from '../../src/subscriptions/ports.ts';

export { seeded } from './seeded.ts';

export const tick = (milliseconds = 0) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));

export function moment(sessionId: string, seq: number, more: Partial<Moment> = {}): Moment {
  const times = { mediaTime: seq / 10, wallTime: 1000 + seq * 100, previousDuration: 0.1, cut: false };
  return { sessionId, seq, ...times, dropped: {}, faces: [], ...more };
}

/** Streams, sessions and moments in maps. `away`: refuses to write; `beforeRead`: what happens before and after a read. */
export class MemoryStore implements MomentSink, MomentHistory {
  readonly streams = new Map<string, StreamRecord>();
  readonly records = new Map<string, SessionRecord>();
  readonly moments = new Map<string, Moment[]>();
  readonly states: string[] = [];
  /** Each time that the size of a session's frames was told, and with which state. */
  readonly sizes: (FrameSize & { in: SessionState })[] = [];
  /** Each time that the smallest face that could be found was told. */
  readonly smallestFaces: number[] = [];
  /** Crashes in a row, by stream. */
  readonly crashes = new Map<string, number>();
  readonly finished: Parameters<MomentSink['finish']>[] = [];
  away = false;
  beforeRead: () => Promise<void> = async () => {};
  /** The newest position that retention deleted, by stream. */
  readonly expired = new Map<string, number>();
  /** Who commits what is appended from now on: servers that share a store are several. */
  writer = 1;
  readonly #newest = new Map<number, number>();
  /** By writer, in the order of their positions. */
  readonly #logged = new Map<number, LoggedMoment[]>();
  readonly #episodes = new Map<string, { episode: Episode; at: Map<EpisodeEventKind, number> }>();
  readonly #settings = new Map<string, SessionSettings>();
  #clock = 1_700_000_000_000;
  #ids = 0;

  readonly repository: StreamRepository & StreamQueries & Pick<StoredStreams, 'create'> = {
    createUnless: async (input, isTaken) =>
      isTaken(await this.repository.byName(input.name)) ? null : this.repository.create(input),
    create: async (input) => {
      const record = { shouldRun: false, ...input, id: `stream-${++this.#ids}`, createdAt: new Date() };
      this.streams.set(record.id, record);
      return record;
    },
    get: async (id) => this.streams.get(id) ?? null,
    tagsOf: (id) => this.streams.get(id)?.tags ?? null,
    byName: async (name) => [...this.streams.values()].filter((stream) => stream.name === name),
    thatShouldRun: async () =>
      [...this.streams.values()].filter(({ id, shouldRun }) => shouldRun && !this.#of(id).some(isLive)),
    hold: async () => {},
    share: async () => this.streams.size,
    byUpload: async (token) =>
      [...this.streams.values()].filter(({ source }) => source.type === 'upload' && source.token === token),
    countCrash: async (id) => {
      this.crashes.set(id, (this.crashes.get(id) ?? 0) + 1);
      return this.crashes.get(id)!;
    },
    crashesOf: async (id) => this.crashes.get(id) ?? 0,
    forgetCrashes: async (id) => {
      this.crashes.delete(id);
    },
    setShouldRun: async (id, shouldRun) => {
      const stream = this.streams.get(id);
      if (stream) this.streams.set(id, { ...stream, shouldRun });
    },
    update: async (id, change) => {
      const changed = { ...this.streams.get(id)!, ...change };
      this.streams.set(id, changed);
      return changed;
    },
    remove: async (id) => {
      this.streams.delete(id);
      for (const session of this.#of(id)) {
        this.records.delete(session.id);
        this.moments.delete(session.id);
      }
    },
  };

  readonly sessions: SessionRepository & SessionQueries = {
    create: async ({ streamId, modelId, settings, again }) => {
      if (again && !this.streams.get(streamId)?.shouldRun) throw new MienError('CONFLICT', 'It was stopped.');
      await this.repository.setShouldRun(streamId, true);
      const session = this.addSession(streamId, { modelId });
      if (settings) this.#settings.set(session.id, settings);
      return session;
    },
    begunWith: async (streamId) => this.#settings.get(this.#of(streamId).find(isLive)?.id ?? '') ?? null,
    setState: async (id, state, { failure = null, frame, smallestFace } = {}) => {
      this.#checkAway();
      const record = this.records.get(id);
      if (!record) throw new MienError('NOT_FOUND', 'no such session');
      const endedAt = LIVE_STATES.includes(state) ? null : new Date();
      const changed = { ...record, state, failure, endedAt };
      this.records.set(id, changed);
      if (LASTING_STATES.includes(state)) await this.repository.setShouldRun(record.streamId, false);
      this.states.push(state);
      if (frame) this.sizes.push({ in: state, ...frame });
      if (smallestFace !== undefined) this.smallestFaces.push(smallestFace);
      return changed;
    },
    adopt: () => this.sessions.live(),
    runner: async (id) => (isLive(this.records.get(id)!) ? { server: 'other 1', isGone: false } : null),
    takeAbandoned: async () => true,
    unwanted: async () =>
      [...this.records.values()].filter(
        (session) => isLive(session) && this.streams.get(session.streamId)?.shouldRun === false,
      ),
    interruptLive: async (ids, failure) => {
      const given = [...this.records.values()].filter(({ id }) => ids.includes(id));
      for (const { id } of given.filter(isLive)) await this.sessions.setState(id, 'INTERRUPTED', { failure });
      return given.map(({ id }) => this.records.get(id)!).filter(({ state }) => state === 'INTERRUPTED');
    },
    openEpisodes: async (ids) =>
      [...this.#episodes.values()]
        .map(({ episode }) => episode)
        .filter(({ sessionId, offset }) => ids.includes(sessionId) && offset === null)
        .map((episode) => ({ ...episode, offset: episode.apex, endedAt: episode.startedAt })),
    get: async (id) => this.records.get(id) ?? null,
    latest: async (streamId) => this.#of(streamId).at(-1) ?? null,
    live: async (streamId?: string) => this.#of(streamId).filter(isLive),
    followersOf: async (id, limit) => {
      const created = [...this.records.values()];
      const at = created.findIndex((session) => session.id === id);
      return created
        .slice(at + 1)
        .filter(({ streamId }) => streamId === created[at]?.streamId)
        .slice(0, limit);
    },
    startedSince: async (time, { streamId, tags, limit } = {}) =>
      this.#of(streamId)
        .filter((session) =>
          seesTags({ streams: tags ?? null }, this.streams.get(session.streamId)?.tags ?? {}),
        )
        .filter(({ startedAt }) => startedAt >= time)
        .slice(0, limit),
  };

  addSession(streamId: string, more: Partial<SessionRecord> = {}): SessionRecord {
    this.#clock += 1000;
    const session: SessionRecord = {
      id: `session-${++this.#ids}`,
      streamId,
      state: 'STARTING',
      failure: null,
      modelId: 'model',
      startedAt: new Date(this.#clock),
      endedAt: null,
      ...more,
    };
    this.records.set(session.id, session);
    return session;
  }

  async append(added: Moment, events: readonly EpisodeEvent[] = []): Promise<number> {
    this.#checkAway();
    const all = this.moments.get(added.sessionId) ?? [];
    if (added.seq !== all.length) throw new Error(`moment ${added.seq} does not follow ${all.length - 1}`);
    all.push(added);
    this.moments.set(added.sessionId, all);
    const position = this.#position(added.sessionId, events);
    const logged = this.#logged.get(this.writer) ?? [];
    logged.push({ position, moment: added, streamId: this.#streamOf(added.sessionId) });
    this.#logged.set(this.writer, logged);
    return position;
  }

  async finish(...told: Parameters<MomentSink['finish']>): Promise<number> {
    this.#checkAway();
    this.finished.push(told);
    return this.#position(told[0], told[1]);
  }

  /** Where the newest of the writer's commits stands. */
  get newest(): number {
    return this.#newest.get(this.writer) ?? beginningOf(this.writer);
  }

  readonly log: CommitLog = {
    writers: async () => {
      await this.beforeRead();
      return [...this.#newest].map(([id, newest]) => ({ id, newest })).sort((a, b) => a.id - b.id);
    },
    expired: async (of) =>
      [...this.expired]
        .filter(([streamId]) => streamId === (of ?? streamId))
        .map(([streamId, position]) => ({ streamId, position })),
    behind: async (position, limit) => {
      await this.beforeRead();
      const ofWriter = this.#logged.get(writerOf(position)) ?? [];
      const from = ofWriter.findLastIndex((logged) => logged.position <= position) + 1;
      const page = ofWriter.slice(from, from + limit);
      await this.beforeRead();
      return page;
    },
    episodesBehind: async (place, { streamId, sessionId }, limit) => {
      await this.beforeRead();
      const all = [...this.#episodes.values()].flatMap(({ episode, at }) =>
        [...at].map(([kind, position]) => ({
          position,
          streamId: this.#streamOf(episode.sessionId),
          event: { kind, episode },
        })),
      );
      const after = ({ position, event }: LoggedEpisodeEvent) =>
        position - place.position ||
        event.episode.index - place.index ||
        EPISODE_EVENT_KINDS.indexOf(event.kind) - place.kind;
      const page = all
        .filter((logged) => writerOf(logged.position) === writerOf(place.position) && after(logged) > 0)
        .filter((logged) => logged.streamId === (streamId ?? logged.streamId))
        .filter(({ event }) => event.episode.sessionId === (sessionId ?? event.episode.sessionId))
        .sort((a, b) => a.position - b.position || compareEpisodeEvents(a.event, b.event))
        .slice(0, limit);
      await this.beforeRead();
      return page;
    },
  };

  #position(sessionId: string, events: readonly EpisodeEvent[]): number {
    const position = this.newest + 1;
    this.#newest.set(this.writer, position);
    for (const { kind, episode } of events) {
      const key = `${sessionId} ${episode.index}`;
      const at = this.#episodes.get(key)?.at ?? new Map<EpisodeEventKind, number>();
      this.#episodes.set(key, { episode, at: at.set(kind, position) });
    }
    return position;
  }

  #streamOf(sessionId: string): string {
    return this.records.get(sessionId)?.streamId ?? '';
  }

  async page(sessionId: string, after: number, limit: number): Promise<Moment[]> {
    await this.beforeRead();
    const page = this.#behind(sessionId, after).slice(0, limit);
    await this.beforeRead();
    return page;
  }

  async search(sessionId: string, { after, before, limit, backwards, range, faces }: MomentSearch) {
    await this.beforeRead();
    const { from, to } = range ?? { from: 0, to: Number.POSITIVE_INFINITY };
    const all = this.#behind(sessionId, after);
    const found: Moment[] = [];
    for (const one of backwards ? all.reverse() : all) {
      if (one.seq >= before || one.mediaTime < from || one.mediaTime >= to) continue;
      const wanted = withMatchingFaces(one, faces);
      if (wanted !== null) found.push(wanted);
      if (found.length > limit) break;
    }
    await this.beforeRead();
    const moments = found.slice(0, limit);
    if (backwards) moments.reverse();
    return { moments, more: moments.length < found.length, stoppedAt: null };
  }

  /** They lie without a hole, from the oldest that is kept. */
  #behind(sessionId: string, after: number): Moment[] {
    const all = this.moments.get(sessionId) ?? [];
    return all.slice(Math.max(0, after + 1 - (all[0]?.seq ?? 0)));
  }

  async extent(sessionId: string) {
    await this.beforeRead();
    const all = this.moments.get(sessionId) ?? [];
    return { oldest: all[0]?.seq ?? null, newest: all.at(-1)?.seq ?? -1 };
  }

  #of(streamId: string | undefined): SessionRecord[] {
    return [...this.records.values()]
      .filter((session) => streamId === undefined || session.streamId === streamId)
      .sort((a, b) => a.startedAt.getTime() - b.startedAt.getTime());
  }

  #checkAway(): void {
    if (this.away) throw new MienError('STORE_UNAVAILABLE', 'The database is away.');
  }
}
