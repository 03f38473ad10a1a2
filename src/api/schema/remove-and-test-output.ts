/** Trying outputs, and removing them. */
import type { OutputTrial } from '../../domain/output.ts';
import { AS_PARENT } from './access.ts';
import { audited } from './audited.ts';
import { builder } from './builder.ts';
import { assertId } from './ids.ts';
import { OUTPUT_NOW } from './output.ts';

const OutputIdInput = (name: string, description: string) =>
  builder.inputType(name, {
    description,
    fields: (t) => ({ id: t.id({ required: true, description: 'Id of the output.' }) }),
  });
const RemoveOutputInput = OutputIdInput('RemoveOutputInput', 'Which output to remove.');
const TestOutputInput = OutputIdInput('TestOutputInput', 'Which output to try.');

const RemoveOutputPayload = builder.objectRef<{ id: string }>('RemoveOutputPayload').implement({
  extensions: AS_PARENT,
  description: 'An output that was removed.',
  fields: (t) => ({ removedOutputId: t.exposeID('id', { description: 'Its id.' }) }),
});

const TestOutputPayload = builder.objectRef<OutputTrial & { id: string }>('TestOutputPayload').implement({
  extensions: AS_PARENT,
  description: 'What came of sending an example.',
  fields: (t) => ({
    output: t.prismaField(OUTPUT_NOW),
    ok: t.exposeBoolean('ok', { description: 'Whether it was taken, as far as can be known.' }),
    message: t.exposeString('message', { description: 'What happened, in a sentence.' }),
    status: t.exposeInt('status', {
      nullable: true,
      description: 'The status of the answer over HTTP; null: there was none.',
    }),
    answer: t.exposeString('answer', {
      nullable: true,
      description: 'How that answer begins, 500 characters at most; null: there was none.',
    }),
    milliseconds: t.exposeInt('milliseconds', { description: 'How long it took.' }),
  }),
});

builder.mutationFields((t) => ({
  removeOutput: t.field({
    authScopes: { role: 'OPERATOR' },
    type: RemoveOutputPayload,
    description: 'Removes an output. What waits for it is let go of.',
    extensions: audited({ action: 'REMOVE_OUTPUT', target: 'OUTPUT' }),
    args: { input: t.arg({ type: RemoveOutputInput, required: true, description: 'Which one.' }) },
    async resolve(_root, { input }, { outputs }) {
      const id = assertId('output', input.id);
      await outputs.remove(id);
      return { id };
    },
  }),
  testOutput: t.field({
    authScopes: { role: 'OPERATOR' },
    type: TestOutputPayload,
    description:
      'Sends an example to an output, whether it is turned on or not, and tells what came back, within 15 seconds.',
    extensions: audited({ action: 'TEST_OUTPUT', target: 'OUTPUT' }),
    args: { input: t.arg({ type: TestOutputInput, required: true, description: 'Which one.' }) },
    async resolve(_root, { input }, { outputs }) {
      const id = assertId('output', input.id);
      return { id, ...(await outputs.test(id)) };
    },
  }),
}));
