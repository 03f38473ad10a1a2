/** The bucket of uploads at a storage of the tests, as a server would open it by its settings. */

import { openUploadBucket, type UploadBucket } from '../../src/bucket/index.ts';
import { readConfig } from '../../src/config.ts';
import type { S3Server } from './s3-server.ts';

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
