/**
 * Speaks S3's protocol, by AWS's own client, which finds keys by itself: in the environment, in files, or by the machine's role.
 * Loaded only where `MIEN_UPLOADS` names a bucket. All of it throws MienError UPLOADS_UNAVAILABLE.
 */
import { setMaxListeners } from 'node:events';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { Multipart, ObjectRange, ObjectStorage, Part, StoredObject } from './object-storage.ts';
import { isMissing, otherRangeError, type StoragePlace, storageError, worded } from './storage-error.ts';

export interface S3Options extends StoragePlace {
  /** Null: as AWS's client finds it. */
  region: string | null;
}

/** Time for a connection; for an answer to begin, and between two pieces of what is read. */
const CONNECT_MS = 5_000;
const ANSWER_MS = 60_000;
/** Each player of a recording holds a connection, and none may keep uploads waiting. */
const AGENT = { keepAlive: true, maxSockets: 1_000 };
/** Long enough to begin to read; what is read later is signed anew. */
const PRESIGNED_SECONDS = 300;

export function createS3(options: S3Options): ObjectStorage {
  return new S3Storage(options);
}

class S3Storage implements ObjectStorage {
  readonly #place: S3Options;
  readonly #client: S3Client;
  readonly #closing = new AbortController();
  readonly #until = { abortSignal: this.#closing.signal };

  constructor(options: S3Options) {
    this.#place = options;
    this.#client = openClient(options);
    // Each request that is under way listens to it.
    setMaxListeners(0, this.#closing.signal);
  }

  async head(key: string): Promise<StoredObject | null> {
    const found = await this.#ifThere(this.#client.send(new HeadObjectCommand(this.#at(key)), this.#until));
    return found && { key, ...stateOf(found.ContentLength, found.ETag, found.LastModified) };
  }

  async get(key: string, { first, last, etag }: ObjectRange): Promise<Readable | null> {
    const asked = { Range: `bytes=${first}-${last}`, IfMatch: etag };
    const command = new GetObjectCommand({ ...this.#at(key), ...asked });
    const found = await this.#ifThere(this.#client.send(command, this.#until));
    if (found === null) return null;
    const body = found.Body as Readable;
    const isPart = found.ContentRange?.startsWith(`bytes ${first}-${last}/`) === true;
    const isAll = found.ContentRange === undefined && first === 0 && found.ContentLength === last + 1;
    if (isPart || isAll) return worded(body, this.#place);
    body.destroy();
    throw otherRangeError(this.#place);
  }

  async read(key: string): Promise<Buffer | null> {
    const found = await this.#ifThere(this.#client.send(new GetObjectCommand(this.#at(key)), this.#until));
    return found && this.#telling(buffer(found.Body as Readable));
  }

  async put(key: string, body: Buffer | string): Promise<void> {
    const command = new PutObjectCommand({ ...this.#at(key), Body: body });
    await this.#telling(this.#client.send(command, this.#until));
  }

  async remove(key: string): Promise<void> {
    await this.#ifThere(this.#client.send(new DeleteObjectCommand(this.#at(key)), this.#until));
  }

  async *list(Prefix: string): AsyncGenerator<StoredObject, void, undefined> {
    const { bucket: Bucket } = this.#place;
    for (let token: string | undefined; ; ) {
      const command = new ListObjectsV2Command({ Bucket, Prefix, ContinuationToken: token });
      const page = await this.#telling(this.#client.send(command, this.#until));
      for (const { Key, Size, ETag, LastModified } of page.Contents ?? [])
        if (Key !== undefined) yield { key: Key, ...stateOf(Size, ETag, LastModified) };
      token = page.NextContinuationToken;
      if (token === undefined) return;
    }
  }

  async begin(key: string): Promise<Multipart> {
    const command = new CreateMultipartUploadCommand(this.#at(key));
    const { UploadId } = await this.#telling(this.#client.send(command, this.#until));
    return { key, uploadId: UploadId! };
  }

  async putPart(to: Multipart, number: number, body: Buffer): Promise<string> {
    const command = new UploadPartCommand({ ...this.#partsOf(to), PartNumber: number, Body: body });
    return (await this.#telling(this.#client.send(command, this.#until))).ETag!;
  }

  async parts(of: Multipart): Promise<Part[] | null> {
    const parts: Part[] = [];
    for (let marker: string | undefined; ; ) {
      const command = new ListPartsCommand({ ...this.#partsOf(of), PartNumberMarker: marker });
      const page = await this.#ifThere(this.#client.send(command, this.#until));
      if (page === null) return null;
      for (const { PartNumber, ETag, Size, LastModified } of page.Parts ?? [])
        parts.push({ number: PartNumber!, ...stateOf(Size, ETag, LastModified) });
      marker = page.IsTruncated ? page.NextPartNumberMarker : undefined;
      if (marker === undefined) return parts.sort((one, other) => one.number - other.number);
    }
  }

  async complete(what: Multipart, parts: readonly Pick<Part, 'number' | 'etag'>[]): Promise<boolean> {
    const MultipartUpload = { Parts: parts.map(({ number, etag }) => ({ PartNumber: number, ETag: etag })) };
    const command = new CompleteMultipartUploadCommand({ ...this.#partsOf(what), MultipartUpload });
    return (await this.#ifThere(this.#client.send(command, this.#until))) !== null;
  }

  async abort(what: Multipart): Promise<void> {
    const command = new AbortMultipartUploadCommand(this.#partsOf(what));
    await this.#ifThere(this.#client.send(command, this.#until));
  }

  async *begun(Prefix: string): AsyncGenerator<Multipart & { begunAt: Date }, void, undefined> {
    const { bucket: Bucket } = this.#place;
    for (let at: { KeyMarker?: string; UploadIdMarker?: string | undefined } = {}; ; ) {
      const command = new ListMultipartUploadsCommand({ Bucket, Prefix, ...at });
      const page = await this.#telling(this.#client.send(command, this.#until));
      for (const { Key, UploadId, Initiated } of page.Uploads ?? [])
        if (Key !== undefined && UploadId !== undefined)
          yield { key: Key, uploadId: UploadId, begunAt: Initiated ?? new Date() };
      if (!page.IsTruncated || page.NextKeyMarker === undefined) return;
      at = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker };
    }
  }

  async presign(key: string): Promise<URL> {
    // As its requests are: by the storage's clock, as far as its answers told it. Addresses last for less than clocks may differ.
    const signingDate = new Date(Date.now() + this.#client.config.systemClockOffset);
    const asked = { expiresIn: PRESIGNED_SECONDS, signingDate };
    const signing = getSignedUrl(this.#client, new GetObjectCommand(this.#at(key)), asked);
    return new URL(await this.#telling(signing));
  }

  async keepsVersions(): Promise<boolean | null> {
    const { bucket: Bucket } = this.#place;
    const asking = this.#client.send(new GetBucketVersioningCommand({ Bucket }), this.#until);
    // Many keys may not, and some storages do not know the question: nothing else hangs on it.
    const answer = await asking.catch(() => null);
    return answer && (answer.Status ?? '') !== '';
  }

  close(): void {
    this.#closing.abort();
    this.#client.destroy();
  }

  #at(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.#place.bucket, Key: key };
  }

  #partsOf({ key, uploadId }: Multipart) {
    return { ...this.#at(key), UploadId: uploadId };
  }

  #telling<T>(work: Promise<T>): Promise<T> {
    return work.catch((error: unknown) => {
      throw storageError(error, this.#place);
    });
  }

  #ifThere<T>(work: Promise<T>): Promise<T | null> {
    return work.catch((error: unknown) => {
      if (isMissing(error)) return null;
      throw storageError(error, this.#place);
    });
  }
}

/** Storages beside AWS have one name for all buckets, which stand in the path, and mostly one region. */
function openClient({ endpoint, region }: S3Options): S3Client {
  const elsewhere = endpoint !== null && { endpoint, forcePathStyle: true, region: 'us-east-1' };
  return new S3Client({
    ...elsewhere,
    ...(region !== null && { region }),
    // Checksums of another kind than the protocol asks for are not known to all storages.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      ...{ connectionTimeout: CONNECT_MS, requestTimeout: ANSWER_MS, socketTimeout: ANSWER_MS },
      throwOnRequestTimeout: true,
      ...{ httpAgent: AGENT, httpsAgent: AGENT },
    },
  });
}

function stateOf(size = 0, etag = '', modified = new Date(0)): Omit<StoredObject, 'key'> {
  return { size, etag, modified };
}
