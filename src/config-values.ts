/** How the values of settings are written: one check for each kind, whose message goes on after the setting's name. */
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { z } from 'zod';

const UNITS: Record<string, number> = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 };
/** More than any file or disk that a mien runs on. */
const MAX_BYTES = 16 * 2 ** 40;

export const flag = z.stringbool({ error: 'must be true or false' });

export const list = z.string().transform((text) =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== ''),
);

export const whole = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d{1,15}$/, `must be a whole number from ${least} to ${most}`)
    .transform(Number)
    .pipe(z.number().min(least, `must be at least ${least}`).max(most, `must be at most ${most}`));

export const bytes = z
  .string()
  .regex(/^\d{1,15}\s*(?:[kmgt](?:i?b)?|b)?$/i, 'must be a size such as 500MB or 2GB')
  .transform((text) => {
    const [, amount = '', unit = ''] = /^(\d+)\s*([kmgt]?)/i.exec(text) ?? [];
    return Number(amount) * (UNITS[unit.toLowerCase()] ?? 1);
  })
  .pipe(z.number().min(1, 'must be at least 1 byte').max(MAX_BYTES, 'must be at most 16TB'));

/** A hundred years. */
export const MAX_RETENTION_HOURS = 876_000;

/** Hours; null for `off`. */
export const retention = z
  .string()
  .regex(/^(?:off|\d{1,6}[dh])$/, 'must be a time such as 30d or 12h, or off')
  .transform((text) => (text === 'off' ? null : Number.parseInt(text, 10) * (text.endsWith('d') ? 24 : 1)))
  .pipe(
    z
      .number()
      .min(1, 'must be at least 1h, or off')
      .max(MAX_RETENTION_HOURS, `must be at most ${MAX_RETENTION_HOURS}h, or off`)
      .nullable(),
  );

/** A bucket, and with what all names of ours in it begin: empty, or with a slash behind. */
export interface BucketPlace {
  bucket: string;
  prefix: string;
}

/** A directory, or a bucket as `s3://bucket/prefix`. */
export const uploadsPlace = z.string().transform((text, context): string | BucketPlace => {
  // What was meant as a bucket is no name of a directory.
  if (!/^\s*(?:s3:|[a-z][a-z\d+.-]*:\/\/)/i.test(text)) return text;
  const [, bucket, path = ''] =
    /^s3:\/\/([a-z\d][\w.-]{1,61}[a-z\d])((?:\/[\w.=-]{1,100}){0,8})\/?$/i.exec(text) ?? [];
  if (bucket !== undefined && !/\/\.{1,2}(?:\/|$)/.test(path))
    return { bucket, prefix: path === '' ? '' : `${path.slice(1)}/` };
  const message = 'must be a directory, or a bucket such as s3://bucket/prefix';
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
});

export const oneOf = <const T extends readonly [string, ...string[]]>(values: T) =>
  z.enum(values, { error: `must be one of ${values.join(', ')}` });

export const databaseUrl = z
  .string()
  .refine((text) => /^postgres(?:ql)?:\/\/\S+$/.test(text) && URL.canParse(text), {
    error: 'must be a PostgreSQL address, such as postgresql://user@host:5432/mien',
  });

/** Those of one cluster, which are asked for in the same name. The password may stand in it: no message has it. */
export const natsUrls = list.superRefine((all, context) => {
  if (all.every(isNatsUrl)) return;
  const message = 'must be an address such as nats://user:password@host:4222, or several separated by commas';
  context.addIssue({ code: 'custom', message });
});

function isNatsUrl(text: string): boolean {
  if (!/^(?:nats|tls):\/\/[^\s/?#]+\/?$/.test(text) || !URL.canParse(text)) return false;
  const { hostname, username, password } = new URL(text);
  return hostname !== '' && [username, password].every((part) => !/%(?![\da-f]{2})/i.test(part));
}

/** An address or a name to listen on. What ends in a number is an address (as in URLs), or nothing. */
export const host = z
  .string()
  .refine((text) => isIP(text) !== 0 || (HOST_NAME.test(text) && !/(?:^|\.)\d+$/.test(text)), {
    error: 'must be an IP address such as 127.0.0.1 or ::1, or a host name',
  });

const HOST_NAME = /^[a-z\d](?:[a-z\d-]{0,62})(?:\.[a-z\d](?:[a-z\d-]{0,62})){0,20}$/i;

/** What people call a machine. */
export const hostLabel = z
  .string()
  .regex(/^[A-Za-z0-9][\w.-]{0,62}$/, 'must be a name of letters, digits, dots and hyphens, such as lab-1');

/** For people to read, on one line. */
export const sentence = z.string().max(300, 'must have at most 300 characters');

export const pageUrl = z
  .string()
  .max(1000, 'must have at most 1000 characters')
  .refine((text) => /^https?:\/\/\S+$/.test(text) && URL.canParse(text), {
    error: 'must be an address of a page, such as https://example.org/privacy',
  });

/** Exact ones only: a page's origin is compared with them as the browser words it. */
export const allowedOrigins = list.superRefine((all, context) => {
  for (const one of all) {
    if (one !== '*' && originOf(one) !== one) context.addIssue({ code: 'custom', message: notExact(one) });
  }
});

/** As a browser's address bar may show them, with a slash behind. */
export const publicUrls = list
  .transform((all) => all.map((one) => one.replace(/\/$/, '')))
  .superRefine((all, context) => {
    for (const one of all) {
      if (originOf(one) !== one) context.addIssue({ code: 'custom', message: notExact(one) });
    }
  });

const PROXY_NETWORKS = ['loopback', 'linklocal', 'uniquelocal'];

/** Addresses, networks, or names of networks. */
export const proxies = list.superRefine((all, context) => {
  for (const one of all) {
    if (PROXY_NETWORKS.includes(one) || ipaddr.isValid(one) || ipaddr.isValidCIDR(one)) continue;
    const message = `names ${JSON.stringify(one)}: write an address such as 10.1.2.3, a network such as 10.1.0.0/16, or ${PROXY_NETWORKS.join(', ')}`;
    context.addIssue({ code: 'custom', message });
  }
});

/** Null for what has none that could be told from another's: files, apps, and addresses without their scheme. */
function originOf(text: string): string | null {
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return null;
  const { origin, username, password } = new URL(text);
  return username === '' && password === '' ? origin : null;
}

function notExact(text: string): string {
  const origin = originOf(text);
  const what = `names ${JSON.stringify(text)}, which is no web origin`;
  return origin === null
    ? `${what}: write scheme, host and port, such as https://example.org or http://localhost:3000`
    : `${what}: write ${origin}`;
}

export const purposes = list.pipe(
  z.array(z.enum(['WORKPLACE', 'EDUCATION'], { error: 'may name WORKPLACE and EDUCATION only' })),
);

export const secretKeys = list.refine((all) => all.every((key) => key.length >= 32), {
  error: 'must be a key of at least 32 characters, such as `openssl rand -base64 32` gives',
});

/** As a person would type it; empty where there is none. */
export function defaultOf(schema: z.ZodType): string {
  return schema instanceof z.ZodPrefault ? String(schema.def.defaultValue) : '';
}

/** Which of the known variables may have been meant, as the end of a sentence. */
export function suggestion(key: string, variables: readonly string[]): string {
  const parts = key.split('_');
  const near = variables
    .map((known) => ({ known, shared: known.split('_').filter((part) => parts.includes(part)).length }))
    .filter(({ known, shared }) => shared > 1 || known === key.slice('MIEN_'.length))
    .sort((a, b) => b.shared - a.shared)[0];
  return near ? `; did you mean ${near.known}` : '';
}
