/** Adding markers to a session, and removing them. */
import { z } from 'zod';
import {
  isMarkerTime,
  LATEST_MARKER,
  MAX_MARKERS,
  type Marker,
  type NewMarker,
} from '../../domain/marker.ts';
import { MienError } from '../../errors.ts';
import { AS_PARENT } from './access.ts';
import { audited } from './audited.ts';
import { builder } from './builder.ts';
import { assertId } from './ids.ts';
import { someMarkers } from './list-sizes.ts';
import { MARKER_NAME, MarkerType, markerName } from './marker.ts';
import { SESSION_NOW } from './session-now.ts';

const TIME = z
  .number()
  .refine(isMarkerTime, `\`time\` must be a number of seconds of media time, from 0 to ${LATEST_MARKER}.`)
  .nullish();

const NewMarkerInput = builder.inputType('NewMarkerInput', {
  description:
    'Something that happened, and when: at a `time`, `at` a time by the wall clock, or, with neither, while the server reads this.',
  fields: (t) => ({
    name: t.string({
      required: true,
      description: `What people call it: ${MARKER_NAME}. Nothing that names who is filmed.`,
      validate: markerName('name'),
    }),
    time: t.float({ description: 'In seconds of media time, rounded to microseconds.', validate: TIME }),
    at: t.field({
      type: 'DateTime',
      description:
        'By the clock of the server that scored the frames: media time is looked up by the frames before and behind it. Where that was set back, what came behind it counts. `BAD_INPUT` where the session had no frame then.',
    }),
  }),
});

const AddMarkersInput = builder.inputType('AddMarkersInput', {
  description: 'What happened in a session.',
  fields: (t) => ({
    id: t.id({ required: true, description: 'Id of the session.' }),
    markers: t.field({
      type: [NewMarkerInput],
      required: true,
      description: `What happened, ${MAX_MARKERS} markers at most.`,
      validate: manyMarkers(),
    }),
  }),
});

const MarkerChoiceInput = builder.inputType('MarkerChoiceInput', {
  description: 'Markers of a session.',
  fields: (t) => ({
    name: t.string({ required: true, description: 'Those of this name.', validate: markerName('name') }),
    time: t.float({
      description: 'Only the one at this time, in seconds of media time; left out: all of that name.',
      validate: TIME,
    }),
  }),
});

const RemoveMarkersInput = builder.inputType('RemoveMarkersInput', {
  description: 'Which markers of a session to remove.',
  fields: (t) => ({
    id: t.id({ required: true, description: 'Id of the session.' }),
    markers: t.field({
      type: [MarkerChoiceInput],
      required: true,
      description: `Which ones, ${MAX_MARKERS} choices at most; those that are not there are passed over.`,
      validate: manyMarkers(),
    }),
  }),
});

function manyMarkers() {
  return z
    .array(z.any())
    .min(1, '`markers` must name one at least.')
    .max(MAX_MARKERS, `\`markers\` takes ${MAX_MARKERS} at most.`);
}

interface OfSession {
  sessionId: string;
}

const AddMarkersPayload = builder
  .objectRef<OfSession & { markers: Marker[]; added: number }>('AddMarkersPayload')
  .implement({
    extensions: AS_PARENT,
    description: 'Markers that a session has now.',
    fields: (t) => ({
      session: t.prismaField(SESSION_NOW),
      markers: t.prismaField({
        type: [MarkerType],
        description:
          'Those that were asked for, in that order, with their media times, as far as nobody has removed them since.',
        extensions: { ...someMarkers },
        resolve: async (query, { sessionId, markers }, _args, { prisma }) => {
          const rows = await prisma.marker.findMany({ ...query, where: { sessionId, OR: markers } });
          const byKey = new Map(rows.map((row) => [keyOf(row), row]));
          return markers.flatMap((marker) => byKey.get(keyOf(marker)) ?? []);
        },
      }),
      added: t.exposeInt('added', { description: 'How many of them were not there already.' }),
    }),
  });

const keyOf = ({ name, time }: Marker) => `${time} ${name}`;

const RemoveMarkersPayload = builder
  .objectRef<OfSession & { removed: number }>('RemoveMarkersPayload')
  .implement({
    extensions: AS_PARENT,
    description: 'Markers that a session has no more.',
    fields: (t) => ({
      session: t.prismaField(SESSION_NOW),
      removed: t.exposeInt('removed', { description: 'How many were removed.' }),
    }),
  });

const howMany = ({ input }: { input: { markers: readonly unknown[] } }) => ({
  changes: 'markers',
  markers: input.markers.length,
});

builder.mutationFields((t) => ({
  addMarkers: t.field({
    authScopes: { role: 'OPERATOR' },
    type: AddMarkersPayload,
    description: `Marks what happened in a session, whether it runs or has ended, so that sessions can be laid over each other by it (\`aggregate(align: { at: MARKER })\`). The same name and time twice is one marker. All of them, or none. \`CONFLICT\` where a session would have more than ${MAX_MARKERS}, or is to be marked now and does not run.`,
    extensions: audited<{ input: typeof AddMarkersInput.$inferInput }>({
      ...{ action: 'CHANGE_SESSION', target: 'SESSION', detail: howMany },
    }),
    args: { input: t.arg({ type: AddMarkersInput, required: true, description: 'What happened.' }) },
    resolve: async (_root, { input }, { sessions }) => {
      const sessionId = assertId('session', input.id);
      return { sessionId, ...(await sessions.mark(sessionId, input.markers.map(toNewMarker))) };
    },
  }),
  removeMarkers: t.field({
    authScopes: { role: 'OPERATOR' },
    type: RemoveMarkersPayload,
    description: 'Removes markers of a session.',
    extensions: audited<{ input: typeof RemoveMarkersInput.$inferInput }>({
      ...{ action: 'CHANGE_SESSION', target: 'SESSION', detail: howMany },
    }),
    args: { input: t.arg({ type: RemoveMarkersInput, required: true, description: 'Which ones.' }) },
    resolve: async (_root, { input }, { sessions }) => {
      const sessionId = assertId('session', input.id);
      const choices = input.markers.map(({ name, time }) => ({ name, time: time ?? null }));
      return { sessionId, removed: await sessions.unmark(sessionId, choices) };
    },
  }),
}));

/** @throws MienError BAD_INPUT */
function toNewMarker({ name, time, at }: typeof NewMarkerInput.$inferInput): NewMarker {
  if (time != null && at != null)
    throw new MienError('BAD_INPUT', 'Tell either `time` or `at` of a marker, or neither: it is now then.');
  if (time != null) return { name, when: { media: time } };
  return { name, when: at == null ? 'NOW' : { wall: at.getTime() } };
}
