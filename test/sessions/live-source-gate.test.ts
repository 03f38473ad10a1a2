import { expect, it } from 'vitest';
import { LiveSourceGate } from '../../src/sessions/live-source-gate.ts';
import { tick } from '../helpers/memory-store.ts';
import { code } from './test-manager.ts';

it('a gate lets through while it is open; closing it, also twice, closes what is read, which waits until it is open', async () => {
  const gate = new LiveSourceGate();
  const never = new AbortController().signal;
  await gate.untilOpen(never);
  const { closing } = gate;
  // It is: what reads goes on to hear of its closing.
  gate.open();
  expect(closing.aborted).toBe(false);
  gate.close();
  expect(closing.reason).toEqual(code('SOURCE_FAILED'));
  let isThrough = false;
  const waiting = gate.untilOpen(never).then(() => {
    isThrough = true;
  });
  gate.close();
  await tick();
  expect(isThrough).toBe(false);
  gate.open();
  await waiting;
  expect(gate.closing.aborted).toBe(false);
});

it('whoever stops while the gate is closed waits no longer', async () => {
  const gate = new LiveSourceGate();
  gate.close();
  const stopping = new AbortController();
  const waiting = gate.untilOpen(stopping.signal);
  stopping.abort();
  await waiting;
  await gate.untilOpen(stopping.signal);
  expect(gate.closing.aborted).toBe(true);
});
