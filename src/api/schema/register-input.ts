/** What registering a stream takes. */
import { z } from 'zod';
import { MAX_VIDEO_TRACK } from '../../domain/frame.ts';
import { isOneLine } from '../../domain/storable-text.ts';
import { DEFAULT_SMOOTHING, MAX_RETENTION, MAX_SMOOTHING } from '../../domain/stream.ts';
import { MAX_TAGS } from '../../domain/tags.ts';
import { MienError } from '../../errors.ts';
import type { BringDemoClip, NewStream } from '../context/ports.ts';
import { builder } from './builder.ts';
import { toSeconds } from './seconds.ts';
import { SOURCE_CHECKS, SourceInputType, toSource } from './source.ts';
import {
  DetectSizeEnum,
  FrameTimingEnum,
  PREVIEW,
  PRIORITY,
  PriorityEnum,
  PurposeEnum,
  RETENTION,
  SMOOTHING,
  TIMING,
  toSmoothing,
} from './stream-settings.ts';
import { TagInputType, toTags } from './tags.ts';

const MAX_NAME = 200;

const NAME = z
  .string()
  .refine((name) => name.trim() !== '', '`name` must not be empty.')
  .refine((name) => name.length <= MAX_NAME, `\`name\` must have at most ${MAX_NAME} characters.`)
  .refine(isOneLine, '`name` must have no line breaks and no control characters.');

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

const RETENTION_HOURS = z
  .number()
  .refine(
    (hours) => hours >= 1 && hours <= MAX_RETENTION,
    `\`retention\` must be from 1 to ${MAX_RETENTION} hours.`,
  )
  .nullish();

export const RegisterStreamInput = builder.inputType('RegisterStreamInput', {
  description: 'A stream to watch.',
  fields: (t) => ({
    name: t.string({
      required: true,
      description: `A name for people, 1 to ${MAX_NAME} characters.`,
    }),
    source: t.field({ type: SourceInputType, required: true, description: 'Where the video comes from.' }),
    purpose: t.field({ type: PurposeEnum, required: true, description: 'What it is analysed for.' }),
    frameRate: t.float({
      defaultValue: 10,
      description: 'Frames scored per second of video, 0.1 to 60.',
    }),
    priority: t.field({ type: PriorityEnum, defaultValue: 'NORMAL', description: PRIORITY }),
    detectSize: t.field({
      type: DetectSizeEnum,
      defaultValue: 'STANDARD',
      description: 'How large the pictures are in which faces are looked for.',
    }),
    timing: t.field({ type: FrameTimingEnum, description: TIMING }),
    smoothing: t.float({
      defaultValue: toSeconds(DEFAULT_SMOOTHING),
      description: `${SMOOTHING} 0 to ${toSeconds(MAX_SMOOTHING)}, in steps of 0.001.`,
    }),
    retention: t.int({ description: `${RETENTION} From 1 to ${MAX_RETENTION}.` }),
    videoTrack: t.int({ description: VIDEO_TRACK_DESCRIPTION }),
    tags: t.field({ type: [TagInputType], defaultValue: [], description: TAGS }),
    preview: t.boolean({ defaultValue: false, description: PREVIEW }),
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

/** By hand, so that of several streams one is refused without the others. */
const CHECKS = z.object({
  ...{ name: NAME, source: SOURCE_CHECKS, frameRate: FRAME_RATE, videoTrack: VIDEO_TRACK },
  retention: RETENTION_HOURS,
});

/** @throws MienError BAD_INPUT */
export async function toNewStream(
  input: typeof RegisterStreamInput.$inferInput,
  bringDemoClip: BringDemoClip,
): Promise<NewStream> {
  const { error } = CHECKS.safeParse(input);
  if (error) throw new MienError('BAD_INPUT', error.issues.map(({ message }) => message).join(' '));
  return {
    name: input.name.trim(),
    source: await toSource(input.source, input.videoTrack, bringDemoClip),
    purpose: input.purpose,
    frameRate: input.frameRate ?? 10,
    priority: input.priority ?? 'NORMAL',
    timing: input.timing ?? null,
    loop: input.loop ?? false,
    realtime: input.realtime ?? null,
    detectSize: input.detectSize ?? 'STANDARD',
    smoothing: toSmoothing(input.smoothing) ?? DEFAULT_SMOOTHING,
    tags: toTags(input.tags ?? []),
    retention: input.retention ?? null,
    preview: input.preview ?? false,
    autoStart: input.autoStart ?? true,
  };
}
