/** What people say of a session, and removing one. */
import { z } from 'zod';
import { isOneLine, isStorable } from '../../domain/storable-text.ts';
import type { SessionWords } from '../../domain/stream.ts';
import { MAX_TAGS } from '../../domain/tags.ts';
import { AS_PARENT } from './access.ts';
import { audited, changedFields } from './audited.ts';
import { builder } from './builder.ts';
import { assertId } from './ids.ts';
import { SESSION_NOW } from './session-now.ts';
import { TagInputType, toTags } from './tags.ts';

const MAX_LABEL = 200;
const MAX_NOTES = 10_000;

const LABEL = z
  .string()
  .refine(
    (label) => label.trim() !== '' && label.length <= MAX_LABEL && isOneLine(label),
    `\`label\` must have 1 to ${MAX_LABEL} characters, without line breaks; null: none.`,
  )
  .nullish();

const NOTES = z
  .string()
  .refine(
    (notes) => notes.trim() !== '' && notes.length <= MAX_NOTES && isStorable(notes),
    `\`notes\` must have 1 to ${MAX_NOTES} characters; null: none.`,
  )
  .nullish();

/** Fields of an input that say something of a session. */
export const sessionWordFields = (t: Parameters<Parameters<typeof builder.inputType>[1]['fields']>[0]) => ({
  label: t.string({
    description: `A name for people, 1 to ${MAX_LABEL} characters; null: none.`,
    validate: LABEL,
  }),
  notes: t.string({
    description: `What is to be noted, 1 to ${MAX_NOTES} characters; null: nothing.`,
    validate: NOTES,
  }),
  tags: t.field({
    type: [TagInputType],
    description: `Tags of its own, all of them, ${MAX_TAGS} at most. They are added to those that its stream had when it began; of two with the same key its own counts. They change nothing about who may see it.`,
  }),
});

interface WordsInput {
  label?: string | null | undefined;
  notes?: string | null | undefined;
  tags?: { key: string; value: string }[] | null | undefined;
}

/** @throws MienError BAD_INPUT */
export function toWords({ label, notes, tags }: WordsInput): Partial<SessionWords> {
  return {
    ...(label !== undefined && { label: label?.trim() ?? null }),
    ...(notes !== undefined && { notes }),
    ...(tags != null && { tags: toTags(tags) }),
  };
}

const UpdateSessionInput = builder.inputType('UpdateSessionInput', {
  description: 'What is to change of a session. What is left out stays as it is.',
  fields: (t) => ({
    id: t.id({ required: true, description: 'Id of the session.' }),
    ...sessionWordFields(t),
  }),
});

const UpdateSessionPayload = builder.objectRef<{ sessionId: string }>('UpdateSessionPayload').implement({
  extensions: AS_PARENT,
  description: 'A session that was changed.',
  fields: (t) => ({
    session: t.prismaField(SESSION_NOW),
  }),
});

const MAX_REASON = 500;

const RemoveSessionInput = builder.inputType('RemoveSessionInput', {
  description: 'Which session to remove, and why.',
  fields: (t) => ({
    id: t.id({ required: true, description: 'Id of the session.' }),
    reason: t.string({
      defaultValue: 'Removed.',
      description: `Why, for the record of erasures: 1 to ${MAX_REASON} characters, and nothing that names who was filmed.`,
      validate: z
        .string()
        .refine(
          (reason) => reason.trim() !== '' && reason.length <= MAX_REASON && isStorable(reason),
          `\`reason\` must have 1 to ${MAX_REASON} characters.`,
        )
        .nullish(),
    }),
  }),
});

const RemoveSessionPayload = builder
  .objectRef<{ removedSessionId: string }>('RemoveSessionPayload')
  .implement({
    extensions: AS_PARENT,
    description: 'A session that was removed.',
    fields: (t) => ({
      removedSessionId: t.exposeID('removedSessionId', {
        description: 'Id of the session that was removed.',
      }),
    }),
  });

builder.mutationFields((t) => ({
  updateSession: t.field({
    authScopes: { role: 'OPERATOR' },
    type: UpdateSessionPayload,
    description:
      'Changes the label, the notes and the tags of a session, whether it runs or has ended. At once.',
    extensions: audited<{ input: typeof UpdateSessionInput.$inferInput }>({
      action: 'CHANGE_SESSION',
      target: 'SESSION',
      detail: ({ input }) => ({ changes: changedFields(input) }),
    }),
    args: { input: t.arg({ type: UpdateSessionInput, required: true, description: 'What is to change.' }) },
    resolve: async (_root, { input }, { sessions }) => {
      const sessionId = assertId('session', input.id);
      await sessions.describe(sessionId, toWords(input));
      return { sessionId };
    },
  }),
  removeSession: t.field({
    authScopes: { role: 'OPERATOR' },
    type: RemoveSessionPayload,
    description:
      'Removes a session with everything that was recorded in it, as `erase` does; its stream and the file that it is of stay. One that runs is stopped first. It cannot be undone. Answered when all is gone, or after half a minute, while it goes on.',
    extensions: audited({ action: 'REMOVE_SESSION', target: 'SESSION' }),
    args: { input: t.arg({ type: RemoveSessionInput, required: true, description: 'The session.' }) },
    resolve: async (_root, { input }, { eraser, requester }) => {
      const removedSessionId = assertId('session', input.id);
      await eraser.erase({
        request: { type: 'SESSION', sessionId: removedSessionId, keepSource: true },
        requester: requester.principal,
        reason: input.reason?.trim() ?? 'Removed.',
      });
      return { removedSessionId };
    },
  }),
}));
