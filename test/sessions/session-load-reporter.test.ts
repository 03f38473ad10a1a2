import { expect, it } from 'vitest';
import type { LoadControl } from '../../src/sessions/index.ts';
import { openLoadReporter } from '../../src/sessions/session-load-reporter.ts';
import { MemoryStore } from '../helpers/memory-store.ts';
import { STREAM_RECORD } from '../helpers/streams.ts';

/** A session whose part of the load, meter and publisher note what they are told. */
function opened(isMetered: boolean) {
  const told: unknown[] = [];
  const note =
    (what: string) =>
    (...given: unknown[]) =>
      void told.push([what, ...given]);
  let onRate: () => void = () => {};
  const own = { scored: note('own scored'), dropped: note('own dropped'), opened: note('own opened') };
  const load = {
    open(_stream: unknown, onChange: () => void) {
      onRate = onChange;
      return { ...own, turn: note('own turn'), close: note('own close') };
    },
  } as unknown as LoadControl;
  const meter = { decoded: note('decoded'), scored: note('scored'), dropped: note('dropped') };
  const session = new MemoryStore().addSession(STREAM_RECORD.id, { state: 'RUNNING' });
  const deps = { load, publisher: { status: note('status') }, ...(isMetered && { meter }) };
  return {
    told,
    session,
    onRate: () => onRate(),
    opened: openLoadReporter(deps, STREAM_RECORD, session),
  };
}

it.each([true, false])(
  'what a session measures is counted in its load, and by the meter of the server where there is one: %s',
  (isMetered) => {
    const { told, opened: load } = opened(isMetered);
    const { signal } = new AbortController();
    load.meter.decoded(3);
    load.meter.scored(2);
    load.meter.dropped({ busy: 1 });
    void load.turn(signal);
    const source = { realtime: true, setFrameRate() {} };
    load.opened(source);
    load.close();
    expect(told).toEqual([
      ...(isMetered ? [['decoded', 3]] : []),
      ['own scored', 2],
      ...(isMetered ? [['scored', 2]] : []),
      ['own dropped', { busy: 1 }],
      ...(isMetered ? [['dropped', { busy: 1 }]] : []),
      ['own turn', signal],
      ['own opened', source],
      ['own close'],
    ]);
  },
);

it('a rate that changed is told beside the state that was committed last, and no more once that is the end', () => {
  const { told, session, onRate, opened: load } = opened(true);
  onRate();
  const reconnecting = { ...session, state: 'RECONNECTING' } as const;
  load.publish(reconnecting);
  onRate();
  const ended = { ...session, state: 'ENDED' } as const;
  load.publish(ended);
  onRate();
  const { id } = STREAM_RECORD;
  expect(told).toEqual([
    ['status', id, session, true],
    ['status', id, reconnecting],
    ['status', id, reconnecting, true],
    ['status', id, ended],
  ]);
});
