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
      device: 'auto',
      allowPrivateSources: false,
      allowPurposes: [],
      allowedOrigins: [],
      retentionDays: 0,
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

  test('an unknown variable is refused, with the nearest that exists', () => {
    expect(mistakes({ MIEN_UPLOAD_MAX: '1' })).toContain('did you mean MIEN_MAX_UPLOAD');
  });

  test('every variable has a meaning', () => {
    for (const { key, meaning } of VARIABLES) expect(meaning, key).not.toBe('');
    expect(new Set(VARIABLES.map(({ key }) => key)).size).toBe(VARIABLES.length);
  });
});
