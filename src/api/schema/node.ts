/** Relay's way to fetch anything again by its id. Ids are unique across all types. */

import { isId } from '../../domain/ids.ts';
import { builder } from './builder.ts';

interface Identified {
  id: string;
}

export const NodeInterface = builder.interfaceRef<Identified>('Node').implement({
  description: 'Whatever has an id of its own.',
  fields: (t) => ({ id: t.exposeID('id', { description: 'Its id, unique across all types.' }) }),
});

builder.queryField('node', (t) =>
  t.field({
    type: NodeInterface,
    nullable: true,
    description: 'Whatever has this id: a stream, a session or a model; null when there is none.',
    args: { id: t.arg.id({ required: true, description: 'Its id.' }) },
    resolve: async (_root, { id }, { prisma }) => {
      const where = { where: { id: String(id) } };
      if (!isId(String(id))) return brand('Model', await prisma.model.findUnique(where));
      return (
        brand('Stream', await prisma.stream.findUnique(where)) ??
        brand('Session', await prisma.session.findUnique(where))
      );
    },
  }),
);

/** Says which type a row is of, as an interface cannot tell. */
function brand<Row extends object>(__typename: string, row: Row | null): (Row & Identified) | null {
  return row && ({ ...row, __typename } as unknown as Row & Identified);
}
