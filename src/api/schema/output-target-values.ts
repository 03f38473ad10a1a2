/** What parts of where an output goes may be; each gives it back as it is stored. @throws MienError BAD_INPUT */
import { isIP } from 'node:net';
import { withoutBrackets } from '../../domain/ipv6-brackets.ts';
import type { MqttTarget } from '../../domain/output.ts';
import { isOneLine, isStorable } from '../../domain/storable-text.ts';
import { MienError } from '../../errors.ts';

const MAX_URL = 2000;
const MAX_PREFIX = 200;
/** Bytes; MQTT writes no more. */
const MAX_CREDENTIAL = 65_535;
/** Bytes of a webhook's secret, as Standard Webhooks bounds them. */
export const SECRET_BYTES = { least: 24, most: 64, made: 32 };
const MAX_INTERVAL = 3600;

export function webhookUrl(text: string): string {
  const url = urlOf('webhook.url', text, ['https:', 'http:'], 'https://example.org/hook');
  if (url.username !== '' || url.password !== '')
    throw bad(
      '`webhook.url` must not hold a user or a password: requests are signed instead, by `webhook.secret`.',
    );
  url.hash = '';
  return url.href;
}

export function brokerUrl(text: string): string {
  const url = urlOf('mqtt.url', text, ['mqtt:', 'mqtts:'], 'mqtt://broker.example.org:1883');
  if (url.username !== '' || url.password !== '')
    throw bad('`mqtt.url` must not hold a user or a password: give `username` and `password`.');
  if (url.hostname === '') throw bad('`mqtt.url` must name a host, as mqtt://broker.example.org:1883 does.');
  return `${url.protocol}//${url.hostname.toLowerCase()}${url.port === '' ? '' : `:${url.port}`}`;
}

function urlOf(field: string, text: string, protocols: readonly string[], example: string): URL {
  const url = text.length <= MAX_URL && URL.canParse(text) ? new URL(text) : null;
  if (url !== null && protocols.includes(url.protocol)) return url;
  throw bad(`\`${field}\` must be an address of at most ${MAX_URL} characters, such as ${example}.`);
}

export function assertSecret(secret: string): void {
  const [, text = ''] = /^whsec_([A-Za-z\d+/]{1,100}={0,2})$/.exec(secret) ?? [];
  const bytes = Buffer.from(text, 'base64');
  const { least, most } = SECRET_BYTES;
  if (bytes.length >= least && bytes.length <= most) return;
  throw bad(
    `\`webhook.secret\` must be \`whsec_\` and ${least} to ${most} bytes as base64; leave it out, and mien makes one.`,
  );
}

/** As whom to connect to a broker. */
export function assertCredentials({ username, password }: Pick<MqttTarget, 'username' | 'password'>): void {
  for (const [field, text] of Object.entries({ username, password }))
    if (text !== null && !(isStorable(text) && Buffer.byteLength(text) <= MAX_CREDENTIAL))
      throw bad(`\`mqtt.${field}\` must have ${MAX_CREDENTIAL} bytes at most, and no NUL.`);
  if (password !== null && username === null)
    throw bad('`mqtt.username` must be given with `mqtt.password`: a broker is told both, or neither.');
}

/** Of topics of MQTT. @param field what the client calls it */
export function topicPrefix(field: string, text: string): string {
  const isTopic =
    text !== '' && text.length <= MAX_PREFIX && isOneLine(text) && !/[+#\p{Cn}]|^[/$]|\/$/u.test(text);
  if (isTopic) return text;
  throw bad(
    `\`mqtt.${field}\` must be 1 to ${MAX_PREFIX} characters of a topic, as \`mien\` or \`home/mien\`, without + and #.`,
  );
}

export function oscPrefix(text: string): string {
  if (text.length <= MAX_PREFIX && /^(?:\/[\w.-]+)+$/.test(text)) return text;
  throw bad(
    '`osc.prefix` must be an address such as /mien: letters, digits, `_`, `.` and `-` between slashes.',
  );
}

export function host(text: string): string {
  const name = withoutBrackets(text);
  if (isIP(name) !== 0 || (text.length <= 253 && HOST_NAME.test(text))) return name.toLowerCase();
  throw bad('`osc.host` must be an IP address or the name of a host.');
}

const HOST_NAME = /^[a-z\d](?:[a-z\d-]{0,62})(?:\.[a-z\d](?:[a-z\d-]{0,62})){0,20}$/i;

export function port(number: number): number {
  if (number >= 1 && number <= 65_535) return number;
  throw bad('`osc.port` must be 1 to 65535.');
}

export function momentInterval(seconds: number): number {
  if (seconds >= 0 && seconds <= MAX_INTERVAL) return seconds;
  throw bad(`\`mqtt.momentInterval\` must be 0 to ${MAX_INTERVAL} seconds.`);
}

function bad(sentence: string): MienError {
  return new MienError('BAD_INPUT', sentence);
}
