/** How much this machine can score, how much of that is asked for, and what each stream gets. */
import type { Capacity } from '../../domain/capacity.ts';
import { AS_PARENT } from './access.ts';
import { builder } from './builder.ts';
import { StreamType } from './stream.ts';

const CapacityType = builder.objectRef<Capacity>('Capacity').implement({
  extensions: AS_PARENT,
  description:
    'How many frames can be scored, in frames a second, by this machine or by those of all workers. An estimate, of frames such as are scored now: more faces in a frame make it less.',
  fields: (t) => ({
    framesPerSecond: t.exposeFloat('framesPerSecond', {
      nullable: true,
      description:
        'Frames a second that can be scored in all. From what is scored and how much of their time the models work for it; while more is asked for than can be done, what is done. Averaged over seconds when the machine is full, over minutes otherwise. Before anything ran, from a few runs of the models at the start, with one face in a frame and without decoding; null when there were none, and for whoever is shown some streams only.',
    }),
    used: t.exposeFloat('used', {
      description: 'Frames a second that are scored now, averaged over three seconds; of recordings too.',
    }),
    asked: t.exposeFloat('asked', {
      description:
        'Frames a second that the running streams ask for in real time: the sum of their `frameRate`, or of what their sources give where that is less. Recordings that wait for their turn ask for none.',
    }),
    left: t.exposeFloat('left', {
      nullable: true,
      description:
        'Frames a second that further streams could ask for: `framesPerSecond` less `asked`, 0 at least. Null while `framesPerSecond` is.',
    }),
  }),
});

builder.prismaObjectFields(StreamType, (t) => ({
  effectiveFrameRate: t.float({
    nullable: true,
    description:
      'Frames a second at which it is scored now, at most: `frameRate`, or less while this machine has not the time for all streams, or while fewer come from its source in time; 0 where none has come for five seconds (or for as long as three frames take). Null when it does not run, before its source is open, and of a recording that is not read in real time, which waits instead.',
    select: { id: true },
    resolve: ({ id }, _args, { load }) => load.effectiveFrameRate(id),
  }),
  warnings: t.stringList({
    description:
      'What those who run it should know now, in sentences; such as that the running streams ask for more frames than this machine can score. Empty when there is nothing.',
    select: { id: true },
    resolve: ({ id }, _args, { load }) => load.warnings(id),
  }),
}));

builder.queryField('capacity', (t) =>
  t.field({
    authScopes: { role: 'VIEWER' },
    type: CapacityType,
    nullable: true,
    description:
      'How many frames this machine can score, and how many of them are asked for; for whoever is shown some streams only, how many these ask for. Of several servers the sum; null at a `mien api` that no worker answers.',
    resolve: (_root, _args, { load }) => load.capacity(),
  }),
);
