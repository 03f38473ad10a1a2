/** Changing how a stream is watched and kept, while it runs or not. */

import type { SessionSetting, StreamChange } from '../../domain/stream.ts';
import { DEFAULT_SMOOTHING, MAX_RETENTION, MAX_SMOOTHING } from '../../domain/stream.ts';
import { AS_PARENT } from './access.ts';
import { audited, changedFields } from './audited.ts';
import { builder } from './builder.ts';
import { describedValues } from './described-values.ts';
import { assertId, stillThere } from './ids.ts';
import { toSeconds } from './seconds.ts';
import { StreamType } from './stream.ts';
import {
  DetectSizeEnum,
  FrameTimingEnum,
  PREVIEW,
  PRIORITY,
  PriorityEnum,
  SMOOTHING,
  toSmoothing,
} from './stream-settings.ts';
import { TagInputType, toTags } from './tags.ts';

const SETTINGS = {
  FRAME_RATE: { name: 'frameRate', description: 'How many frames a second are scored.' },
  TIMING: { name: 'timing', description: 'Which frames are scored.' },
  LOOP: { name: 'loop', description: 'Whether a file starts again at its end.' },
  DETECT_SIZE: {
    name: 'detectSize',
    description: 'How large the pictures are in which faces are looked for.',
  },
  SMOOTHING: { name: 'smoothing', description: 'How scores are smoothed along a track.' },
} as const satisfies Record<string, { name: SessionSetting; description: string }>;
type SettingName = keyof typeof SETTINGS;
const SETTING_NAMES = Object.keys(SETTINGS) as SettingName[];

const StreamSettingEnum = builder.enumType('StreamSetting', {
  description: 'A setting of a stream that a session keeps as it was when the session began.',
  values: describedValues(
    Object.fromEntries(SETTING_NAMES.map((name) => [name, SETTINGS[name].description])) as Record<
      SettingName,
      string
    >,
  ),
});

const AT_ONCE = 'Takes effect at once. Left out: it stays.';
const AT_NEXT_SESSION = 'A session that runs keeps its own; the next one has it. Left out: it stays.';
const TAGS =
  'All of its tags from now on. At once for who may see the stream, with all of its sessions; sessions that have begun keep theirs. Left out: they stay.';

const UpdateStreamInput = builder.inputType('UpdateStreamInput', {
  description: 'What is to change of a stream. What is left out stays as it is.',
  fields: (t) => ({
    id: t.id({ required: true, description: 'Id of the stream.' }),
    name: t.string({ description: `A name for people, 1 to 200 characters. ${AT_ONCE}` }),
    tags: t.field({ type: [TagInputType], description: TAGS }),
    retention: t.int({
      description: `Hours after which what was recorded from it is deleted, 1 to ${MAX_RETENTION}; null: as the server says. Old recordings are looked for every hour. ${AT_ONCE}`,
    }),
    priority: t.field({ type: PriorityEnum, description: `${PRIORITY} ${AT_ONCE}` }),
    preview: t.boolean({
      description: `${PREVIEW} Who looks is sent away within two seconds of false. Left out: it stays.`,
    }),
    frameRate: t.float({
      description: `Frames scored per second of video, 0.1 to 60. ${AT_NEXT_SESSION}`,
    }),
    timing: t.field({
      type: FrameTimingEnum,
      description: `Which of its frames are scored; null: by the kind of its source. ${AT_NEXT_SESSION}`,
    }),
    loop: t.boolean({
      description: `Whether to start again at the end; files and uploads only. ${AT_NEXT_SESSION}`,
    }),
    detectSize: t.field({
      type: DetectSizeEnum,
      description: `How large the pictures are in which faces are looked for. ${AT_NEXT_SESSION}`,
    }),
    smoothing: t.float({
      description: `${SMOOTHING} 0 to ${toSeconds(MAX_SMOOTHING)}, in steps of 0.001; ${toSeconds(DEFAULT_SMOOTHING)} where nobody said. ${AT_NEXT_SESSION}`,
    }),
  }),
});

interface Updated {
  id: string;
  atNextSession: readonly SessionSetting[];
}

const UpdateStreamPayload = builder.objectRef<Updated>('UpdateStreamPayload').implement({
  extensions: AS_PARENT,
  description: 'A stream that was changed.',
  fields: (t) => ({
    stream: t.prismaField({
      type: StreamType,
      description: 'The stream, as it is now.',
      resolve: (query, { id }, _args, { prisma }) =>
        stillThere('stream', id, prisma.stream.findUnique({ ...query, where: { id } })),
    }),
    atNextSession: t.field({
      type: [StreamSettingEnum],
      description:
        'Settings that the session that runs was begun without, by this change or an earlier one: the next one has them. Stop and start the stream to have them now. Empty when none runs.',
      resolve: ({ atNextSession }) =>
        SETTING_NAMES.filter((setting) => atNextSession.includes(SETTINGS[setting].name)),
    }),
  }),
});

builder.mutationFields((t) => ({
  updateStream: t.field({
    authScopes: { role: 'OPERATOR' },
    type: UpdateStreamPayload,
    description:
      'Changes how a stream is watched and kept, also while it runs; each field says when that takes effect. Its source and purpose stay: register another stream for others. CONFLICT when another stream of the new name has this source.',
    extensions: audited<{ input: typeof UpdateStreamInput.$inferInput }>({
      action: 'CHANGE_STREAM',
      target: 'STREAM',
      detail: ({ input }) => ({ changes: changedFields(input) }),
    }),
    args: { input: t.arg({ type: UpdateStreamInput, required: true, description: 'What is to change.' }) },
    resolve: (_root, { input }, { streamManager }) =>
      streamManager.change(assertId('stream', input.id), toChange(input)),
  }),
}));

/** @throws MienError BAD_INPUT */
function toChange(input: typeof UpdateStreamInput.$inferInput): StreamChange {
  const { name, tags, retention, priority, frameRate, timing, loop, detectSize, smoothing, preview } = input;
  return {
    ...(name != null && { name: name.trim() }),
    ...(tags != null && { tags: toTags(tags) }),
    ...(retention !== undefined && { retention }),
    ...(priority != null && { priority }),
    ...(preview != null && { preview }),
    ...(frameRate != null && { frameRate }),
    ...(timing !== undefined && { timing }),
    ...(loop != null && { loop }),
    ...(detectSize != null && { detectSize }),
    ...(smoothing != null && { smoothing: toSmoothing(smoothing)! }),
  };
}
