/** The bytes of a page of 200 moments, and of a session's readings as CSV, as a client takes them: gzip and Brotli, over those of the answer as it is. */
import { request } from 'node:http';
import { type Row, type RowOptions, spread } from '../harness.ts';
import { type RecordedServer, serveRecorded } from '../parts/exported.ts';
import { compared } from '../parts/results.ts';
import { pgliteLocation } from '../parts/stores.ts';

export const row: Row = {
  name: 'compression',
  measures: 'bytes of answers, compressed over as they are',
  run,
};

const MOMENTS = 200;
const PAGE = `query ($id: ID!) { session(id: $id) { timeline(first: ${MOMENTS}) { nodes {
  seq mediaTime wallTime faces { track expression confidence valence arousal agreement box { x y width height }
    probabilities { expression probability } landmarks { x y } quality { score issues } } } } } }`;

async function* run({ log }: RowOptions) {
  log(`${MOMENTS} moments are stored`);
  const location = pgliteLocation();
  const server = await serveRecorded(location, MOMENTS);
  const page = JSON.stringify({ query: PAGE, variables: { id: server.sessionId } });
  const cases = [
    { name: `a page of ${MOMENTS} moments`, path: '/graphql', body: page },
    { name: `${MOMENTS} readings as CSV`, path: `/export/sessions/${server.sessionId}/readings.csv` },
  ];
  for (const { name, path, body } of cases) {
    for (const encoding of ['gzip', 'br']) {
      const [bytes, plain] = [
        await size(server, encoding, path, body),
        await size(server, 'identity', path, body),
      ];
      const rounds = {
        mien: spread([bytes / 1000]),
        against: spread([plain / 1000]),
        ratio: spread([bytes / plain]),
      };
      yield compared({ row: 'compression', case: `${name}, ${encoding}`, unit: 'kB' }, rounds, 'as it is', {
        atMost: 0.4,
      });
    }
  }
  await server.stop();
  await location.remove();
}

/** Of the body as it comes over the wire. */
function size({ url }: RecordedServer, encoding: string, path: string, body?: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { 'accept-encoding': encoding, 'content-type': 'application/json' };
    const asked = request(
      new URL(path, url),
      { method: body === undefined ? 'GET' : 'POST', headers },
      (response) => {
        const isAs = (response.headers['content-encoding'] ?? 'identity') === encoding;
        if (response.statusCode !== 200 || !isAs) reject(new Error(`${path}: ${response.statusCode}`));
        let bytes = 0;
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
        });
        response.once('end', () => resolve(bytes)).once('error', reject);
      },
    );
    asked.once('error', reject).end(body);
  });
}
