/** Markers: what happened in a session, and when. */
import { z } from 'zod';
import { isMarkerName, MAX_MARKER_NAME } from '../../domain/marker.ts';
import { AS_PARENT } from './access.ts';
import { builder } from './builder.ts';
import { type Key, keysetPage } from './keyset.ts';
import { SessionType } from './session.ts';

export const MarkerType = builder.prismaObject('Marker', {
  extensions: AS_PARENT,
  description:
    'Something that happened in a session, and when. A session has each name and time once; a name may be there at several times.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'What people call it, as `stimulus`.' }),
    time: t.exposeFloat('time', {
      description: 'When it happened, in seconds of media time, in whole microseconds.',
    }),
    session: t.relation('session', { description: 'The session it belongs to.' }),
  }),
});

const MarkerConnection = builder.connectionObject({ type: MarkerType, name: 'MarkerConnection' });

const MARKER_KEYS: Key[] = [
  { column: 'time', kind: 'number', direction: 'asc' },
  { column: 'name', kind: 'text', direction: 'asc' },
];

export const MARKER_NAME = `1 to ${MAX_MARKER_NAME} characters, without line breaks`;

/** @param field what the client calls it, for the sentence */
export const markerName = (field: string) =>
  z.string().refine(isMarkerName, `\`${field}\` must have ${MARKER_NAME}.`);

builder.prismaObjectFields(SessionType, (t) => ({
  markers: t.connection(
    {
      type: MarkerType,
      description: 'What people marked in it, in the order of media time.',
      args: {
        name: t.arg.string({
          description: 'Only those of this name.',
          validate: markerName('name').nullish(),
        }),
      },
      select({ name, ...args }) {
        const { query } = keysetPage(MARKER_KEYS, args);
        return {
          markers: { ...query, where: { AND: [query.where, name == null ? {} : { name: name.trim() }] } },
        };
      },
      resolve: ({ markers }, args) => keysetPage(MARKER_KEYS, args).toConnection(markers),
    },
    MarkerConnection,
  ),
}));
