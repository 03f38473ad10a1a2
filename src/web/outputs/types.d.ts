/** Outputs, as the server answers them. */
import type { Expression } from '../types.js';

export type OutputKind = 'WEBHOOK' | 'MQTT' | 'OSC';

export type OutputTopic = 'EPISODES' | 'STATES' | 'COVERAGE' | 'MOMENTS';

export interface Rule {
  name: string;
  expression: Expression;
  /** Seconds of media time. */
  minDuration: number;
  /** 0 to 1. */
  minConfidence: number;
  /** Null: of anyone. */
  trackNumber: number | null;
}

export interface Output {
  id: string;
  name: string;
  kind: OutputKind;
  enabled: boolean;
  /** Without what may be secret. */
  address: string;
  /** Null: of a webhook. */
  prefix: string | null;
  /** Null: Home Assistant is told nothing. */
  discoveryPrefix: string | null;
  topics: OutputTopic[];
  rules: Rule[];
  state: 'OFF' | 'CONNECTING' | 'READY' | 'FAILING' | 'STOPPED' | 'UNKNOWN';
  lastError: { message: string; at: string | null } | null;
  /** Messages, since the server started or it was changed; null: not known. */
  sent: number | null;
  failed: number | null;
  dropped: number | null;
  waiting: number | null;
  /** Null: it is told of all streams. */
  stream: { id: string } | null;
}

/** What came of sending an example. */
export interface Trial {
  ok: boolean;
  message: string;
  /** How the answer begins; null: there was none. */
  answer: string | null;
  milliseconds: number;
}
