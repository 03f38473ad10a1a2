/** Sees to it that every mutation leaves an entry in the audit, whatever comes of it. */
import type { GraphQLField, GraphQLSchema } from 'graphql';
import type { AuditEvent, AuditTarget } from '../../domain/audit.ts';
import { isId } from '../../domain/id-format.ts';
import { isAway } from '../../store/sql/database-errors.ts';
import type { Context } from '../context/context.ts';
import { codeOf, isRefusal } from '../errors/code-of-error.ts';
import type { Audited } from './audited.ts';

type Field = GraphQLField<unknown, Context>;
type Resolver = NonNullable<Field['resolve']>;

/**
 * Wraps what resolves each mutation, outside of all that asks whether it is allowed.
 * @returns the same schema @throws Error for a mutation that does not say what it does
 */
export function auditMutations(schema: GraphQLSchema): GraphQLSchema {
  const fields: Field[] = Object.values(schema.getMutationType()?.getFields() ?? {});
  for (const field of fields) {
    const spec = field.extensions.audited as Audited | undefined;
    if (spec === undefined || field.resolve === undefined)
      throw new Error(`The mutation ${field.name} needs \`extensions: audited({ action, target })\`.`);
    field.resolve = recorded(spec, field.resolve);
  }
  return schema;
}

function recorded(spec: Audited, resolve: Resolver): Resolver {
  return (root, args: Record<string, unknown>, context, info) =>
    recordedAs(spec, args, context, async () => resolve(root, args, context, info));
}

/** What was done is written down before it is answered. @param args whose `input` says what was asked */
export async function recordedAs<Args extends Record<string, unknown>, Result>(
  spec: Audited<Args>,
  args: Args,
  context: Context,
  work: () => Promise<Result>,
): Promise<Result> {
  const { audit, requester } = context;
  // What mien asks itself as it starts changes nothing, and nobody asked for it.
  if (requester.principal.kind === 'SYSTEM') return work();
  const entry = { requester, action: spec.action, detail: spec.detail?.(args) ?? {} };
  let target = targetOf(spec, args);
  try {
    target = target && (await withName(target, context));
    const result = await work();
    if (!spec.isEach)
      await audit.record({ ...entry, target: target && completedBy(target, result), outcome: 'OK' });
    return result;
  } catch (error) {
    void audit.record({ ...entry, target, ...outcomeOf(error) });
    throw error;
  }
}

function targetOf({ target }: Pick<Audited, 'target'>, args: Record<string, unknown>): AuditTarget | null {
  const input = fieldsOf(args.input);
  return (
    target && {
      type: target,
      id: textOf(args.id ?? input.id ?? idOf(target, input)),
      name: textOf(input.name),
    }
  );
}

/** Where an input names what it is done to by its kind. */
function idOf(target: Audited['target'], { streamId }: Record<string, unknown>): unknown {
  return target === 'STREAM' ? streamId : undefined;
}

/** Before it is done: what is removed has no name afterwards. */
async function withName(target: AuditTarget, { prisma }: Context): Promise<AuditTarget> {
  const { type, id } = target;
  if (type !== 'STREAM' || id === null || !isId(id)) return target;
  const stream = await prisma.stream.findUnique({ where: { id }, select: { name: true } });
  return { ...target, name: stream?.name ?? target.name };
}

function completedBy(target: AuditTarget, result: unknown): AuditTarget {
  const { id, name } = fieldsOf(result);
  return { ...target, id: target.id ?? textOf(id), name: target.name ?? textOf(name) };
}

function outcomeOf(error: unknown): Pick<AuditEvent, 'outcome' | 'code'> {
  const code = codeOf(error) ?? (isAway(error) ? 'STORE_UNAVAILABLE' : 'INTERNAL');
  return { outcome: isRefusal(code) ? 'REFUSED' : 'FAILED', code };
}

function fieldsOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : null;
}
