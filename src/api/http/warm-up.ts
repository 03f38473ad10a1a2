/**
 * A server's first request of a kind loads, compiles and fills caches for tens of milliseconds, in which no stream's
 * frames are dealt with. So it asks itself first, over its own port, before it is said to be ready.
 */
import { type RequestOptions, request } from 'node:http';

export const WARM_UP_REQUESTS = [
  {
    query: `{ models { id } streams(first: 1) { edges { node { id name sessions(first: 1) { edges { node {
      id state summary { frames expressions { expression share seconds } }
      aggregate(bucket: 3600) { start frames } timeline(first: 1) { edges { cursor } } } } } } } } }`,
  },
  // Without its input: parsed and judged like any other, and refused before anything is done.
  {
    query: 'mutation ($input: RegisterStreamInput!) { registerStream(input: $input) { stream { id name } } }',
  },
  // Of a stream that cannot be.
  { query: 'mutation { startStream(input: { id: "none" }) { session { id state } } }' },
];

/**
 * @param credential by which the server lets itself in, where it asks everybody who they are
 * @throws when the server does not answer on its own port
 */
export async function warmUp(to: { host: string; port: number }, credential?: string): Promise<void> {
  const authorization = credential === undefined ? {} : { authorization: `Bearer ${credential}` };
  const headers = { ...authorization, traceparent: NOT_FOLLOWED };
  for (const question of WARM_UP_REQUESTS) await post({ ...to, headers }, JSON.stringify(question));
}

/** As W3C Trace Context says that nobody wants a trace: these are no failures of anybody. */
const NOT_FOLLOWED = `00-${'1'.repeat(32)}-${'1'.repeat(16)}-00`;

function post(to: RequestOptions, body: string): Promise<void> {
  const json = { host: 'localhost', 'content-type': 'application/json', accept: 'application/json' };
  const headers = { ...to.headers, ...json };
  return new Promise((resolve, reject) => {
    const asked = request({ ...to, agent: false, path: '/graphql', method: 'POST', headers }, (answer) => {
      answer.resume().once('end', resolve).once('error', reject);
    });
    asked.once('error', reject).end(body);
  });
}
