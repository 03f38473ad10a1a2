/** Where what a session sees can be seen: its recording, or its picture while it runs. */
import type { SourceInput } from '../../domain/frame.ts';
import { LIVE_STATES } from '../../domain/stream.ts';
import { MienError } from '../../errors.ts';
import { builder } from './builder.ts';
import { SessionType } from './session.ts';

/** What else is told of a session does not hang on it. */
function nullIfAway(error: unknown): null {
  if (error instanceof MienError && error.code === 'UPLOADS_UNAVAILABLE') return null;
  throw error;
}

builder.prismaObjectFields(SessionType, (t) => ({
  previewUrl: t.string({
    nullable: true,
    description:
      'Where its picture can be looked at while it runs: a path on this server, `/preview/{id}`, for whoever may read the session. JPEGs that replace one another (`multipart/x-mixed-replace`), of the frames that are analysed, in colour where the source has it; each part has `x-mien-seq`, the `seq` of its moment. Null where the stream does not allow it (`Stream.preview`), or when the session is over.',
    select: { id: true, state: true, stream: { select: { preview: true } } },
    resolve: ({ id, state, stream }) =>
      stream.preview && LIVE_STATES.includes(state) ? `/preview/${id}` : null,
  }),
  recordingUrl: t.string({
    nullable: true,
    description:
      'Where the recording itself can be read, also by ranges, as players ask for them: a path on this server, `/media/sessions/{id}`, for whoever may read the session. Null where mien has no file of it: it came from a camera or an address, the file was moved or removed, or the storage of uploads does not answer.',
    select: { id: true, stream: { select: { source: true } } },
    resolve: async ({ id, stream }, _args, { recordedFile }) => {
      const found = await recordedFile(stream.source as unknown as SourceInput).catch(nullIfAway);
      return found === null ? null : `/media/sessions/${id}`;
    },
  }),
}));
