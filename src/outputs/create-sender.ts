/** What brings messages to the receiver of an output, and where that is. */
import { hostOf, type OutputRecord, type OutputTarget, topicRootOf } from '../domain/output.ts';
import { MienError } from '../errors.ts';
import { createAllowedHosts } from './allowed-hosts.ts';
import { MqttSender } from './mqtt/mqtt-sender.ts';
import { createOscSender } from './osc/osc-sender.ts';
import type { OutputDeps } from './ports.ts';
import type { Sender } from './sender.ts';
import { createWebhookSender } from './webhook/webhook-sender.ts';

/** Where it tells what is to be kept. */
export function whereOf({ id, target }: OutputRecord): string {
  return target?.kind === 'MQTT' ? topicRootOf({ address: target.url, prefix: target.prefix }) : id;
}

/** Null: where it goes cannot be read. */
export function createSender(record: OutputRecord, { outputs, log, server, now }: OutputDeps): Sender | null {
  const { target, allowPrivate, streamId } = record;
  const reach = createAllowedHosts(allowPrivate);
  switch (target?.kind) {
    case undefined:
      return null;
    case 'WEBHOOK':
      return createWebhookSender(target, { reach, now });
    case 'MQTT':
      return new MqttSender(target, {
        reach,
        record,
        log,
        server,
        now,
        present: () => outputs.present(streamId),
      });
    case 'OSC':
      return createOscSender(target, { reach });
  }
}

/** @throws MienError FORBIDDEN */
export async function assertAllowed(target: OutputTarget, allowPrivate: boolean): Promise<void> {
  const refusal = await createAllowedHosts(allowPrivate).refusal(hostOf(target));
  if (refusal !== null) throw new MienError('FORBIDDEN', refusal);
}
