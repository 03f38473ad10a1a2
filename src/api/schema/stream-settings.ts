/** How a stream is to be watched: what is chosen when it is registered, and shown of it afterwards. */

import type { DetectSize } from '../../domain/detect-size.ts';
import type { FrameTiming } from '../../domain/frame.ts';
import { MAX_SMOOTHING, type Priority, type Purpose } from '../../domain/stream.ts';
import { builder } from './builder.ts';
import { describedValues } from './described-values.ts';
import { toMilliseconds } from './seconds.ts';

const PURPOSE_DESCRIPTIONS: Record<Purpose, string> = {
  RESEARCH: 'Scientific, UX or market research with people who agreed to it.',
  MEDIA_ANALYTICS: 'Analysing published media.',
  ACCESSIBILITY: 'Helping people perceive or produce expressions.',
  ENTERTAINMENT: 'Games, art and installations.',
  MEDICAL: 'Medical use.',
  SAFETY: 'Safety, such as noticing a tired driver.',
  WORKPLACE:
    'Watching people at work. Refused unless the operator is entitled to it: EU AI Act art. 5(1)(f).',
  EDUCATION:
    'Watching people in education. Refused unless the operator is entitled to it: EU AI Act art. 5(1)(f).',
};

export const PurposeEnum = builder.enumType('Purpose', {
  description:
    'What a stream is analysed for. Inferring emotions at work and in education is forbidden in the EU.',
  values: describedValues(PURPOSE_DESCRIPTIONS),
});

builder.queryField('refusedPurposes', (t) =>
  t.field({
    authScopes: { role: 'OPERATOR' },
    type: [PurposeEnum],
    description:
      'Purposes for which this server registers no stream: `PURPOSE_REFUSED`. Whoever is entitled to one names it in `MIEN_ALLOW_PURPOSES`.',
    resolve: (_root, _args, { refusedPurposes }) => [...refusedPurposes],
  }),
);

/** What the setting means, where it is shown and where it is given. */
export const SMOOTHING =
  'Time constant of the smoothing of scores along a track, in seconds of media time: a reading so old counts 1/e of a new one. The larger, the steadier labels are, and the later they change; 0: each frame by itself.';

const PRIORITY_DESCRIPTIONS: Record<Priority, string> = {
  LOW: 'Gives its frames first.',
  NORMAL: 'Gives its frames when those of priority LOW have none left to give.',
  HIGH: 'Keeps its frames the longest.',
};

export const PriorityEnum = builder.enumType('Priority', {
  description:
    'Which streams are scored less often first when this machine has not the time for all. Recordings that are read as fast as they are scored wait for all of them.',
  values: describedValues(PRIORITY_DESCRIPTIONS),
});

/** What the setting means, where it is shown and where it is given. */
export const PRIORITY =
  'Whether it is scored less often before others, or after them, when this machine is busy.';

const DETECT_SIZE_DESCRIPTIONS: Record<DetectSize, string> = {
  STANDARD:
    'Made smaller until its longer side is 640 pixels: faces from 18 pixels of that, 54 of 1080p, 108 of 4K.',
  LARGE:
    'Until its longer side is 1280 pixels: faces half as large. In 1080p a frame takes about 1.4 times the processor time.',
  FULL: 'As large as it is, in overlapping parts where it is larger than 2112 pixels: faces from 18 pixels. In 1080p a frame takes about twice the processor time, in 4K several times.',
};

export const DetectSizeEnum = builder.enumType('DetectSize', {
  description:
    'How large the picture is in which faces are looked for. The larger, the smaller the faces that are found, and the dearer every frame; what the frames of a real-time stream cost too much is dropped.',
  values: describedValues(DETECT_SIZE_DESCRIPTIONS),
});

const TIMING_DESCRIPTIONS: Record<FrameTiming, string> = {
  EVEN: 'Those that lie closest behind an even grid: all frames are decoded for it.',
  NEAREST:
    'As many as were asked for, of those that are cheap to decode: frames that no other refers to are left out where enough others remain. A frame then lies less than 0.1 s from the even grid at ten a second, and has its own true time.',
};

export const FrameTimingEnum = builder.enumType('FrameTiming', {
  description: 'Which frames of a source are scored.',
  values: describedValues(TIMING_DESCRIPTIONS),
});

/** What the setting means, where it is shown and where it is given. */
export const TIMING =
  'Which of its frames are scored; null: NEAREST for what runs in real time, EVEN for recordings that do not. NEAREST has no effect on recordings that come over a network.';

/** What the setting means, where it is shown and where it is given. */
export const RETENTION =
  'Hours after which what was recorded from it is deleted, longer or shorter than the server’s own (`MIEN_RETENTION`); null: as the server says. Whole days end with their day (UTC). Old recordings are looked for every hour.';

/** What the setting means, where it is shown and where it is given. */
export const PREVIEW =
  'Whether those who may see the stream may look at its picture while it runs: at `Session.previewUrl` of the session that runs, in the colours of its source; where this was allowed while a session ran, gray until the next one. Nothing of it is kept.';

/** @param seconds as it is given @returns milliseconds @throws MienError BAD_INPUT */
export function toSmoothing(seconds: number | null | undefined): number | undefined {
  return seconds == null ? undefined : toMilliseconds(seconds, 'smoothing', { most: MAX_SMOOTHING });
}
