/** The source of a stream: as a client gives it, and as it is shown, without secrets. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { AuditDetail } from '../../domain/audit.ts';
import type { SourceInput } from '../../domain/frame.ts';
import { isStorable } from '../../domain/storable-text.ts';
import { MienError } from '../../errors.ts';
import type { BringDemoClip } from '../context/ports.ts';
import { AS_PARENT } from './access.ts';
import { builder } from './builder.ts';
import { describedValues } from './described-values.ts';

const MAX_LENGTH = 4096;

const sourceText = (name: string) =>
  z
    .string()
    .refine((text) => text.trim() !== '', `\`source.${name}\` must not be empty.`)
    .refine((text) => text.length <= MAX_LENGTH, `\`source.${name}\` is too long.`)
    .refine(isStorable, `\`source.${name}\` must not contain the character NUL, nor half a character.`)
    .nullish();

/** What a client gives must look like this. */
export const SOURCE_CHECKS = z.object({
  ...{ url: sourceText('url'), file: sourceText('file') },
  ...{ upload: sourceText('upload'), device: sourceText('device') },
});

const PushSourceInput = builder.inputType('PushSourceInput', {
  description: 'Video that is sent to mien, from a browser’s camera or by a program. `{}` is enough.',
  fields: (t) => ({
    expiresAt: t.field({
      type: 'DateTime',
      description: 'When the address ends by itself that it is sent to; left out: it does not.',
    }),
  }),
});

export const SourceInputType = builder.inputType('SourceInput', {
  description: 'Where video comes from: exactly one of these.',
  isOneOf: true,
  fields: (t) => ({
    url: t.string({
      description: 'An address: `http(s)://` (files and HLS), `rtsp(s)://` or `rtmp(s)://`.',
    }),
    file: t.string({
      description: 'A path inside the server’s `MIEN_MEDIA_DIR`.',
    }),
    upload: t.string({ description: 'The token that `POST /uploads` gave.' }),
    device: t.string({
      description:
        'A camera of the server, such as `/dev/video0`; of one of several, by what that is called (`MIEN_DEVICE_HOST`), such as `lab-1:/dev/video0`.',
    }),
    demo: t.boolean({
      description: 'With true the clip that mien comes with, to try it; it is kept as an upload.',
    }),
    push: t.field({
      type: PushSourceInput,
      description: 'Nothing that mien fetches: it is sent to the address in `ingest` of the payload.',
    }),
  }),
});

const KIND_DESCRIPTIONS = {
  URL: 'An address on the network.',
  FILE: 'A file in the media directory.',
  UPLOAD: 'A file that was uploaded.',
  DEVICE: 'A camera of the server.',
  PUSH: 'Sent to mien by whoever knows its address.',
} as const;

const SourceKindEnum = builder.enumType('SourceKind', {
  description: 'How a source was named.',
  values: describedValues(KIND_DESCRIPTIONS),
});

interface ShownSource {
  kind: keyof typeof KIND_DESCRIPTIONS;
  location: string | null;
  videoTrack: number | null;
}

export const SourceType = builder.objectRef<ShownSource>('Source').implement({
  extensions: AS_PARENT,
  description: 'Where a stream’s video comes from.',
  fields: (t) => ({
    kind: t.field({ type: SourceKindEnum, description: 'How it was named.', resolve: ({ kind }) => kind }),
    location: t.exposeString('location', {
      nullable: true,
      description:
        'The address without user, password and query, the path, or the device; null for uploads, whose token is a secret, and for what is sent to mien.',
    }),
    videoTrack: t.exposeInt('videoTrack', {
      nullable: true,
      description: 'Which of its video tracks is read, from 1; null: the default one.',
    }),
  }),
});

/** @throws MienError BAD_INPUT when no source is given, or mien has no demo */
export async function toSource(
  input: typeof SourceInputType.$inferInput,
  videoTrack: number | null | undefined,
  bringDemoClip: BringDemoClip,
): Promise<SourceInput> {
  const source: SourceInput = input.demo
    ? { type: 'upload', token: await bringDemoClip() }
    : toNamedSource(input);
  return videoTrack == null ? source : { ...source, videoTrack };
}

function toNamedSource(input: typeof SourceInputType.$inferInput): SourceInput {
  if (input.url != null) return { type: 'url', url: input.url };
  if (input.file != null) return { type: 'file', path: input.file };
  if (input.upload != null) return { type: 'upload', token: input.upload };
  if (input.device != null) return { type: 'device', device: input.device };
  if (input.push != null) return { type: 'push', inlet: randomUUID() };
  throw new MienError(
    'BAD_INPUT',
    'Give one of `url`, `file`, `upload`, `device` and `push` in `source`, or `demo: true`.',
  );
}

/**
 * What the audit keeps of a source. Of files and uploads the kind alone: a path may name who is filmed, and the audit outlives
 * what was recorded.
 */
export function auditedSource({
  url,
  device,
  upload,
  demo,
  push,
}: typeof SourceInputType.$inferInput): AuditDetail {
  if (url != null) return { source: 'URL', location: addressOnly(url) };
  if (device != null) return { source: 'DEVICE', location: device };
  if (push != null) return { source: 'PUSH' };
  return { source: upload == null && !demo ? 'FILE' : 'UPLOAD' };
}

/** Leaves out secrets: who may see a stream need not know how to log in to its camera. */
export function withoutSecrets(source: SourceInput): ShownSource {
  return { ...withoutAddress(source), videoTrack: source.videoTrack ?? null };
}

function withoutAddress(source: SourceInput): Omit<ShownSource, 'videoTrack'> {
  switch (source.type) {
    case 'url':
      return { kind: 'URL', location: addressOnly(source.url) };
    case 'file':
      return { kind: 'FILE', location: source.path };
    case 'upload':
      return { kind: 'UPLOAD', location: null };
    case 'device':
      return { kind: 'DEVICE', location: source.device };
    case 'push':
      return { kind: 'PUSH', location: null };
  }
}

/** An address without user, password and query; empty when it is none. */
function addressOnly(url: string): string {
  if (!URL.canParse(url)) return '';
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}
