/** Where an output goes: its inputs, and how they become what is stored. */
import { randomBytes } from 'node:crypto';
import type { MqttTarget, OscTarget, OutputTarget, WebhookTarget } from '../../domain/output.ts';
import { MienError } from '../../errors.ts';
import { builder } from './builder.ts';
import {
  assertCredentials,
  assertSecret,
  brokerUrl,
  host,
  momentInterval,
  oscPrefix,
  port,
  SECRET_BYTES,
  topicPrefix,
  webhookUrl,
} from './output-target-values.ts';

type InputFields = Parameters<Parameters<typeof builder.inputType>[1]['fields']>[0];

const SECRET =
  '`whsec_` and 24 to 64 bytes as base64, by which requests are signed. It is never shown again.';
const URLS = {
  webhook: 'Where requests are sent, `https://…` or `http://…`.',
  mqtt: 'The broker: `mqtt://host:1883`, or `mqtts://host:8883` over TLS.',
};

const WebhookInput = builder.inputType('WebhookInput', {
  description: 'A receiver of signed requests over HTTP.',
  fields: (t) => ({
    url: t.string({ required: true, description: URLS.webhook }),
    secret: t.string({ description: `${SECRET} Left out: mien makes one, and shows it once.` }),
  }),
});

const WebhookChangeInput = builder.inputType('WebhookChangeInput', {
  description: 'What is to change of a receiver of requests. What is left out stays as it is.',
  fields: (t) => ({
    url: t.string({ description: URLS.webhook }),
    secret: t.string({ description: SECRET }),
  }),
});

const mqttFields = (t: InputFields) => ({
  username: t.string({ description: 'As whom to connect; null: as nobody.' }),
  password: t.string({ description: 'It is never shown again. Null: none.' }),
  prefix: t.string({ description: 'With which all topics begin; `mien` where nobody says.' }),
  discoveryPrefix: t.string({
    description:
      'With which topics of Home Assistant’s discovery begin, `homeassistant` where nobody says; null: it is told nothing.',
  }),
  momentInterval: t.float({
    description:
      'Least seconds of media time between two moments of a stream, 0 to 3600; 1 where nobody says, 0: each.',
  }),
});

const MqttInput = builder.inputType('MqttInput', {
  description: 'A broker of MQTT 5.',
  fields: (t) => ({ url: t.string({ required: true, description: URLS.mqtt }), ...mqttFields(t) }),
});

const MqttChangeInput = builder.inputType('MqttChangeInput', {
  description:
    'What is to change of a broker. What is left out stays as it is; but with another `url`, user and password have to be given again.',
  fields: (t) => ({ url: t.string({ description: URLS.mqtt }), ...mqttFields(t) }),
});

const OSC = {
  host: 'A name or an address.',
  port: 'The UDP port, 1 to 65535.',
  prefix: 'With which all addresses begin; `/mien` where nobody says.',
};

const OscInput = builder.inputType('OscInput', {
  description: 'A receiver of Open Sound Control over UDP.',
  fields: (t) => ({
    host: t.string({ required: true, description: OSC.host }),
    port: t.int({ required: true, description: OSC.port }),
    prefix: t.string({ description: OSC.prefix }),
  }),
});

const OscChangeInput = builder.inputType('OscChangeInput', {
  description: 'What is to change of a receiver of OSC. What is left out stays as it is.',
  fields: (t) => ({
    host: t.string({ description: OSC.host }),
    port: t.int({ description: OSC.port }),
    prefix: t.string({ description: OSC.prefix }),
  }),
});

const PRIVATE = 'A private, loopback or link-local address only an admin may give.';

export const OutputTargetInput = builder.inputType('OutputTargetInput', {
  isOneOf: true,
  description: `Where an output goes: exactly one of these. ${PRIVATE}`,
  fields: (t) => ({
    webhook: t.field({ type: WebhookInput, description: 'Signed requests over HTTP.' }),
    mqtt: t.field({ type: MqttInput, description: 'Topics of a broker.' }),
    osc: t.field({ type: OscInput, description: 'Datagrams.' }),
  }),
});

export const OutputTargetChangeInput = builder.inputType('OutputTargetChangeInput', {
  isOneOf: true,
  description: `What is to change of where an output goes: the one that it is. ${PRIVATE}`,
  fields: (t) => ({
    webhook: t.field({ type: WebhookChangeInput, description: 'Of a webhook.' }),
    mqtt: t.field({ type: MqttChangeInput, description: 'Of a broker.' }),
    osc: t.field({ type: OscChangeInput, description: 'Of a receiver of datagrams.' }),
  }),
});

const MQTT_DEFAULTS: MqttTarget = {
  ...{ kind: 'MQTT', url: '', username: null, password: null },
  ...{ prefix: 'mien', discovery: 'homeassistant', momentInterval: 1 },
};
const OSC_DEFAULTS: OscTarget = { kind: 'OSC', host: '', port: 0, prefix: '/mien' };

/** @returns the target, and the secret that was made for it; null: none was @throws MienError BAD_INPUT */
export function toNewTarget({ webhook, mqtt, osc }: typeof OutputTargetInput.$inferInput): {
  target: OutputTarget;
  secret: string | null;
} {
  if (mqtt) return { target: toMqtt(MQTT_DEFAULTS, mqtt), secret: null };
  if (osc) return { target: toOsc(OSC_DEFAULTS, osc), secret: null };
  const made = `whsec_${randomBytes(SECRET_BYTES.made).toString('base64')}`;
  const target = toWebhook({ kind: 'WEBHOOK', url: '', secret: made }, webhook!);
  return { target, secret: webhook!.secret == null ? made : null };
}

/** What is left out stays as it is. @param before its `target` null: it cannot be read @throws MienError BAD_INPUT */
export function toChangedTarget(
  { kind, target: before }: { kind: OutputTarget['kind']; target: OutputTarget | null },
  { webhook, mqtt, osc }: typeof OutputTargetChangeInput.$inferInput,
): OutputTarget {
  const given = webhook ? 'WEBHOOK' : mqtt ? 'MQTT' : 'OSC';
  if (given !== kind)
    throw new MienError(
      'BAD_INPUT',
      `This output is of the kind ${kind}, and stays so: add another instead.`,
    );
  if (before === null && (osc?.host ?? (webhook ?? mqtt)?.url) == null) throw sealedByAnother();
  if (webhook) {
    if (before === null && webhook.secret == null) throw sealedByAnother();
    return toWebhook((before as WebhookTarget) ?? { kind: 'WEBHOOK', url: '', secret: '' }, webhook);
  }
  if (mqtt) return toMqtt((before as MqttTarget) ?? MQTT_DEFAULTS, mqtt);
  if (before === null && osc!.port == null) throw sealedByAnother();
  return toOsc((before as OscTarget) ?? OSC_DEFAULTS, osc!);
}

function sealedByAnother(): MienError {
  return new MienError(
    'BAD_INPUT',
    'What is stored of this output cannot be read, because it was sealed with another key: give all of where it goes, its secrets too.',
  );
}

function toWebhook(
  before: WebhookTarget,
  { url, secret }: typeof WebhookChangeInput.$inferInput,
): WebhookTarget {
  if (secret != null) assertSecret(secret);
  return { ...before, ...(url != null && { url: webhookUrl(url) }), ...(secret != null && { secret }) };
}

/** A password is not sent to where it was not given for. */
function toMqtt(before: MqttTarget, input: typeof MqttChangeInput.$inferInput): MqttTarget {
  const url = input.url == null ? before.url : brokerUrl(input.url);
  const kept = url === before.url ? before : { ...before, username: null, password: null };
  const { username, password, prefix, discoveryPrefix, momentInterval: interval } = input;
  const target = {
    ...{ ...kept, url },
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(prefix != null && { prefix: topicPrefix('prefix', prefix) }),
    ...(discoveryPrefix !== undefined && {
      discovery: discoveryPrefix && topicPrefix('discoveryPrefix', discoveryPrefix),
    }),
    ...(interval != null && { momentInterval: momentInterval(interval) }),
  };
  assertCredentials(target);
  return target;
}

function toOsc(before: OscTarget, input: typeof OscChangeInput.$inferInput): OscTarget {
  return {
    ...before,
    ...(input.host != null && { host: host(input.host) }),
    ...(input.port != null && { port: port(input.port) }),
    ...(input.prefix != null && { prefix: oscPrefix(input.prefix) }),
  };
}
