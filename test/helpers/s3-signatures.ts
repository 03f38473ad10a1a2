/** Whether a request of S3's protocol was signed with these keys: signed once more, by the signer of AWS's own client. */
import { createHash, createHmac } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { SignatureV4 } from '@smithy/signature-v4';

export interface S3Keys {
  accessKeyId: string;
  secretAccessKey: string;
}

const REGION = 'us-east-1';

/** @returns null: it is; else the code by which S3 refuses it */
export async function refusalOf(
  request: IncomingMessage,
  body: Buffer,
  keys: S3Keys,
): Promise<string | null> {
  const url = new URL(request.url!, `http://${request.headers.host}`);
  return url.searchParams.has('X-Amz-Signature')
    ? presignedRefusal(request, url, keys)
    : headerRefusal(request, url, body, keys);
}

async function headerRefusal(
  { method = '', headers }: IncomingMessage,
  url: URL,
  body: Buffer,
  keys: S3Keys,
): Promise<string | null> {
  const { authorization = '' } = headers;
  const [, id, names = '', signature] =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/\S+, SignedHeaders=(\S+), Signature=(\w+)$/.exec(authorization) ??
    [];
  if (signature === undefined) return 'AccessDenied';
  if (id !== keys.accessKeyId) return 'InvalidAccessKeyId';
  const told = headers['x-amz-content-sha256'];
  if (told !== 'UNSIGNED-PAYLOAD' && told !== createHash('sha256').update(body).digest('hex'))
    return 'XAmzContentSHA256Mismatch';
  const signed = Object.fromEntries(names.split(';').map((name) => [name, String(headers[name] ?? '')]));
  const query = queryOf(url);
  const again = await signerWith(keys).sign(
    { ...placeOf(url), method, query, headers: signed, body },
    { signingDate: dateIn(String(headers['x-amz-date'])) },
  );
  return String(again.headers.authorization).endsWith(`Signature=${signature}`)
    ? null
    : 'SignatureDoesNotMatch';
}

const ADDED = ['Algorithm', 'Credential', 'Date', 'Expires', 'SignedHeaders', 'Signature', 'Content-Sha256'];

async function presignedRefusal(
  { method = '' }: IncomingMessage,
  url: URL,
  keys: S3Keys,
): Promise<string | null> {
  const given = (name: string) => url.searchParams.get(`X-Amz-${name}`) ?? '';
  if (given('Credential').split('/')[0] !== keys.accessKeyId) return 'InvalidAccessKeyId';
  const signingDate = dateIn(given('Date'));
  const expiresIn = Number(given('Expires'));
  if (Date.now() > signingDate.getTime() + expiresIn * 1000) return 'AccessDenied';
  const query = Object.fromEntries(
    Object.entries(queryOf(url)).filter(([name]) => !ADDED.some((added) => name === `X-Amz-${added}`)),
  );
  const headers = { host: url.host, 'X-Amz-Content-Sha256': 'UNSIGNED-PAYLOAD' };
  const again = await signerWith(keys).presign(
    { ...placeOf(url), method, query, headers },
    { signingDate, expiresIn },
  );
  return again.query?.['X-Amz-Signature'] === given('Signature') ? null : 'SignatureDoesNotMatch';
}

function signerWith(credentials: S3Keys): SignatureV4 {
  return new SignatureV4({
    credentials,
    region: REGION,
    service: 's3',
    sha256: Sha256,
    uriEscapePath: false,
  });
}

function placeOf({ protocol, hostname, port, pathname: path }: URL) {
  return { protocol, hostname, port: Number(port), path };
}

function queryOf({ searchParams }: URL): Record<string, string> {
  return Object.fromEntries(searchParams);
}

function dateIn(text: string): Date {
  return new Date(text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
}

/** As the signer asks for one. */
class Sha256 {
  readonly #hash: ReturnType<typeof createHash> | ReturnType<typeof createHmac>;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    const key = typeof secret === 'string' || secret === undefined ? secret : bytesOf(secret);
    this.#hash = key === undefined ? createHash('sha256') : createHmac('sha256', key);
  }

  update(bytes: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(typeof bytes === 'string' ? bytes : bytesOf(bytes));
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }

  reset(): void {}
}

function bytesOf(bytes: ArrayBuffer | ArrayBufferView): Buffer {
  return ArrayBuffer.isView(bytes)
    ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    : Buffer.from(bytes);
}
