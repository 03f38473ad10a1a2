/** `/preview/{session}`: what a running session sees, where its stream allows it, as JPEGs that replace one another. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Requester } from '../../domain/access.ts';
import { isId } from '../../domain/id-format.ts';
import { MienError } from '../../errors.ts';
import { createViewings } from '../audit/dedupe-viewings.ts';
import type { Context, CreateContext } from '../context/context.ts';
import type { PreviewPicture } from '../context/preview-port.ts';
import { answerError, type ErrorAnswers } from '../errors/answer-error.ts';
import { answerJson } from '../errors/answer-json.ts';

export type PreviewEndpoint = (
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  requester: Requester,
) => Promise<void>;

export interface PreviewOptions extends ErrorAnswers {
  createContext: CreateContext;
  /** Between two looks at whether who looks may still. */
  watchMs?: number | undefined;
}

/** Its stream may be changed, or taken from who looks: that ends it within two seconds. */
const WATCH_MS = 2_000;
const BOUNDARY = 'mien-picture';

export function createPreviewEndpoint(options: PreviewOptions): PreviewEndpoint {
  const viewings = createViewings();
  return async (request, response, path, requester) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return answerJson(response, 405, { status: 'GET a preview' }, { allow: 'GET, HEAD' });
    }
    try {
      const id = sessionIn(path);
      const context = options.createContext(requester);
      await assertShown(id, context);
      await context.previews.assertAble(id);
      if (request.method === 'HEAD') return void response.writeHead(200, HEADERS).end();
      // Who asked may have left meanwhile.
      if (response.destroyed) return;
      show(id, response, context, options);
      if (!viewings.begins(requester.principal.id, id)) return;
      const target = { type: 'SESSION', id, name: null } as const;
      const detail = { table: 'preview', format: 'image/jpeg' };
      await context.audit.record({ requester, action: 'EXPORT', target, outcome: 'OK', detail });
    } catch (error) {
      answerError(response, error, 'The preview', options);
    }
  };
}

const HEADERS = {
  'content-type': `multipart/x-mixed-replace; boundary=${BOUNDARY}`,
  // Nobody may keep it, and no proxy collect it.
  'cache-control': 'private, no-store',
  'x-accel-buffering': 'no',
};

/** @throws MienError NOT_FOUND */
function sessionIn(path: string): string {
  const [, id = ''] = /^\/preview\/([^/]+)$/.exec(path) ?? [];
  if (!isId(id)) throw new MienError('NOT_FOUND', `There is no session at ${path}.`);
  return id.toLowerCase();
}

/** @throws MienError NOT_FOUND, also for those to whom its stream is not shown; FORBIDDEN: its stream does not allow it */
async function assertShown(id: string, { prisma }: Context): Promise<void> {
  const session = await prisma.session.findUnique({
    where: { id },
    select: { stream: { select: { preview: true } } },
  });
  if (session === null) {
    throw new MienError('NOT_FOUND', `There is no session ${id}; ask \`sessions\` for those there are.`);
  }
  if (!session.stream.preview) {
    throw new MienError(
      'FORBIDDEN',
      'The picture of this stream is shown to nobody. An operator can allow it: updateStream(input: {id, preview: true}).',
    );
  }
}

/** Until the session is over, or who looks goes, or may not look any more. @throws MienError NOT_FOUND, TOO_MANY_REQUESTS */
function show(
  id: string,
  response: ServerResponse,
  context: Context,
  { watchMs = WATCH_MS, log }: PreviewOptions,
): void {
  const leave = context.previews.watch(id, {
    isReady: () => !response.writableNeedDrain && !response.writableEnded,
    show: (picture) => writePart(response, picture),
    end,
  });
  const look = setInterval(() => {
    assertShown(id, context).catch((error: unknown) => {
      // A database that is away for a moment takes no right away.
      if (error instanceof MienError) end();
      else log.debug({ err: error }, 'could not look whether a preview may go on; it will be tried again');
    });
  }, watchMs);
  response.once('close', stop);
  response.writeHead(200, HEADERS);
  response.write(`--${BOUNDARY}\r\n`);

  function stop(): void {
    clearInterval(look);
    leave();
  }

  /** Called by whoever comes first of two: a session that ends, and a look that is under way. */
  function end(): void {
    stop();
    if (!response.writableEnded) response.end(`--${BOUNDARY}--\r\n`);
  }
}

/** With the boundary behind it, by which a browser knows that it is whole. */
function writePart(response: ServerResponse, { seq, mediaTime, jpeg }: PreviewPicture): void {
  const head = [
    'content-type: image/jpeg',
    `content-length: ${jpeg.length}`,
    `x-mien-seq: ${seq}`,
    `x-mien-media-time: ${mediaTime}`,
  ].join('\r\n');
  response.write(Buffer.concat([Buffer.from(`${head}\r\n\r\n`), jpeg, Buffer.from(`\r\n--${BOUNDARY}\r\n`)]));
}
