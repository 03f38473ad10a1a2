/** The bucket of uploads at a storage of the tests, as a server would open it by its settings. */

import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { openUploadBucket, type UploadBucket } from '../../src/bucket/index.ts';
import { readConfig } from '../../src/config.ts';
import { openS3Server, type S3Server } from './s3-server.ts';

/** For each test of a file an empty bucket, at a storage that lasts for all of them. */
export function beforeEachBucket(set: (opened: { s3: S3Server; bucket: UploadBucket }) => void): void {
  let s3: S3Server;
  let bucket: UploadBucket;
  let takeBack: () => void;
  beforeAll(async () => {
    s3 = await openS3Server();
    takeBack = giveKeys(s3);
  });
  afterAll(async () => {
    takeBack();
    await s3.close();
  });
  beforeEach(() => {
    bucket = openBucket(s3);
    set({ s3, bucket });
  });
  afterEach(() => {
    bucket.close();
    s3.reset();
  });
}

/** AWS's client looks for keys in the environment alone. @returns what puts it back */
export function giveKeys({ keys }: Pick<S3Server, 'keys'>): () => void {
  const given = { AWS_ACCESS_KEY_ID: keys.accessKeyId, AWS_SECRET_ACCESS_KEY: keys.secretAccessKey };
  const before = Object.keys(given).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, given);
  return () => {
    for (const [name, value] of before)
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
  };
}

export function openBucket({ env }: Pick<S3Server, 'env'>, more: Record<string, string> = {}): UploadBucket {
  return openUploadBucket(readConfig({ ...env, ...more }).uploadsBucket!);
}
