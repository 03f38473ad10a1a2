/** Why the storage of uploads did not do what it was asked for, in a sentence that says what to do. */
import { Readable } from 'node:stream';
import { connectionErrorOf } from '../domain/connection-error.ts';
import { MienError } from '../errors.ts';

/** Which storage, as people know it. */
export interface StoragePlace {
  /** As `MIEN_UPLOADS` has it. */
  name: string;
  bucket: string;
  /** Where it was said to be; null: AWS, by its region. */
  endpoint: string | null;
}

/** As AWS's client tells of what went wrong. */
interface Failure extends NodeJS.ErrnoException {
  Code?: string;
  $metadata?: { httpStatusCode?: number };
  $response?: { statusCode?: number };
}

/** Whether it says that what was asked for is not there (any more, as it was), in a bucket that is. */
export function isMissing(error: unknown): boolean {
  const failure = error as Failure;
  return codeOf(failure) !== 'NoSuchBucket' && [404, 412].includes(statusOf(failure) ?? 0);
}

/** @returns UPLOADS_UNAVAILABLE; SHUTTING_DOWN of what was cut off */
export function storageError(error: unknown, place: StoragePlace): MienError {
  if (error instanceof MienError) return error;
  if ((error as Error).name === 'AbortError') return new MienError('SHUTTING_DOWN', 'mien is shutting down.');
  return new MienError('UPLOADS_UNAVAILABLE', `${sentenceOf(error as Failure, place)}.`, { cause: error });
}

/** What breaks off is told as what does not begin. Who leaves it ends the connection, too. */
export function worded(body: Readable, place: StoragePlace): Readable {
  const chunks = async function* () {
    try {
      yield* body;
    } catch (error) {
      throw storageError(error, place);
    }
  };
  return Readable.from(chunks(), { objectMode: false }).once('close', () => body.destroy());
}

/** What came is not what was asked for: some storages do not look at ranges, or round them. */
export function otherRangeError(place: StoragePlace): MienError {
  const sentence = `${where(place)} does not send the range that was asked for; use one that does`;
  return new MienError('UPLOADS_UNAVAILABLE', `${sentence}.`);
}

function sentenceOf(failure: Failure, place: StoragePlace): string {
  const [code, status] = [codeOf(failure), statusOf(failure)];
  const said = BY_CODE[code];
  if (said !== undefined) return `${where(place)} ${said(place)}`;
  if (/region is missing/i.test(failure.message)) return `${where(place)} has no region; set AWS_REGION`;
  if (status === undefined) return `${where(place)} ${connectionErrorOf(causeOf(failure), OTHER_END)}`;
  if (status === 403) return `${where(place)} ${DENIED}`;
  if (status === 301 || status === 307) return `${where(place)} ${ELSEWHERE}`;
  if (status === 429 || status >= 500)
    return `${where(place)} answered ${status}; look after it, and try again`;
  return `${where(place)} answered ${status}${/^\w{1,60}$/.test(code) ? ` ${code}` : ''}; check MIEN_UPLOADS and AWS_ENDPOINT_URL`;
}

function where({ name, endpoint }: StoragePlace): string {
  return `The storage of uploads, ${name}${endpoint === null ? '' : ` at ${new URL(endpoint).host}`},`;
}

const OTHER_END = { what: 'the storage', protocol: 'the protocol of its address' };
const ELSEWHERE = 'is in another region; correct AWS_REGION';
const DENIED =
  'does not let these keys do that; grant them s3:ListBucket and s3:ListBucketMultipartUploads of the bucket, and s3:GetObject, s3:PutObject, s3:DeleteObject, s3:AbortMultipartUpload and s3:ListMultipartUploadParts of what is in it';
const WRONG_KEYS = () =>
  'refuses the keys; correct AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, with AWS_SESSION_TOKEN where they are of a session';
const NO_ROOM = () => 'has no room left; remove streams that use uploads, or enlarge it';
const SLOW = () => 'did not answer in time; check that it is up and can be reached from here';

const BY_CODE: Record<string, (place: StoragePlace) => string> = {
  CredentialsProviderError: () =>
    'has no keys here; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give this machine a role',
  NoSuchBucket: ({ bucket }) => `has no bucket ${bucket}; create it, or correct MIEN_UPLOADS`,
  InvalidAccessKeyId: WRONG_KEYS,
  SignatureDoesNotMatch: WRONG_KEYS,
  ExpiredToken: WRONG_KEYS,
  InvalidToken: WRONG_KEYS,
  AccessDenied: () => DENIED,
  RequestTimeTooSkewed: () => 'has another time than this machine; set both clocks',
  PermanentRedirect: () => ELSEWHERE,
  AuthorizationHeaderMalformed: () => ELSEWHERE,
  QuotaExceeded: NO_ROOM,
  XMinioStorageFull: NO_ROOM,
  TimeoutError: SLOW,
  RequestTimeout: SLOW,
};

function codeOf({ Code, name }: Failure): string {
  return Code ?? name;
}

function statusOf({ $metadata, $response }: Failure): number | undefined {
  return $metadata?.httpStatusCode ?? $response?.statusCode;
}

/** What the system said of a connection; of several addresses that were tried, of the first. */
function causeOf(failure: Failure): NodeJS.ErrnoException {
  if (failure instanceof AggregateError) return causeOf(failure.errors[0] as Failure);
  if (failure.code === undefined && failure.cause instanceof Error) return causeOf(failure.cause as Failure);
  return failure;
}
