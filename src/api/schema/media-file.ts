/** Files of the media directory, so that a client can choose what to register. */
import { z } from 'zod';
import type { MediaFile, MediaFileKind } from '../../domain/media-file.ts';
import { MienError } from '../../errors.ts';
import { AS_PARENT } from './access.ts';
import { builder, DEFAULT_PAGE } from './builder.ts';
import { describedValues } from './described-values.ts';
import { hasNul } from './has-nul.ts';

const KIND_DESCRIPTIONS: Record<MediaFileKind, string> = {
  VIDEO: 'Ends as videos do.',
  PICTURE: 'Ends as pictures do.',
  OTHER: 'Ends in another way; it may be a video nevertheless.',
};

const MediaFileKindEnum = builder.enumType('MediaFileKind', {
  description: 'What a file is, by the ending of its name.',
  values: describedValues(KIND_DESCRIPTIONS),
});

const MediaFileType = builder.objectRef<MediaFile>('MediaFile').implement({
  extensions: AS_PARENT,
  description: 'A file of the media directory.',
  fields: (t) => ({
    path: t.exposeString('path', {
      description: 'Its path from the media directory: `source: { file: … }` of `registerStream`.',
    }),
    kind: t.expose('kind', { type: MediaFileKindEnum, description: 'What it is, by its ending.' }),
    size: t.exposeFloat('size', { description: 'Bytes; a whole number.' }),
    modifiedAt: t.expose('modifiedAt', { type: 'DateTime', description: 'When it was last written to.' }),
  }),
});

const MediaFileConnection = builder.connectionObject({ type: MediaFileType, name: 'MediaFileConnection' });

const MAX_TEXT = 4096;
const text = (field: string) =>
  z
    .string()
    .refine(
      (given) => given !== '' && given.length <= MAX_TEXT && !hasNul(given),
      `\`filter.${field}\` must have 1 to ${MAX_TEXT} characters.`,
    )
    .nullish();

const MediaFileFilter = builder.inputType('MediaFileFilter', {
  description: 'Which files: those of which all of this is true.',
  fields: (t) => ({
    folder: t.string({
      description: 'They lie in this folder of the media directory, or in folders in it: `lectures/2026`.',
      validate: text('folder'),
    }),
    name: t.string({
      description: 'Their path contains this, whatever the case.',
      validate: text('name'),
    }),
    kinds: t.field({ type: [MediaFileKindEnum], description: 'They are one of these.' }),
  }),
});

builder.queryField('mediaFiles', (t) =>
  t.connection(
    {
      authScopes: { role: 'OPERATOR' },
      type: MediaFileType,
      description:
        'Files of the server’s `MIEN_MEDIA_DIR` and the folders in it, by their paths, to be registered. Links and names that begin with a dot are left out. Only forwards: `first` and `after`. For those who are shown all streams.',
      args: {
        filter: t.arg({ type: MediaFileFilter, description: 'Only some of them; all when left out.' }),
      },
      async resolve(_root, { filter, first, after, last, before }, { mediaFiles }) {
        if (last != null || before != null)
          throw new MienError('BAD_INPUT', 'Files are listed forwards only: page with `first` and `after`.');
        const length = first ?? DEFAULT_PAGE;
        const found = await mediaFiles({
          ...{ folder: filter?.folder ?? null, name: filter?.name ?? null, kinds: filter?.kinds ?? null },
          ...{ after: after == null ? null : pathOf(after), most: length + 1 },
        });
        const edges = found.slice(0, length).map((node) => ({ node, cursor: cursorOf(node) }));
        return {
          edges,
          pageInfo: {
            hasNextPage: found.length > length,
            hasPreviousPage: after != null,
            startCursor: edges[0]?.cursor ?? null,
            endCursor: edges.at(-1)?.cursor ?? null,
          },
        };
      },
    },
    MediaFileConnection,
  ),
);

function cursorOf({ path }: MediaFile): string {
  return Buffer.from(JSON.stringify([path])).toString('base64url');
}

/** @throws MienError CURSOR_INVALID */
function pathOf(cursor: string): string {
  try {
    return z.tuple([z.string()]).parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()))[0];
  } catch (cause) {
    const sentence = 'This is no cursor of this list: pass an `endCursor` unchanged, or leave it out.';
    throw new MienError('CURSOR_INVALID', sentence, { cause });
  }
}
