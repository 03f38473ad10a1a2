/** Storage that speaks as much of S3's protocol as mien asks for, in memory; requests that are not signed with its keys are refused. */
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { refusalOf, type S3Keys } from './s3-signatures.ts';

/** One request that came, as far as tests ask. */
export interface S3Request {
  method: string;
  /** What is behind the bucket. */
  key: string;
  query: URLSearchParams;
  range: string | undefined;
  isPresigned: boolean;
}

/** A status; or the connection ends after half of the body; or all is sent where a range was asked for; or it is sent on to another address. */
export type Fault = number | 'cut' | 'whole' | { to: string };

export interface S3Server {
  endpoint: string;
  bucket: string;
  keys: S3Keys;
  /** By which a server of mien finds it. */
  env: Record<string, string>;
  objects: Map<string, { bytes: Buffer; modified: Date }>;
  /** Uploads of which parts came, by their ids. */
  multiparts: Map<string, { key: string; begun: Date; grown: Date; parts: Map<number, Buffer> }>;
  requests: S3Request[];
  /** Asked of each request: what it is answered instead; undefined: as usual. */
  fault: (request: S3Request) => Fault | undefined;
  /** Whether it says that it keeps old versions; it keeps none. */
  versioning: 'Enabled' | 'Suspended' | null;
  /** Objects in a page of a list, and parts in one of parts. */
  pageSize: number;
  /** No connection is taken any more, until `back`. */
  away(): Promise<void>;
  back(): Promise<void>;
  /** Holds nothing, and has no faults. */
  reset(): void;
  close(): Promise<void>;
}

const LEAST_PART = 5 * 2 ** 20;

export async function openS3Server(): Promise<S3Server> {
  const keys = { accessKeyId: 'AKTEST', secretAccessKey: randomBytes(20).toString('hex') };
  const bucket = 'videos';
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    handle(s3, request, response).catch((error: unknown) => {
      response.destroy();
      if (!request.destroyed) throw error;
    });
  });
  server.on('connection', (socket) => sockets.add(socket.on('close', () => sockets.delete(socket))));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const endpoint = `http://127.0.0.1:${port}`;
  const close = async () => {
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  const s3: S3Server = {
    ...{ endpoint, bucket, keys, objects: new Map(), multiparts: new Map(), requests: [], pageSize: 1000 },
    versioning: null,
    env: {
      ...{ MIEN_UPLOADS: `s3://${bucket}/mien`, AWS_ENDPOINT_URL: endpoint, AWS_REGION: 'us-east-1' },
      ...{ AWS_ACCESS_KEY_ID: keys.accessKeyId, AWS_SECRET_ACCESS_KEY: keys.secretAccessKey },
    },
    fault: () => undefined,
    away: close,
    back: async () => void (await once(server.listen(port, '127.0.0.1'), 'listening')),
    reset() {
      Object.assign(s3, { fault: () => undefined, pageSize: 1000 });
      for (const held of [s3.objects, s3.multiparts]) held.clear();
      s3.requests.length = 0;
    },
    close: () => (server.listening ? close() : Promise.resolve()),
  };
  return s3;
}

async function handle(s3: S3Server, message: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await buffer(message);
  const { method = '', headers } = message;
  const { pathname, searchParams: query } = new URL(message.url!, s3.endpoint);
  const [, bucket = '', ...rest] = pathname.split('/').map(decodeURIComponent);
  const isPresigned = query.has('X-Amz-Signature');
  const request = { method, key: rest.join('/'), query, range: headers.range, isPresigned };
  s3.requests.push(request);
  const fault = s3.fault(request);
  if (typeof fault === 'number')
    return void refuse(response, fault, fault === 503 ? 'SlowDown' : 'AccessDenied');
  if (typeof fault === 'object') return void response.writeHead(307, { location: fault.to }).end();
  const refusal = await refusalOf(message, body, s3.keys);
  if (refusal !== null) return void refuse(response, 403, refusal);
  if (bucket !== s3.bucket) return void refuse(response, 404, 'NoSuchBucket');
  if (fault === 'whole') delete headers.range;
  const exchange = { s3, request, body, response, headers, isCut: fault === 'cut' };
  if (query.has('versioning')) return answerXml(response, versioningOf(s3));
  if (request.key === '') return query.has('uploads') ? listMultiparts(exchange) : listObjects(exchange);
  if (query.has('uploads')) return beginMultipart(exchange);
  return query.has('uploadId') ? onMultipart(exchange) : onObject(exchange);
}

interface Exchange {
  s3: S3Server;
  request: S3Request;
  body: Buffer;
  response: ServerResponse;
  headers: IncomingMessage['headers'];
  isCut: boolean;
}

function refuse(response: ServerResponse, status: number, code: string): void {
  answerXml(response, `<Error><Code>${code}</Code><Message>as it is</Message></Error>`, status);
}

function answerXml(response: ServerResponse, xml: string, status = 200): void {
  const text = `<?xml version="1.0" encoding="UTF-8"?>\n${xml}`;
  response.writeHead(status, {
    'content-type': 'application/xml',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}

function versioningOf({ versioning }: S3Server): string {
  const status = versioning === null ? '' : `<Status>${versioning}</Status>`;
  return `<VersioningConfiguration>${status}</VersioningConfiguration>`;
}

const etagOf = (bytes: Buffer) => `"${createHash('md5').update(bytes).digest('hex')}"`;

function onObject(exchange: Exchange): void {
  const { s3, request, body, response, headers } = exchange;
  const { method, key } = request;
  if (method === 'PUT') {
    s3.objects.set(key, { bytes: body, modified: new Date() });
    return void response.writeHead(200, { etag: etagOf(body) }).end();
  }
  if (method === 'DELETE') {
    s3.objects.delete(key);
    return void response.writeHead(204).end();
  }
  const found = s3.objects.get(key);
  if (found === undefined) return void refuse(response, 404, 'NoSuchKey');
  const etag = etagOf(found.bytes);
  if ((headers['if-match'] ?? etag) !== etag) return void refuse(response, 412, 'PreconditionFailed');
  sendObject(exchange, found.bytes, { etag, 'last-modified': found.modified.toUTCString() });
}

function sendObject(
  { request: { method }, response, headers, isCut }: Exchange,
  bytes: Buffer,
  state: Record<string, string>,
): void {
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '') ?? [];
  const first = Number(from ?? 0);
  const last = to ? Math.min(Number(to), bytes.length - 1) : bytes.length - 1;
  if (first > last && bytes.length > 0) return void refuse(response, 416, 'InvalidRange');
  response.writeHead(from === undefined ? 200 : 206, {
    ...{ ...state, 'content-length': last - first + 1, 'accept-ranges': 'bytes' },
    ...(from !== undefined && { 'content-range': `bytes ${first}-${last}/${bytes.length}` }),
  });
  if (method === 'HEAD') return void response.end();
  const part = bytes.subarray(first, last + 1);
  if (!isCut) return void response.end(part);
  response.write(part.subarray(0, Math.ceil(part.length / 2)), () => response.destroy());
}

function listObjects({ s3, request: { query }, response }: Exchange): void {
  const prefix = query.get('prefix') ?? '';
  const after = query.get('continuation-token') ?? '';
  const keys = [...s3.objects.keys()].filter((key) => key.startsWith(prefix) && key > after).sort();
  const page = keys.slice(0, s3.pageSize);
  const contents = page.map((key) => {
    const { bytes, modified } = s3.objects.get(key)!;
    return `<Contents><Key>${key}</Key><Size>${bytes.length}</Size><ETag>${etagOf(bytes)}</ETag><LastModified>${modified.toISOString()}</LastModified></Contents>`;
  });
  const next =
    keys.length > page.length ? `<NextContinuationToken>${page.at(-1)}</NextContinuationToken>` : '';
  answerXml(
    response,
    `<ListBucketResult><IsTruncated>${next !== ''}</IsTruncated>${next}${contents.join('')}</ListBucketResult>`,
  );
}

function listMultiparts({ s3, request: { query }, response }: Exchange): void {
  const prefix = query.get('prefix') ?? '';
  const uploads = [...s3.multiparts]
    .filter(([, { key }]) => key.startsWith(prefix))
    .map(
      ([id, { key, begun }]) =>
        `<Upload><Key>${key}</Key><UploadId>${id}</UploadId><Initiated>${begun.toISOString()}</Initiated></Upload>`,
    );
  answerXml(
    response,
    `<ListMultipartUploadsResult><IsTruncated>false</IsTruncated>${uploads.join('')}</ListMultipartUploadsResult>`,
  );
}

function beginMultipart({ s3, request: { key }, response }: Exchange): void {
  const id = randomBytes(8).toString('hex');
  s3.multiparts.set(id, { key, begun: new Date(), grown: new Date(), parts: new Map() });
  answerXml(
    response,
    `<InitiateMultipartUploadResult><Bucket>${s3.bucket}</Bucket><Key>${key}</Key><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`,
  );
}

function onMultipart({ s3, request: { method, key, query }, body, response }: Exchange): void {
  const id = query.get('uploadId')!;
  const multipart = s3.multiparts.get(id);
  if (multipart?.key !== key) return void refuse(response, 404, 'NoSuchUpload');
  const { parts } = multipart;
  if (method === 'PUT') {
    parts.set(Number(query.get('partNumber')), body);
    multipart.grown = new Date();
    return void response.writeHead(200, { etag: etagOf(body) }).end();
  }
  if (method === 'DELETE') {
    s3.multiparts.delete(id);
    return void response.writeHead(204).end();
  }
  if (method === 'GET')
    return void listParts(s3, multipart, Number(query.get('part-number-marker') ?? 0), response);
  const named = [...body.toString().matchAll(/<PartNumber>(\d+)<\/PartNumber>/g)].map(([, n]) => Number(n));
  const chosen = named.map((number) => parts.get(number));
  if (chosen.length === 0 || chosen.includes(undefined)) return void refuse(response, 400, 'InvalidPart');
  if (chosen.slice(0, -1).some((part) => part!.length < LEAST_PART))
    return void refuse(response, 400, 'EntityTooSmall');
  s3.objects.set(key, { bytes: Buffer.concat(chosen as Buffer[]), modified: new Date() });
  s3.multiparts.delete(id);
  answerXml(response, `<CompleteMultipartUploadResult><Key>${key}</Key></CompleteMultipartUploadResult>`);
}

function listParts(
  { pageSize: most }: S3Server,
  { parts, grown }: { parts: ReadonlyMap<number, Buffer>; grown: Date },
  after: number,
  response: ServerResponse,
): void {
  const all = [...parts].filter(([number]) => number > after).sort(([one], [other]) => one - other);
  const page = all.slice(0, most);
  const items = page.map(
    ([number, bytes]) =>
      `<Part><PartNumber>${number}</PartNumber><ETag>${etagOf(bytes)}</ETag><Size>${bytes.length}</Size><LastModified>${grown.toISOString()}</LastModified></Part>`,
  );
  const isTruncated = all.length > page.length;
  const next = isTruncated ? `<NextPartNumberMarker>${page.at(-1)![0]}</NextPartNumberMarker>` : '';
  answerXml(
    response,
    `<ListPartsResult><IsTruncated>${isTruncated}</IsTruncated>${next}${items.join('')}</ListPartsResult>`,
  );
}
