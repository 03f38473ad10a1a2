/** Relay's `node` and `nodes` queries, which find any objects by their ids. Ids are unique across all types. */
import { z } from 'zod';
import { AS_PARENT } from './access.ts';
import { builder } from './builder.ts';
import { findNodes } from './find-nodes.ts';
import { asMany } from './list-sizes.ts';

export const NodeInterface = builder.interfaceRef<object>('Node').implement({
  extensions: AS_PARENT,
  description: 'Whatever has an id of its own.',
  fields: (t) => ({ id: t.id({ description: 'Its id, unique across all types.' }) }),
});

/** Most ids of `nodes`. */
const MAX_NODES = 100;

const KINDS = 'a stream, a session, a model, a moment, a track or an episode';

builder.queryFields((t) => ({
  node: t.field({
    authScopes: { role: 'VIEWER' },
    type: NodeInterface,
    nullable: true,
    description: `Whatever has this id: ${KINDS}; null when there is none.`,
    args: { id: t.arg.id({ required: true, description: 'Its id.' }) },
    resolve: async (_root, { id }, context, info) => (await findNodes([id], context, info))[0] ?? null,
  }),
  nodes: t.field({
    authScopes: { role: 'VIEWER' },
    type: [NodeInterface],
    nullable: { list: false, items: true },
    description: `Whatever has these ids, in their order: ${KINDS}; null where there is none. All of a type are read at once.`,
    args: {
      ids: t.arg.idList({
        required: true,
        description: `The ids, ${MAX_NODES} at most.`,
        validate: z.array(z.string()).max(MAX_NODES, `\`ids\` takes ${MAX_NODES} ids at most.`),
      }),
    },
    extensions: { ...asMany('ids') },
    resolve: (_root, { ids }, context, info) => findNodes(ids, context, info),
  }),
}));
