/** What a broker keeps of one output for whoever comes later: told anew at each connection, and taken back in the end. */
import type { MqttTarget, OutputRecord, PresentStream } from '../../domain/output.ts';
import type { Standing, StreamName } from '../message.ts';
import { type DiscoveryOptions, deviceOf, deviceTopic } from './home-assistant.ts';
import {
  cleared,
  type Publication,
  publicationOf,
  retainedTopics,
  standingPublications,
  type Topics,
  topicsOf,
} from './topics.ts';

export type Publish = (publication: Publication) => Promise<void>;

/** How an output names what it tells. */
interface Names {
  record: OutputRecord;
  topics: Topics;
  discovery: DiscoveryOptions | null;
}

export class Retained {
  readonly topics: Topics;
  readonly #target: MqttTarget;
  readonly #names: Names;
  readonly #now: () => number;
  /** Streams of which anything was told, by what they are called. */
  readonly #told = new Map<string, string | null>();
  /** Those that Home Assistant knows, as far as this connection has told it. */
  readonly #announced = new Map<string, string | null>();

  /** @param now milliseconds since the epoch */
  constructor(target: MqttTarget, record: OutputRecord, now: () => number = () => Date.now()) {
    this.#target = target;
    this.#now = now;
    this.#names = namesOf(target, record);
    this.topics = this.#names.topics;
  }

  get isEmpty(): boolean {
    return this.#told.size === 0;
  }

  /** That mien is there. */
  get online(): Publication {
    return { topic: this.topics.status, payload: 'online', qos: 1, retain: true };
  }

  get offline(): Publication {
    return { ...this.online, payload: 'offline' };
  }

  /**
   * How things are, to a broker that knows nothing, or what was true once.
   * @param publish what the broker refuses of it is no reason to reject
   */
  async tell(
    present: readonly PresentStream[],
    standing: (streamId: string) => Standing,
    publish: Publish,
  ): Promise<void> {
    this.#announced.clear();
    await publish(this.online);
    const told = present.flatMap((one) => [
      ...this.#stateOf(one),
      ...(one.isElsewhere ? [] : this.#standingOf(one.stream, standing(one.stream.id))),
    ]);
    await Promise.all([...present.map(({ stream }) => this.announce(stream, publish)), ...told.map(publish)]);
  }

  /** Before anything else is told of a stream, and when it is called otherwise. @param publish as of `tell` */
  async announce(stream: StreamName, publish: Publish): Promise<void> {
    const { id, name } = stream;
    this.#told.set(id, name);
    const { discovery } = this.#names;
    const known = this.#announced.get(id);
    if (discovery === null || known === name || (known !== undefined && name === null)) return;
    this.#announced.set(id, name);
    await publish(deviceOf(stream, discovery));
  }

  /** Of a stream that was removed. @throws what was said of the first that was not taken away; all others are */
  async takeAway(streamId: string, publish: Publish): Promise<void> {
    this.#told.delete(streamId);
    this.#announced.delete(streamId);
    const topics = ofStream(streamId, this.#names);
    const tried = await Promise.allSettled(topics.map((topic) => publish(cleared(topic))));
    for (const one of tried) if (one.status === 'rejected') throw one.reason;
  }

  /**
   * What is to be told when this has ended: what is left is taken back.
   * @param becomes what the output is from now on; what that names stays. Null: it is no more, or off
   */
  takenBack(becomes: OutputRecord | null, present: readonly PresentStream[]): Publication[] {
    const target = becomes?.target;
    const isSame = target?.kind === 'MQTT' && target.url === this.#target.url;
    const next = becomes && isSame ? namesOf(target, becomes) : null;
    const streams = new Map([
      ...this.#told,
      ...present.map(({ stream: { id, name } }) => [id, name] as const),
    ]);
    const isNamed = next?.topics.status === this.topics.status;
    return [
      ...[...streams].flatMap(([id, name]) => this.#leftOf({ id, name }, next)),
      isNamed ? this.offline : cleared(this.topics.status),
    ];
  }

  /** What is taken back of one stream. */
  #leftOf(stream: StreamName, next: Names | null): Publication[] {
    const { discovery } = this.#names;
    const named = new Set(next === null ? [] : ofStream(stream.id, next));
    const gone = ofStream(stream.id, this.#names).filter((topic) => !named.has(topic));
    const stays = discovery !== null && named.has(deviceTopic(stream.id, discovery));
    return [...gone.map(cleared), ...(stays ? [deviceOf(stream, next!.discovery!, discovery)] : [])];
  }

  #standingOf(stream: StreamName, standing: Standing): Publication[] {
    return standingPublications({ stream, standing, now: this.#now() }, this.#names.record, this.topics);
  }

  #stateOf({ stream, session }: PresentStream): Publication[] {
    if (session === null || !this.#names.record.topics.includes('STATES')) return [];
    const origin = { kind: 'status', streamId: stream.id, session } as const;
    const at = session.endedAt ?? session.startedAt;
    const message = { type: 'state', session, stream, sessionId: session.id, at, origin } as const;
    return [publicationOf(message, this.topics)];
  }
}

function namesOf({ prefix, discovery }: MqttTarget, record: OutputRecord): Names {
  const topics = topicsOf(prefix, record.id);
  return { record, topics, discovery: discovery === null ? null : { record, prefix: discovery, topics } };
}

/** Topics that a broker keeps of a stream. */
function ofStream(streamId: string, { record, topics, discovery }: Names): string[] {
  return [
    ...(discovery === null ? [] : [deviceTopic(streamId, discovery)]),
    ...retainedTopics(streamId, record, topics),
  ];
}
