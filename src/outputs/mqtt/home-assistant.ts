/** What Home Assistant is told so that streams are devices there by themselves (MQTT discovery of devices, 2024.11 and later). */
import type { OutputRecord, OutputRule } from '../../domain/output.ts';
import type { StreamName } from '../message.ts';
import { type Publication, type Topics, topicPart } from './topics.ts';

export interface DiscoveryOptions {
  record: Pick<OutputRecord, 'id' | 'rules' | 'topics'>;
  /** Home Assistant's own prefix. */
  prefix: string;
  topics: Topics;
}

interface Component {
  platform: string;
}

/** @param before of whose components it takes away those that are no more */
export function deviceOf(
  { id, name }: StreamName,
  options: DiscoveryOptions,
  before: DiscoveryOptions | null = null,
): Publication {
  const { record, topics } = options;
  const key = keyOf(id, record.id);
  const now = componentsOf(id, options);
  const gone = Object.entries(before === null ? {} : componentsOf(id, before)).filter(
    ([part]) => !(part in now),
  );
  const payload = {
    device: { identifiers: [key], name: name ?? id, manufacturer: 'mien', model: 'Stream' },
    origin: { name: 'mien' },
    availability_topic: topics.status,
    components: Object.fromEntries([
      ...Object.entries(now).map(([part, component]) => [
        part,
        { ...component, unique_id: `${key}_${part}` },
      ]),
      // A component is taken away by its platform alone.
      ...gone.map(([part, { platform }]) => [part, { platform }]),
    ]),
  };
  return { topic: deviceTopic(id, options), payload: JSON.stringify(payload), qos: 1, retain: true };
}

export function deviceTopic(
  streamId: string,
  { prefix, record }: Pick<DiscoveryOptions, 'prefix' | 'record'>,
): string {
  return `${prefix}/device/${keyOf(streamId, record.id)}/config`;
}

/** Letters, digits and `_` alone. */
function keyOf(streamId: string, outputId: string): string {
  return `mien_${outputId}_${streamId}`.replaceAll('-', '');
}

function componentsOf(streamId: string, { record, topics }: DiscoveryOptions): Record<string, Component> {
  const { topics: wished, rules } = record;
  return {
    ...(wished.includes('STATES') && stateOf(topics.state(streamId))),
    ...(wished.includes('MOMENTS') && ofMoments(topics.moment(streamId))),
    ...(wished.includes('COVERAGE') && lowCoverage(topics.coverage(streamId))),
    ...Object.fromEntries(
      rules.map((rule) => [`rule_${topicPart(rule.name)}`, ruleOf(rule, topics.rule(streamId, rule))]),
    ),
  };
}

function stateOf(state_topic: string) {
  return {
    state: { platform: 'sensor', name: 'State', state_topic, value_template: '{{ value_json.state }}' },
  };
}

function ofMoments(state_topic: string) {
  const sensor = (name: string, field: string, more: object = {}) => ({
    ...{ platform: 'sensor', name, state_topic, value_template: `{{ value_json.${field} }}` },
    ...more,
  });
  const measured = { state_class: 'measurement' };
  return {
    expression: sensor('Apparent expression', 'apparentExpression'),
    faces: sensor('Faces', 'faces', measured),
    valence: sensor('Valence', 'valence', measured),
    arousal: sensor('Arousal', 'arousal', measured),
  };
}

const isOn = { platform: 'binary_sensor', value_template: '{{ value_json.state }}' };

function lowCoverage(state_topic: string) {
  return { coverage: { ...isOn, name: 'Low coverage', device_class: 'problem', state_topic } };
}

function ruleOf({ name }: OutputRule, state_topic: string) {
  return { ...isOn, name, state_topic };
}
