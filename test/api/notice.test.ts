/** `/notice`: what people who are filmed are told. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ApiOptions } from '../../src/api/index.ts';
import { noticePage } from '../../src/api/notice/notice-page.ts';
import { warnNoticeUnset } from '../../src/cli/serve/warn-notice-unset.ts';
import type { Purpose } from '../../src/domain/stream.ts';
import { openTestApi, type TestApi } from './harness.ts';

let api: TestApi | null = null;
afterEach(async () => {
  await api?.close();
  api = null;
});

interface Group {
  purpose: Purpose;
  retention: number | null;
}

async function notice(
  groups: Group[] | Error,
  told: Partial<NonNullable<ApiOptions['notice']>> = {},
  outputs = 0,
) {
  const groupBy = vi.fn(async () => {
    if (groups instanceof Error) throw groups;
    return groups;
  });
  api = await openTestApi(
    { prisma: { stream: { groupBy }, output: { count: async () => outputs } } as never },
    { notice: { controller: null, contact: null, url: null, retentionHours: 720, ...told } },
  );
  const response = await fetch(`${api.url}/notice`);
  return { response, groupBy, html: await response.text() };
}

const textOf = (html: string) =>
  html
    .replace(/<[^>]+>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();

describe('the notice', () => {
  it('says who is responsible, whom to ask, what for and how long, to everybody and without a script', async () => {
    const { response, html } = await notice(
      [
        { purpose: 'SAFETY', retention: 12 },
        { purpose: 'RESEARCH', retention: null },
        { purpose: 'SAFETY', retention: null },
      ],
      {
        controller: 'Museum of Faces, Main Street 1',
        contact: 'privacy@museum.example',
        url: 'https://museum.example/privacy',
      },
    );
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const text = textOf(html);
    expect(text).toContain('Responsible: Museum of Faces, Main Street 1');
    expect(html).toContain('<a href="mailto:privacy@museum.example">privacy@museum.example</a>');
    expect(html).toContain('<a href="https://museum.example/privacy" rel="noreferrer">');
    expect(text).toMatch(/What for research \(.*\) safety, such as noticing a tired driver These are/);
    expect(text).toContain('deleted after 30 days at the latest');
    expect(text).toContain('does not say what somebody feels');
    expect(text).toContain('Nobody is identified');
    expect(html).not.toContain('class="alert"');
    expect(html).not.toContain('<script');
    expect(response.headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'self';/);
  });

  it('says plainly what its operator has not said', async () => {
    const { html } = await notice([]);
    expect(textOf(html)).toContain('has not said here who they are and whom to ask');
    expect(textOf(html)).toContain('does not say on what legal basis');
    const { html: half } = await notice([], { controller: 'Museum of Faces' });
    expect(textOf(half)).toContain('has not said here whom to ask');
    expect(textOf(half)).toContain('Nothing is set up to be analysed');
  });

  it('says that other programs are told, where they are, and whom to ask about them', async () => {
    const said = 'The results are sent to other programs, too, as soon as they are made';
    expect(textOf((await notice([])).html)).not.toContain('Where else it goes');
    const { html } = await notice([], {}, 2);
    expect(textOf(html)).toContain(said);
    expect(textOf(html)).toContain('how long they keep it, ask whoever is responsible.');
    const { html: linked } = await notice([], { url: 'https://museum.example/privacy' }, 1);
    expect(textOf(linked)).toContain(said);
    expect(linked).toContain(
      'read what <a href="https://museum.example/privacy" rel="noreferrer">whoever is responsible</a> says',
    );
  });

  it.each([
    [
      [{ purpose: 'RESEARCH', retention: 5 }],
      720,
      'deleted after 5 hours at the latest; the deletion may take up to two hours longer',
    ],
    [[{ purpose: 'RESEARCH', retention: 1 }], 720, 'deleted after 1 hour at the latest'],
    [[{ purpose: 'RESEARCH', retention: 24 }], null, 'deleted after 1 day at the latest'],
    [[{ purpose: 'RESEARCH', retention: 2000 }], 720, 'deleted after 2000 hours at the latest'],
    [
      [
        { purpose: 'RESEARCH', retention: null },
        { purpose: 'RESEARCH', retention: 5 },
      ],
      null,
      'are not deleted after a fixed time',
    ],
    [[], 48, 'deleted after 2 days at the latest'],
    [[], null, 'are not deleted after a fixed time'],
  ] as [Group[], number | null, string][])(
    'of %j, where the server keeps %s hours, says %s',
    async (groups, hours, said) => {
      expect(textOf((await notice(groups, { retentionHours: hours })).html)).toContain(said);
    },
  );

  it('is there also while the database is not, and says so', async () => {
    const { response, html } = await notice(new Error('away'), { controller: 'Museum of Faces' });
    expect(response.status).toBe(200);
    expect(textOf(html)).toContain('cannot be looked up at the moment');
    expect(textOf(html)).toContain('Whether other programs are told the results cannot be looked up');
    expect(textOf(html)).toContain('Museum of Faces');
    expect(textOf(html)).not.toContain('deleted after');
  });

  it('asks the database once for many who look at it', async () => {
    const { groupBy } = await notice([]);
    const answers = await Promise.all(Array.from({ length: 20 }, () => fetch(`${api!.url}/notice`)));
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
    // Twice where the machine is so slow that five seconds went by.
    expect(groupBy.mock.calls.length).toBeLessThan(10);
    expect((await fetch(`${api!.url}/notice`, { method: 'HEAD' })).status).toBe(200);
    expect((await fetch(`${api!.url}/notice`, { method: 'POST' })).status).toBe(405);
  });

  it('takes no markup from a setting', () => {
    const html = noticePage({
      ...{
        controller: '<script>alert(1)</script>',
        contact: `"><img src=x onerror='alert(1)'>`,
        purposes: [],
      },
      ...{ url: 'https://a.example/"onmouseover="alert(1)', longestRetention: 24, isSeen: false },
      hasOutputs: true,
    });
    expect(html).not.toMatch(/<script|<img|"onmouseover/);
    expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(
      noticePage({
        controller: null,
        contact: 'javascript:alert(1)',
        url: null,
        purposes: [],
        longestRetention: 1,
        isSeen: false,
        hasOutputs: true,
      }),
    ).not.toContain('href="javascript');
  });

  it('is asked for in the log where others than this machine reach the server', () => {
    const lines: string[] = [];
    const log = { warn: (_about: object, text: string) => void lines.push(text) };
    const nothing = { controller: null, contact: null, url: null };
    warnNoticeUnset({ host: '127.0.0.1', notice: nothing }, log);
    warnNoticeUnset({ host: '0.0.0.0', notice: { ...nothing, controller: 'a', contact: 'b' } }, log);
    expect(lines).toEqual([]);
    warnNoticeUnset({ host: '0.0.0.0', notice: nothing }, log);
    warnNoticeUnset({ host: '0.0.0.0', notice: { ...nothing, controller: 'a' } }, log);
    expect(lines).toEqual([
      expect.stringContaining(
        'set MIEN_NOTICE_CONTROLLER (who is responsible) and MIEN_NOTICE_CONTACT (whom to ask)',
      ),
      expect.stringMatching(/set MIEN_NOTICE_CONTACT \(whom to ask\)$/),
    ]);
  });
});
