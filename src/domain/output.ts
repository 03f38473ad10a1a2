/** Outputs: other programs that are told what happens, as soon as it is committed. */
import type { Expression } from './face.ts';
import type { SessionRecord } from './stream.ts';

export const OUTPUT_KINDS = ['WEBHOOK', 'MQTT', 'OSC'] as const;
export type OutputKind = (typeof OUTPUT_KINDS)[number];

/** What an output is told of, besides its rules. */
export const OUTPUT_TOPICS = ['EPISODES', 'STATES', 'COVERAGE', 'MOMENTS'] as const;
export type OutputTopic = (typeof OUTPUT_TOPICS)[number];

/** Outputs that a server has at most, and rules that an output has at most. */
export const MAX_OUTPUTS = 100;
export const MAX_RULES = 20;
export const MAX_OUTPUT_NAME = 100;
export const MAX_RULE_NAME = 60;
/** Seconds of media time. */
export const MAX_RULE_DURATION = 3600;

/** “When this expression of anyone lasts so long”: true of a track while its label is this one, surely enough. */
export interface OutputRule {
  /** Unique within its output. */
  name: string;
  expression: Expression;
  /** Seconds of media time for which it has to last; 0: one moment is enough. */
  minDuration: number;
  /** Least probability of the label, 0 to 1. */
  minConfidence: number;
  /** The number of a track; null: any. */
  track: number | null;
}

/** Where an output goes, secrets and all. */
export type OutputTarget = WebhookTarget | MqttTarget | OscTarget;

export interface WebhookTarget {
  kind: 'WEBHOOK';
  url: string;
  /** As Standard Webhooks writes it: `whsec_` and base64. */
  secret: string;
}

export interface MqttTarget {
  kind: 'MQTT';
  /** mqtt://host:port or mqtts://host:port */
  url: string;
  username: string | null;
  password: string | null;
  /** With which all topics begin. */
  prefix: string;
  /** With which topics of Home Assistant's discovery begin; null: it is told nothing. */
  discovery: string | null;
  /** Least seconds of media time between two moments of a stream. */
  momentInterval: number;
}

export interface OscTarget {
  kind: 'OSC';
  host: string;
  port: number;
  /** With which all addresses begin. */
  prefix: string;
}

/** The host that a target leads to. */
export function hostOf(target: OutputTarget): string {
  return target.kind === 'OSC' ? target.host : new URL(target.url).hostname;
}

/**
 * Where the topics of an output lie: its prefix at its broker. A broker is taken to be one at both of
 * the ports that brokers usually have.
 */
export function topicRootOf({ address, prefix }: { address: string; prefix: string }): string {
  const { hostname, port } = new URL(address);
  const broker = ['', '1883', '8883'].includes(port) ? hostname : `${hostname}:${port}`;
  return `${broker} ${prefix}`;
}

export interface OutputRecord {
  id: string;
  name: string;
  kind: OutputKind;
  /** Whose events it is told; null: those of all streams. */
  streamId: string | null;
  enabled: boolean;
  /** Null: its secrets cannot be read, because their key is lost. */
  target: OutputTarget | null;
  /** Whether an admin named where it goes: only then it may be a private address. */
  allowPrivate: boolean;
  topics: readonly OutputTopic[];
  rules: readonly OutputRule[];
  /** Why mien turned it off by itself, in a sentence; null: it did not. */
  stopped: string | null;
}

export type NewOutput = Omit<OutputRecord, 'id' | 'kind' | 'target' | 'stopped'> & { target: OutputTarget };

/** What can be changed; what is left out stays. */
export type OutputChange = Partial<Pick<NewOutput, 'name' | 'enabled' | 'topics' | 'rules'>> & {
  /** Made of the target as it is, by whoever asks. */
  target?: OutputTarget;
  allowPrivate?: boolean;
};

/** OFF: it is not turned on; CONNECTING: it was not there yet; READY; FAILING: the last try failed, it tries again; STOPPED: it tries no more. */
export const OUTPUT_STATES = ['OFF', 'CONNECTING', 'READY', 'FAILING', 'STOPPED'] as const;
export type OutputState = (typeof OUTPUT_STATES)[number];

/** How an output is doing since the server started, or since it was changed. */
export interface OutputStatus {
  state: OutputState;
  /** What went wrong last, in a sentence, and when in milliseconds since the epoch; null: nothing. */
  lastError: { message: string; at: number } | null;
  /** Messages: delivered; given up, because the receiver did not take them; let go of, because too many waited. */
  sent: number;
  failed: number;
  dropped: number;
  /** Messages that wait now. */
  waiting: number;
}

/** A stream, and the newest session of it; null: it never ran. */
export interface PresentStream {
  stream: { id: string; name: string };
  session: SessionRecord | null;
  /** Another server runs that, and tells how it is. */
  isElsewhere: boolean;
}

/** What came of sending an example. */
export interface OutputTrial {
  ok: boolean;
  /** In a sentence. */
  message: string;
  /** Of an answer over HTTP. */
  status: number | null;
  /** How the answer begins. */
  answer: string | null;
  milliseconds: number;
}
