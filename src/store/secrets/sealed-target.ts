/** Where an output goes as it is stored: what shows it to people is readable, the rest is sealed. */
import { hostInUrl } from '../../domain/ipv6-brackets.ts';
import type { OutputTarget } from '../../domain/output.ts';
import { seal, unseal } from './seal.ts';
import type { SecretKeys } from './secret-keys.ts';

/** What is shown of it. */
export interface ShownTarget {
  address: string;
  prefix?: string;
  discovery?: string | null;
}

export interface StoredTarget {
  target: { [name in keyof ShownTarget]: ShownTarget[name] };
  /** All of an OutputTarget. */
  sealed: string;
}

export async function sealTarget(target: OutputTarget, keys: SecretKeys): Promise<StoredTarget> {
  return { target: { ...shownOf(target) }, sealed: seal(JSON.stringify(target), await keys.sealing()) };
}

/** Paths and queries of webhooks are secrets of their receivers: their origin alone is shown. */
function shownOf(target: OutputTarget): ShownTarget {
  switch (target.kind) {
    case 'WEBHOOK':
      return { address: new URL(target.url).origin };
    case 'MQTT':
      return { address: target.url, prefix: target.prefix, discovery: target.discovery };
    case 'OSC':
      return { address: `osc.udp://${hostInUrl(target.host)}:${target.port}`, prefix: target.prefix };
  }
}

/** @returns null where the key is lost */
export async function openTarget(sealed: string, keys: SecretKeys): Promise<OutputTarget | null> {
  const text = unseal(sealed, await keys.all());
  return text === null ? null : (JSON.parse(text) as OutputTarget);
}
