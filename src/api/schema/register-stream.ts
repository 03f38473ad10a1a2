/** Registering a stream: the mutation, and what it takes. */
import { z } from 'zod';
import { MAX_VIDEO_TRACK } from '../../domain/frame.ts';
import { DEFAULT_SMOOTHING, MAX_RETENTION, MAX_SMOOTHING } from '../../domain/stream.ts';
import { MAX_TAGS } from '../../domain/tags.ts';
import type { NewStream } from '../context/ports.ts';
import { AS_PARENT } from './access.ts';
import { audited } from './audited.ts';
import { builder } from './builder.ts';
import { SessionType } from './session.ts';
import { auditedSource, SourceInputType, toSource } from './source.ts';
import { StreamType } from './stream.ts';
import {
  DetectSizeEnum,
  FrameTimingEnum,
  PRIORITY,
  PriorityEnum,
  PurposeEnum,
  RETENTION,
  SMOOTHING,
  TIMING,
} from './stream-settings.ts';
import { TagInputType, toTags } from './tags.ts';
import { hasNul } from './text.ts';

const MAX_NAME = 200;

const NAME = z
  .string()
  .refine((name) => name.trim() !== '', '`name` must not be empty.')
  .refine((name) => name.length <= MAX_NAME, `\`name\` must have at most ${MAX_NAME} characters.`)
  .refine((name) => !hasNul(name), '`name` must not contain the character NUL.');

const FRAME_RATE = z
  .number()
  .refine((rate) => rate >= 0.1 && rate <= 60, '`frameRate` must be from 0.1 to 60.')
  .nullish();

const VIDEO_TRACK = z
  .number()
  .refine(
    (track) => track >= 1 && track <= MAX_VIDEO_TRACK,
    `\`videoTrack\` must be from 1 to ${MAX_VIDEO_TRACK}.`,
  )
  .nullish();

const VIDEO_TRACK_DESCRIPTION =
  'Which of the source’s video tracks is read, from 1; cover pictures do not count. Null: the one that the source calls its default, otherwise the first.';
const TAGS = `Keys and values to find it by, and to say who may see it; ${MAX_TAGS} at most.`;

const SMOOTHING_MS = z
  .number()
  .refine(
    (ms) => ms >= 0 && ms <= MAX_SMOOTHING,
    `\`smoothing\` must be from 0 to ${MAX_SMOOTHING} milliseconds.`,
  )
  .nullish();

const RETENTION_HOURS = z
  .number()
  .refine(
    (hours) => hours >= 1 && hours <= MAX_RETENTION,
    `\`retention\` must be from 1 to ${MAX_RETENTION} hours.`,
  )
  .nullish();

const RegisterStreamInput = builder.inputType('RegisterStreamInput', {
  description: 'A stream to watch.',
  fields: (t) => ({
    name: t.string({
      required: true,
      description: `A name for people, 1 to ${MAX_NAME} characters.`,
      validate: NAME,
    }),
    source: t.field({ type: SourceInputType, required: true, description: 'Where the video comes from.' }),
    purpose: t.field({ type: PurposeEnum, required: true, description: 'What it is analysed for.' }),
    frameRate: t.float({
      defaultValue: 10,
      description: 'Frames scored per second of video, 0.1 to 60.',
      validate: FRAME_RATE,
    }),
    priority: t.field({ type: PriorityEnum, defaultValue: 'NORMAL', description: PRIORITY }),
    detectSize: t.field({
      type: DetectSizeEnum,
      defaultValue: 'STANDARD',
      description: 'How large the pictures are in which faces are looked for.',
    }),
    timing: t.field({ type: FrameTimingEnum, description: TIMING }),
    smoothing: t.int({
      defaultValue: DEFAULT_SMOOTHING,
      description: `${SMOOTHING} At most ${MAX_SMOOTHING}.`,
      validate: SMOOTHING_MS,
    }),
    retention: t.int({ description: `${RETENTION} From 1 to ${MAX_RETENTION}.`, validate: RETENTION_HOURS }),
    videoTrack: t.int({ description: VIDEO_TRACK_DESCRIPTION, validate: VIDEO_TRACK }),
    tags: t.field({ type: [TagInputType], defaultValue: [], description: TAGS }),
    autoStart: t.boolean({ defaultValue: true, description: 'Whether to start it at once.' }),
    loop: t.boolean({
      defaultValue: false,
      description: 'Whether to start again at the end; files and uploads only.',
    }),
    realtime: t.boolean({
      description:
        'Whether to read at the pace of the clock; null: live sources are, files are read as fast as they are scored.',
    }),
  }),
});

/** As the parts of the system tell it. */
interface Registered {
  id: string;
  name: string;
  alreadyRegistered: boolean;
}

const RegisterStreamPayload = builder.objectRef<Registered>('RegisterStreamPayload').implement({
  extensions: AS_PARENT,
  description: 'A stream that was registered.',
  fields: (t) => ({
    stream: t.prismaField({
      type: StreamType,
      description: 'The stream.',
      resolve: (query, { id }, _args, { prisma }) =>
        prisma.stream.findUniqueOrThrow({ ...query, where: { id } }),
    }),
    session: t.prismaField({
      type: SessionType,
      nullable: true,
      description:
        'Its newest run: the one that begins, unless it was registered before; null when it never ran.',
      resolve: (query, { id }, _args, { prisma }) =>
        prisma.session.findFirst({ ...query, where: { streamId: id }, orderBy: { ordinal: 'desc' } }),
    }),
    alreadyRegistered: t.exposeBoolean('alreadyRegistered', {
      description:
        'Whether there was this very stream already, by name, source and all its settings. It is given as it is: nothing was changed or started.',
    }),
  }),
});

builder.mutationFields((t) => ({
  registerStream: t.field({
    authScopes: { role: 'OPERATOR' },
    type: RegisterStreamPayload,
    description:
      'Looks at a source, remembers it, and starts watching it. Safe to repeat: the same again gives the stream that exists. CONFLICT when one of this name has this source with other settings.',
    extensions: audited<{ input: typeof RegisterStreamInput.$inferInput }>({
      action: 'REGISTER_STREAM',
      target: 'STREAM',
      detail: ({ input }) => ({ purpose: input.purpose, ...auditedSource(input.source) }),
    }),
    args: { input: t.arg({ type: RegisterStreamInput, required: true, description: 'The stream.' }) },
    resolve: (_root, { input }, { streamManager }) => streamManager.register(toNewStream(input)),
  }),
}));

function toNewStream(input: typeof RegisterStreamInput.$inferInput): NewStream {
  return {
    name: input.name.trim(),
    source: toSource(input.source, input.videoTrack),
    purpose: input.purpose,
    frameRate: input.frameRate ?? 10,
    priority: input.priority ?? 'NORMAL',
    timing: input.timing ?? null,
    loop: input.loop ?? false,
    realtime: input.realtime ?? null,
    detectSize: input.detectSize ?? 'STANDARD',
    smoothing: input.smoothing ?? DEFAULT_SMOOTHING,
    tags: toTags(input.tags ?? []),
    retention: input.retention ?? null,
    autoStart: input.autoStart ?? true,
  };
}
