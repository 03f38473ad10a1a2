/** The GraphiQL page, with a subscription to try. */
import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { answerJson, errorBody } from '../errors/answer-json.ts';
import { ONLY_LISTED, type PersistedDocuments } from '../persisted/persisted-documents.ts';
import { answerFile, type ServedFile, toServedFile } from './served-file.ts';

export const DEMO_SUBSCRIPTION = `subscription {
  frameEmotions {
    mediaTime
    faces {
      track
      expression
      confidence
    }
  }
}`;

const DEFAULT_QUERY = `# mien: apparent facial expressions in live and recorded video.
# Press the play button, and watch the faces of every running stream.
${DEMO_SUBSCRIPTION}
`;

/** Answers a browser that asks for GraphQL's address as for a page. */
export type GraphiqlPage = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/**
 * From a package, not from a CDN: the page also opens where there is no network. Loaded when it is first asked for.
 * A link on a foreign page opens it without the query that the link brought: one click would run it.
 *
 * @param documents where there is a list of those that may be asked, there is no page to write others in
 */
export function createGraphiqlPage(documents: PersistedDocuments | null): GraphiqlPage {
  let page: Promise<ServedFile> | null = null;
  return async (request, response) => {
    if (documents !== null) {
      const body = errorBody({ code: 'PERSISTED_DOCUMENTS_ONLY', message: ONLY_LISTED });
      return answerJson(response, 403, body);
    }
    if (bringsForeignQuery(request)) {
      response.writeHead(303, { location: 'graphql', 'content-length': 0 }).end();
      return;
    }
    page ??= renderPage();
    await answerFile(await page, request, response);
  };
}

async function renderPage(): Promise<ServedFile> {
  const { renderGraphiQL } = await import('@graphql-yoga/render-graphiql');
  const html = renderGraphiQL({
    title: 'mien',
    defaultQuery: DEFAULT_QUERY,
    subscriptionsProtocol: 'SSE',
    // It subscribes by GET, which has to show that it was not sent by a foreign page.
    additionalHeaders: { 'x-requested-with': 'GraphiQL' },
  });
  return toServedFile(Buffer.from(html), 'text/html; charset=utf-8', policyOf(html));
}

/** Its own scripts, each by its hash; its styles; its editor's workers, which it makes itself. */
function policyOf(html: string): string {
  const hashes = scriptsOf(html).map(
    (script) => `'sha256-${createHash('sha256').update(script).digest('base64')}'`,
  );
  return [
    "default-src 'none'",
    `script-src ${hashes.join(' ')}`,
    "style-src 'unsafe-inline'",
    'img-src data:',
    'font-src data:',
    'worker-src blob:',
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

/** As a browser sees them: each up to the first end, with its line ends made alike. */
function scriptsOf(html: string): string[] {
  const scripts: string[] = [];
  for (let start = html.indexOf(OPEN); start >= 0; start = html.indexOf(OPEN, start)) {
    const end = html.indexOf('</script>', start);
    scripts.push(html.slice(start + OPEN.length, end).replace(/\r\n?/g, '\n'));
    start = end;
  }
  return scripts;
}

const OPEN = '<script>';

function bringsForeignQuery({ url = '', headers }: IncomingMessage): boolean {
  const site = headers['sec-fetch-site'];
  return url.includes('?') && (site === 'cross-site' || site === 'same-site');
}
