/** Relay's `node` query, which finds any object by its id. Ids are unique across all types. */
import { isId } from '../../domain/ids.ts';
import { AS_PARENT } from './access.ts';
import { builder } from './builder.ts';
import { hasNul } from './text.ts';

interface Identified {
  id: string;
}

export const NodeInterface = builder.interfaceRef<Identified>('Node').implement({
  extensions: AS_PARENT,
  description: 'Whatever has an id of its own.',
  fields: (t) => ({ id: t.exposeID('id', { description: 'Its id, unique across all types.' }) }),
});

builder.queryField('node', (t) =>
  t.field({
    authScopes: { role: 'VIEWER' },
    type: NodeInterface,
    nullable: true,
    description: 'Whatever has this id: a stream, a session or a model; null when there is none.',
    args: { id: t.arg.id({ required: true, description: 'Its id.' }) },
    resolve: async (_root, { id }, { prisma }) => {
      const where = { where: { id: String(id) } };
      if (hasNul(String(id))) return null;
      if (!isId(String(id))) return withTypename('Model', await prisma.model.findUnique(where));
      return (
        withTypename('Stream', await prisma.stream.findUnique(where)) ??
        withTypename('Session', await prisma.session.findUnique(where))
      );
    },
  }),
);

/** Adds the type of a row, by which Pothos resolves the interface. */
function withTypename<Row extends object>(__typename: string, row: Row | null): (Row & Identified) | null {
  return row && ({ ...row, __typename } as unknown as Row & Identified);
}
