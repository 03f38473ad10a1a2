import { describe, expect, test } from 'vitest';
import { readConfig, VARIABLES } from '../src/config.ts';
import { MienError } from '../src/errors.ts';

const mistakes = (env: Record<string, string>): string => {
  try {
    readConfig(env);
  } catch (error) {
    expect(error).toBeInstanceOf(MienError);
    expect((error as MienError).code).toBe('CONFIG_INVALID');
    return (error as MienError).message;
  }
  return '';
};

describe('readConfig', () => {
  test('an empty environment gives defaults that stay on this machine', () => {
    expect(readConfig({})).toMatchObject({
      host: '127.0.0.1',
      port: 4000,
      databaseUrl: null,
      dataDir: './data',
      mediaDir: 'data/media',
      uploadsDir: 'data/uploads',
      uploadsBucket: null,
      device: 'auto',
      allowPrivateSources: false,
      allowPurposes: [],
      publicUrls: [],
      allowedOrigins: [],
      retentionHours: 'DEFAULT',
      maxUpload: 2 * 2 ** 30,
      demo: true,
    });
  });

  test('is frozen', () => {
    expect(Object.isFrozen(readConfig({}))).toBe(true);
  });

  test('an empty value counts as unset, and variables of other programs are left alone', () => {
    expect(readConfig({ PORT: '', HOME: '/root', DATABASE_URL: ' ' })).toMatchObject({
      port: 4000,
      databaseUrl: null,
    });
  });

  test.each([
    ['PORT', '8080', { port: 8080 }],
    ['MIEN_MAX_UPLOAD', '500MB', { maxUpload: 500 * 2 ** 20 }],
    ['MIEN_MAX_UPLOAD', '1024', { maxUpload: 1024 }],
    ['MIEN_DEMO', 'no', { demo: false }],
    ['MIEN_HWACCEL', 'vaapi', { hwaccel: 'vaapi' }],
    ['MIEN_ALLOW_PRIVATE_SOURCES', '1', { allowPrivateSources: true }],
    ['MIEN_ALLOW_PURPOSES', 'WORKPLACE, EDUCATION', { allowPurposes: ['WORKPLACE', 'EDUCATION'] }],
    [
      'MIEN_ALLOWED_ORIGINS',
      'https://a.org,https://b.org',
      { allowedOrigins: ['https://a.org', 'https://b.org'] },
    ],
    ['DATABASE_URL', 'postgres://u@h/db', { databaseUrl: 'postgres://u@h/db' }],
  ])('%s=%s', (key, value, expected) => {
    expect(readConfig({ [key]: value })).toMatchObject(expected);
  });

  test.each([
    ['http://localhost:3000', 'http://localhost:3000'],
    ['https://mien.example.org/', 'https://mien.example.org'],
    ['https://a.org, http://mien:4000', 'https://a.org,http://mien:4000'],
  ])('MIEN_PUBLIC_URL=%s', (given, expected) => {
    expect(readConfig({ MIEN_PUBLIC_URL: given }).publicUrls).toEqual(expected.split(','));
  });

  test.each([
    ...['localhost:3000', 'example.org:8080', 'app://x', 'file:///x', 'null', 'https://', 'https://u@a.org'],
    ...[
      'https://a.org/path',
      'https://a.org/',
      'https://A.org',
      'https://a.org:443',
      'https://a.org?q',
      '*.a.org',
    ],
  ])('MIEN_ALLOWED_ORIGINS=%s is refused, and the sentence names it', (origin) => {
    const message = mistakes({ MIEN_ALLOWED_ORIGINS: `https://fine.org,${origin}` });
    expect(message).toContain('MIEN_ALLOWED_ORIGINS');
    expect(message).toContain(JSON.stringify(origin));
    expect(message).not.toContain('fine.org');
  });

  test('an origin that is nearly right is given as it should be written', () => {
    expect(mistakes({ MIEN_ALLOWED_ORIGINS: 'https://A.org/path' })).toMatch(/write https:\/\/a\.org\.$/);
  });

  test.each([
    ...[
      ['HOST', '999.1.1.1'],
      ['HOST', '1.2.3'],
      ['HOST', '4000'],
      ['HOST', '[::1]'],
      ['HOST', 'a b'],
      ['HOST', 'http://a.org'],
    ],
    ...[
      ['HOST', ' 127.0.0.1 '],
      ['HOST', '127.0.0.1\0'],
      ['HOST', '-a.org'],
      ['HOST', 'a..org'],
    ],
    ...[
      ['PORT', '1e3'],
      ['PORT', '-1'],
      ['PORT', ' 4000'],
      ['PORT', '0x10'],
      ['MIEN_WORKERS', '0'],
    ],
    ...[
      ['MIEN_MAX_UPLOAD', '5ib'],
      ['MIEN_MAX_UPLOAD', '0'],
      ['MIEN_MAX_UPLOAD', '999999999999TB'],
      ['MIEN_MAX_UPLOAD', '17TB'],
    ],
    ...[
      ['MIEN_DATA_DIR', 'a\0b'],
      ['MIEN_MEDIA_DIR', 'a\nb'],
      ['MIEN_MODELS', ' models'],
      ['FFMPEG_PATH', '/usr/bin/ffmpeg\n'],
    ],
    ...[
      ['DATABASE_URL', 'postgres://u@h:99999/db'],
      ['DATABASE_URL', 'postgres://u@h/a\0b'],
      ['NATS_URL', 'nats.example.org:4222'],
      ['NATS_URL', 'http://nats.example.org'],
      ['NATS_URL', 'nats://a:4222, nats://'],
      ['NATS_URL', 'nats://user:s%zz@a'],
      ['MIEN_RETENTION_DAYS', '99999'],
      ['MIEN_RETENTION', '30'],
      ['MIEN_RETENTION', '0h'],
      ['MIEN_RETENTION', '36501d'],
    ],
    ...[
      ['MIEN_PUBLIC_URL', 'mien.example.org'],
      ['MIEN_PUBLIC_URL', '*'],
      ['MIEN_PUBLIC_URL', 'https://a.org/mien'],
    ],
  ])('%s=%j is refused', (key, value) => {
    expect(mistakes({ [key!]: value! })).toContain(key);
  });

  test.each(['127.0.0.1', '::1', '0.0.0.0', '::', 'fe80::1%eth0', 'localhost', 'mien.lan', 'a1'])(
    'HOST=%s is taken',
    (host) => {
      expect(readConfig({ HOST: host }).host).toBe(host);
    },
  );

  test.each([
    ['5KiB', 5 * 2 ** 10],
    ['16TB', 16 * 2 ** 40],
    ['7b', 7],
    ['2 gb', 2 ** 31],
    ['1t', 2 ** 40],
  ])('the size %s', (text, size) => {
    expect(readConfig({ MIEN_MAX_UPLOAD: text }).maxUpload).toBe(size);
  });

  test.each([
    ['s3://videos', { name: 's3://videos', bucket: 'videos', prefix: '' }],
    ['s3://videos/', { name: 's3://videos', bucket: 'videos', prefix: '' }],
    ['s3://videos/mien', { name: 's3://videos/mien', bucket: 'videos', prefix: 'mien/' }],
    [
      's3://My_old.bucket/a/b-c/',
      { name: 's3://My_old.bucket/a/b-c', bucket: 'My_old.bucket', prefix: 'a/b-c/' },
    ],
  ])('MIEN_UPLOADS=%s is a bucket', (MIEN_UPLOADS, bucket) => {
    expect(readConfig({ MIEN_UPLOADS }).uploadsBucket).toEqual({ ...bucket, endpoint: null, region: null });
    const AWS_ENDPOINT_URL = 'https://minio.example.org:9000';
    expect(readConfig({ MIEN_UPLOADS, AWS_ENDPOINT_URL, AWS_REGION: 'home' }).uploadsBucket).toEqual({
      ...bucket,
      ...{ endpoint: AWS_ENDPOINT_URL, region: 'home' },
    });
    const AWS_ENDPOINT_URL_S3 = 'http://10.0.0.7';
    expect(readConfig({ MIEN_UPLOADS, AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_S3 }).uploadsBucket?.endpoint).toBe(
      AWS_ENDPOINT_URL_S3,
    );
  });

  test('MIEN_UPLOADS may be another directory, and what programs of AWS are told is no concern then', () => {
    expect(readConfig({ MIEN_UPLOADS: '/mnt/uploads', AWS_ENDPOINT_URL: 'nonsense' })).toMatchObject({
      ...{ uploadsDir: '/mnt/uploads', uploadsBucket: null, dataDir: './data' },
    });
  });

  test.each([
    's3://',
    's3://a',
    's3:/videos/a',
    's3:videos',
    ' s3://videos/a',
    's3://videos/a b',
    's3://videos/a/..',
    's3://videos//a',
    's3://videos/../a',
    's3://u:p@videos',
    'https://videos/a',
    's3://videos/a?b',
  ])('MIEN_UPLOADS=%s is a mistake', (MIEN_UPLOADS) => {
    expect(mistakes({ MIEN_UPLOADS })).toContain('MIEN_UPLOADS must be a directory, or a bucket such as');
  });

  test.each(['minio:9000', 'ftp://minio', 'https://u:secret@minio', 'https://minio/bucket'])(
    'AWS_ENDPOINT_URL=%s is a mistake where it is used',
    (endpoint) => {
      const MIEN_UPLOADS = 's3://videos';
      const told = mistakes({ MIEN_UPLOADS, AWS_ENDPOINT_URL: endpoint });
      expect(told).toContain('AWS_ENDPOINT_URL must be scheme, host and port');
      expect(told).not.toContain('secret');
      expect(mistakes({ MIEN_UPLOADS, AWS_ENDPOINT_URL_S3: endpoint })).toContain('AWS_ENDPOINT_URL_S3 must');
    },
  );

  test('integers are for the CPU, and asked for by a word that is known', () => {
    for (const MIEN_DEVICE of ['cpu', 'auto'])
      expect(readConfig({ MIEN_PRECISION: 'int8', MIEN_DEVICE }).precision).toBe('int8');
    expect(readConfig({}).precision).toBe('auto');
    expect(readConfig({ MIEN_PRECISION: 'single', MIEN_DEVICE: 'cuda' }).precision).toBe('single');
    expect(mistakes({ MIEN_PRECISION: 'int8', MIEN_DEVICE: 'cuda' })).toContain(
      'MIEN_PRECISION=int8 is for the CPU: set MIEN_DEVICE to cpu, or unset MIEN_PRECISION.',
    );
    expect(mistakes({ MIEN_PRECISION: 'half' })).toContain(
      'MIEN_PRECISION must be one of auto, single, int8.',
    );
  });

  test('reports every mistake at once', () => {
    const message = mistakes({
      PORT: '70000',
      MIEN_DEVICE: 'gpu',
      MIEN_MAX_UPLOAD: 'big',
      MIEN_ALLOW_PURPOSES: 'SPYING',
      DATABASE_URL: 'mysql://x',
      MIEN_DATADIR: 'x',
      MIEN_DEMO: 'maybe',
    });
    for (const key of [
      'PORT',
      'MIEN_DEVICE',
      'MIEN_MAX_UPLOAD',
      'MIEN_ALLOW_PURPOSES',
      'DATABASE_URL',
      'MIEN_DATADIR',
      'MIEN_DEMO',
    ]) {
      expect(message).toContain(key);
    }
    expect(message).toContain('auto, cuda, tensorrt, webgpu, cpu');
  });

  test('NATS is for servers that share a database, several addresses of it are one cluster, and its password is not told', () => {
    const DATABASE_URL = 'postgres://u@h/db';
    expect(mistakes({ NATS_URL: 'nats://a' })).toContain('set DATABASE_URL');
    expect(readConfig({ DATABASE_URL }).natsUrls).toEqual([]);
    expect(readConfig({ DATABASE_URL, NATS_URL: 'nats://u:p@a:4222, tls://b' }).natsUrls).toEqual([
      ...['nats://u:p@a:4222', 'tls://b'],
    ]);
    expect(mistakes({ DATABASE_URL, NATS_URL: 'nats://user:secret@/' })).not.toContain('secret');
  });

  test('an unknown variable is refused, with the nearest that exists', () => {
    expect(mistakes({ MIEN_UPLOAD_MAX: '1' })).toContain('did you mean MIEN_MAX_UPLOAD');
  });

  test('every variable has a meaning', () => {
    for (const { key, meaning } of VARIABLES) expect(meaning, key).not.toBe('');
    expect(new Set(VARIABLES.map(({ key }) => key)).size).toBe(VARIABLES.length);
  });
});
