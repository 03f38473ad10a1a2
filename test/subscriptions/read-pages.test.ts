import { expect, it } from 'vitest';
import { MienError } from '../../src/errors.ts';
import { readPages } from '../../src/subscriptions/read-pages.ts';
import { moment } from '../helpers/memory-store.ts';

const stored = Array.from({ length: 500 }, (_, seq) => moment('s', seq));
const page = async (_id: string, after: number, limit: number) =>
  stored.filter(({ seq }) => seq > after).slice(0, limit);

it('pages of moments come whole and once, and the next is read while one is in use', async () => {
  const asked: number[] = [];
  const history = {
    page: (id: string, after: number, limit: number) => {
      asked.push(after);
      return page(id, after, limit);
    },
  };
  const seqs: number[] = [];
  for await (const moments of readPages(history, 's', 99)) {
    if (seqs.length === 0) expect(asked).toEqual([99, 299]);
    seqs.push(...moments.map(({ seq }) => seq));
  }
  expect(seqs).toEqual(stored.slice(100).map(({ seq }) => seq));
});

it('pages of moments end where they are told to', async () => {
  const seqs: number[] = [];
  for await (const moments of readPages({ page }, 's', 10, 250)) seqs.push(...moments.map(({ seq }) => seq));
  expect(seqs).toEqual(stored.slice(11, 251).map(({ seq }) => seq));
});

it('a page that could not be read fails when it is asked for', async () => {
  const history = {
    page: async (id: string, after: number, limit: number) => {
      if (after >= 199) throw new MienError('STORE_UNAVAILABLE', 'away');
      return page(id, after, limit);
    },
  };
  const pages = readPages(history, 's', -1);
  expect((await pages.next()).value).toHaveLength(200);
  await expect(pages.next()).rejects.toThrow('away');
});

it.each([
  ['a short page', 399, undefined, [399]],
  ['its last moment', 99, 299, [99]],
  ['nothing', 499, undefined, [499]],
])(
  'behind %s no other page is asked for, and none that is empty is given',
  async (_, after, last, expected) => {
    const asked: number[] = [];
    const history = {
      page: (id: string, from: number, limit: number) => {
        asked.push(from);
        return page(id, from, limit);
      },
    };
    for await (const moments of readPages(history, 's', after, last)) expect(moments).not.toEqual([]);
    expect(asked).toEqual(expected);
  },
);
