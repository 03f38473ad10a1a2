/** Topics of MQTT, and what is told on them (docs/outputs.md lists them). */
import type { OutputRecord, OutputRule } from '../../domain/output.ts';
import { addressPart } from '../address-part.ts';
import type { OutputMessage, Standing, StreamName } from '../message.ts';
import { payloadOf, standingPayloads } from '../payload.ts';

export interface Publication {
  topic: string;
  /** Empty: what is retained there is taken away. */
  payload: string;
  qos: 0 | 1;
  retain: boolean;
}

export interface Topics {
  /** Whether mien is there: `online`, and `offline` by its last will. */
  status: string;
  state(streamId: string): string;
  moment(streamId: string): string;
  coverage(streamId: string): string;
  rule(streamId: string, rule: Pick<OutputRule, 'name'>): string;
  episode(streamId: string): string;
}

export function topicsOf(prefix: string, outputId: string): Topics {
  const ofStream = (id: string, name: string) => `${prefix}/streams/${id}/${name}`;
  return {
    status: `${prefix}/status/${outputId}`,
    state: (id) => ofStream(id, 'state'),
    moment: (id) => ofStream(id, 'moment'),
    coverage: (id) => ofStream(id, 'coverage'),
    rule: (id, { name }) => ofStream(id, `rules/${topicPart(name)}`),
    episode: (id) => ofStream(id, 'episode'),
  };
}

type Wishes = Pick<OutputRecord, 'topics' | 'rules'>;

/** Those that a broker keeps of a stream. */
export function retainedTopics(
  streamId: string,
  { topics: wished, rules }: Wishes,
  topics: Topics,
): string[] {
  return [
    ...(wished.includes('STATES') ? [topics.state(streamId)] : []),
    ...(wished.includes('COVERAGE') ? [topics.coverage(streamId)] : []),
    ...rules.map((rule) => topics.rule(streamId, rule)),
  ];
}

/** What is retained tells how it is now; what is not, what happens. */
export function publicationOf(message: OutputMessage, topics: Topics): Publication {
  const { type, timestamp, data } = payloadOf(message);
  const { id } = message.stream;
  const told = { type, at: timestamp, ...data };
  const as = (topic: string, qos: 0 | 1, retain: boolean, more: object = {}): Publication => ({
    ...{ topic, qos, retain },
    payload: JSON.stringify({ ...more, ...told }),
  });
  switch (message.type) {
    case 'moment':
      return as(topics.moment(id), 0, false);
    case 'episode':
      return as(topics.episode(id), 1, false);
    case 'state':
      return as(topics.state(id), 1, true);
    case 'coverage':
      return as(topics.coverage(id), 1, true, { state: onOff(message.isLow) });
    case 'rule':
      return as(topics.rule(id, message.rule), 1, true, { state: onOff(message.active > 0) });
    case 'removed':
      return cleared(topics.state(id));
  }
}

/** How coverage and rules of a stream are now: a broker may keep what was true when mien was there last. */
export function standingPublications(
  { stream, standing, now }: { stream: StreamName; standing: Standing; now: number },
  { topics: wished, rules }: Wishes,
  topics: Topics,
): Publication[] {
  const payloads = standingPayloads(stream, standing, now);
  const as = (topic: string, isOn: boolean, told: object): Publication => ({
    ...{ topic, qos: 1, retain: true },
    payload: JSON.stringify({ state: onOff(isOn), ...told }),
  });
  return [
    ...(wished.includes('COVERAGE')
      ? [as(topics.coverage(stream.id), standing.isLow, payloads.coverage())]
      : []),
    ...rules.map((rule) => as(topics.rule(stream.id, rule), standing.active(rule) > 0, payloads.rule(rule))),
  ];
}

function onOff(isOn: boolean): 'ON' | 'OFF' {
  return isOn ? 'ON' : 'OFF';
}

export function cleared(topic: string): Publication {
  return { topic, payload: '', qos: 1, retain: true };
}

/** Without what separates topics, or stands for several. */
export function topicPart(name: string): string {
  return addressPart(name, /^[^+#/\s_~\p{C}]$/u);
}
