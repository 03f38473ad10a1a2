/** Adding outputs, and changing them. */
import { hasRole, type Principal } from '../../domain/access.ts';
import {
  MAX_OUTPUT_NAME,
  MAX_OUTPUTS,
  MAX_RULES,
  OUTPUT_TOPICS,
  type OutputChange,
  type OutputRecord,
  type OutputRule,
  type OutputTarget,
  type OutputTopic,
} from '../../domain/output.ts';
import { MienError } from '../../errors.ts';
import { AS_PARENT } from './access.ts';
import { audited, changedFields } from './audited.ts';
import { builder } from './builder.ts';
import { assertId } from './ids.ts';
import { OUTPUT_NOW, OutputTopicEnum } from './output.ts';
import { manyRules, OutputRuleInput, outputName, toRules } from './output-rule-input.ts';
import { OutputTargetChangeInput, OutputTargetInput, toChangedTarget, toNewTarget } from './output-target.ts';

const RULES = `When it is told besides, ${MAX_RULES} rules at most.`;

const AddOutputInput = builder.inputType('AddOutputInput', {
  description: 'Another program to tell what happens.',
  fields: (t) => ({
    name: t.string({
      required: true,
      description: `What people call it, 1 to ${MAX_OUTPUT_NAME} characters.`,
      validate: outputName,
    }),
    streamId: t.id({ description: 'Of which stream it is told; left out: of all.' }),
    enabled: t.boolean({
      defaultValue: false,
      description: 'Whether to turn it on at once. `testOutput` tries it before that.',
    }),
    topics: t.field({
      type: [OutputTopicEnum],
      description:
        'What it is told of; left out: of everything (a webhook of no moments), or with `rules` of nothing else.',
    }),
    rules: t.field({ type: [OutputRuleInput], description: RULES, validate: manyRules }),
    target: t.field({ type: OutputTargetInput, required: true, description: 'Where it goes.' }),
  }),
});

const UpdateOutputInput = builder.inputType('UpdateOutputInput', {
  description:
    'What is to change of an output. What is left out stays as it is; its counts begin anew, and what waits is let go of.',
  fields: (t) => ({
    id: t.id({ required: true, description: 'Id of the output.' }),
    name: t.string({
      description: `What people call it, 1 to ${MAX_OUTPUT_NAME} characters.`,
      validate: outputName.nullish(),
    }),
    enabled: t.boolean({ description: 'Whether it is turned on.' }),
    topics: t.field({ type: [OutputTopicEnum], description: 'All that it is told of from now on.' }),
    rules: t.field({
      type: [OutputRuleInput],
      description: `All of its rules from now on. ${RULES}`,
      validate: manyRules,
    }),
    target: t.field({ type: OutputTargetChangeInput, description: 'What of where it goes.' }),
  }),
});

const AddOutputPayload = builder
  .objectRef<{ id: string; secret: string | null }>('AddOutputPayload')
  .implement({
    extensions: AS_PARENT,
    description: 'An output that was added.',
    fields: (t) => ({
      output: t.prismaField(OUTPUT_NOW),
      secret: t.exposeString('secret', {
        nullable: true,
        description:
          'The secret that mien made, for the receiver to check signatures with. It is shown this once; null: one was given.',
      }),
    }),
  });

const UpdateOutputPayload = builder.objectRef<{ id: string }>('UpdateOutputPayload').implement({
  extensions: AS_PARENT,
  description: 'An output that was changed.',
  fields: (t) => ({ output: t.prismaField(OUTPUT_NOW) }),
});

builder.mutationField('addOutput', (t) =>
  t.field({
    authScopes: { role: 'OPERATOR' },
    type: AddOutputPayload,
    description: `Adds another program that is told what happens, ${MAX_OUTPUTS} of a server at most. It is off, unless \`enabled\` says otherwise. FORBIDDEN where its address is a private one, and who asks is no admin.`,
    extensions: audited<{ input: typeof AddOutputInput.$inferInput }>({
      action: 'ADD_OUTPUT',
      target: 'OUTPUT',
      detail: ({ input: { streamId } }) => ({ stream: streamId == null ? null : String(streamId) }),
    }),
    args: { input: t.arg({ type: AddOutputInput, required: true, description: 'The output.' }) },
    async resolve(_root, { input }, { outputs, requester: { principal } }) {
      const { target, secret } = toNewTarget(input.target);
      const rules = toRules(input.rules ?? []);
      const topics = [...new Set(input.topics ?? defaultTopics(target, rules))];
      assertTold({ topics, rules, kind: target.kind });
      const { id } = await outputs.add({
        ...{ name: input.name.trim(), enabled: input.enabled ?? false, target, topics, rules },
        streamId: input.streamId == null ? null : assertId('stream', input.streamId),
        allowPrivate: mayNamePrivate(principal),
      });
      return { id, secret };
    },
  }),
);

builder.mutationField('updateOutput', (t) =>
  t.field({
    authScopes: { role: 'OPERATOR' },
    type: UpdateOutputPayload,
    description:
      'Changes an output, and begins it anew. One that mien stopped works again, where it is turned on. FORBIDDEN as for `addOutput`.',
    extensions: audited<{ input: typeof UpdateOutputInput.$inferInput }>({
      action: 'CHANGE_OUTPUT',
      target: 'OUTPUT',
      detail: ({ input }) => ({ changes: changedFields(input) }),
    }),
    args: { input: t.arg({ type: UpdateOutputInput, required: true, description: 'What is to change.' }) },
    resolve: (_root, { input }, { outputs, requester: { principal } }) =>
      outputs.change(assertId('output', input.id), (record) => toChange(record, input, principal)),
  }),
);

/** @throws MienError BAD_INPUT */
function toChange(
  record: OutputRecord,
  input: typeof UpdateOutputInput.$inferInput,
  principal: Principal,
): OutputChange {
  const { name, enabled } = input;
  const target = input.target && toChangedTarget(record, input.target);
  const topics = input.topics == null ? record.topics : [...new Set(input.topics)];
  const rules = input.rules == null ? record.rules : toRules(input.rules);
  assertTold({ topics, rules, kind: record.kind });
  return {
    ...(name != null && { name: name.trim() }),
    ...(enabled != null && { enabled }),
    ...{ topics, rules },
    ...(target && { target, allowPrivate: mayNamePrivate(principal) }),
  };
}

function defaultTopics({ kind }: OutputTarget, rules: readonly OutputRule[]): readonly OutputTopic[] {
  if (rules.length > 0) return [];
  return OUTPUT_TOPICS.filter((topic) => kind !== 'WEBHOOK' || topic !== 'MOMENTS');
}

/** @throws MienError BAD_INPUT */
function assertTold({ topics, rules, kind }: Pick<OutputRecord, 'topics' | 'rules' | 'kind'>): void {
  if (topics.length + rules.length === 0)
    throw new MienError('BAD_INPUT', 'An output must be told of something: name `topics` or `rules`.');
  if (kind === 'WEBHOOK' && topics.includes('MOMENTS'))
    throw new MienError(
      'BAD_INPUT',
      'A webhook is not told of MOMENTS, which are too many for one request each: subscribe to `frameEmotions`.',
    );
}

/** An address inside of the network that the server is in may belong to what trusts whoever is there. */
function mayNamePrivate(principal: Principal): boolean {
  return hasRole(principal, 'ADMIN') && principal.streams === null;
}
