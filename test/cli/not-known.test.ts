/** What an API tells of what workers know, also where none answers. */
import { expect, test } from 'vitest';
import type { Requests } from '../../src/bus/index.ts';
import { loadElsewhere, modelsElsewhere, outputElsewhere } from '../../src/cli/serve/ask-workers.ts';
import type { OutputStatus } from '../../src/domain/output.ts';

/** @param answers of all workers */
const asking = (...answers: unknown[]) => ({ askAll: async () => answers }) as unknown as Requests;

const READY: OutputStatus = { state: 'READY', lastError: null, sent: 1, failed: 2, dropped: 3, waiting: 4 };

test('how an output is doing is the worst that a worker tells, with the sums of all; and not known where none answers', async () => {
  const lastError = { message: 'It is away.', at: 1 };
  const failing: OutputStatus = { ...READY, state: 'FAILING', lastError };
  expect(await outputElsewhere(asking(READY, null, failing), 'an output')).toEqual({
    ...{ state: 'FAILING', lastError, sent: 2, failed: 4, dropped: 6, waiting: 8 },
  });
  expect(await outputElsewhere(asking(null, null), 'an output')).toBeNull();
  expect(await outputElsewhere(asking(), 'an output')).toBe('UNKNOWN');
});

test('the models that are loaded are those of all workers; and not known where none answers', async () => {
  expect(await modelsElsewhere(asking(['a', 'b'], ['b', 'c']))).toEqual(['a', 'b', 'c']);
  expect(await modelsElsewhere(asking([]))).toEqual([]);
  expect(await modelsElsewhere(asking())).toBeNull();
});

test('what can be scored is the sum of all workers; and not known where none answers', async () => {
  const one = { framesPerSecond: 20, used: 4, asked: 10, left: 10 };
  const measured = loadElsewhere(asking(one, { ...one, framesPerSecond: null, left: null }));
  expect(await measured.capacity()).toEqual({ framesPerSecond: 20, used: 8, asked: 20, left: 10 });
  expect(await loadElsewhere(asking()).capacity()).toBeNull();
});

test('where no worker answers, a stream has a warning that says so', async () => {
  const warnings = { withTotals: ['Too many.'], withoutTotals: [] };
  const one = { id: 'one', effectiveFrameRate: 5, isOverloaded: true, warnings };
  expect(await loadElsewhere(asking([one])).warnings('one')).toEqual(['Too many.']);
  expect(await loadElsewhere(asking([])).warnings('one')).toEqual([]);
  expect(await loadElsewhere(asking()).warnings('one')).toEqual([
    expect.stringContaining('No worker answers'),
  ]);
});
