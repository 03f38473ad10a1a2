/** gql.tada: what is answered is typed by the schema, without a generator's step. */
import { initGraphQLTada, type ResultOf, type VariablesOf } from 'gql.tada';
import type { introspection } from '../tada-env.d.ts';

const graphql = initGraphQLTada<{ introspection: introspection; scalars: { DateTime: string } }>();

const Streams = graphql(`
  query Streams($first: Int) {
    streams(first: $first) {
      nodes {
        id
        name
        purpose
        latestSession {
          state
          startedAt
        }
      }
    }
  }
`);

type Node = ResultOf<typeof Streams>['streams']['nodes'][number];
export const node: Node = {
  ...{ id: '1', name: 'Door', purpose: 'RESEARCH' },
  latestSession: { state: 'RUNNING', startedAt: '2026-11-28T12:00:00.000Z' },
};
export const variables: VariablesOf<typeof Streams> = { first: 10 };

// @ts-expect-error there is no such purpose
export const wrong: Node['purpose'] = 'SURVEILLANCE';
