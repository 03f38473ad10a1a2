/** Which inputs of `mien analyze` are worked on beside each other. */
import { expect, it } from 'vitest';
import { overlapping } from '../../src/cli/analyze/overlapping.ts';

const turns = async () => {
  for (let left = 20; left > 0; left--) await Promise.resolve();
};

/** Work that is over when the test says so. */
function held(count: number, jobs: number, isOver = () => false) {
  const begun: number[] = [];
  const handedOver: (() => void)[] = [];
  const ofTurn: number[] = [];
  const end: { with(): void; by(error: Error): void }[] = [];
  const work = (index: number, told: () => void, turn: Promise<unknown>) => {
    begun.push(index);
    void turn.then(() => ofTurn.push(index));
    handedOver[index] = told;
    return new Promise<void>((resolve, reject) => {
      end[index] = { with: resolve, by: reject };
    });
  };
  const all = overlapping(count, jobs, work, isOver);
  all.catch(() => {}); // each test says what it expects of it
  return { all, begun, handedOver, ofTurn, end };
}

it('of inputs that are read to their end the next begins while two before it are with the models, and no more', async () => {
  const { all, begun, handedOver, end } = held(5, 1);
  await turns();
  expect(begun).toEqual([0]);
  handedOver[0]!();
  await turns();
  expect(begun).toEqual([0, 1]);
  handedOver[1]!();
  handedOver[1]!();
  await turns();
  expect(begun).toEqual([0, 1, 2]);
  handedOver[2]!();
  await turns();
  expect(begun).toEqual([0, 1, 2]);
  end[1]!.with();
  await turns();
  expect(begun).toEqual([0, 1, 2, 3]);
  for (const at of [0, 2, 3]) end[at]!.with();
  await turns();
  expect(begun).toEqual([0, 1, 2, 3, 4]);
  end[4]!.with();
  await all;
});

it('as many are read at a time as was asked for, and one that ends makes room', async () => {
  const { all, begun, end } = held(4, 2);
  await turns();
  expect(begun).toEqual([0, 1]);
  end[1]!.with();
  await turns();
  expect(begun).toEqual([0, 1, 2]);
  for (const at of [0, 2]) end[at]!.with();
  await turns();
  end[3]!.with();
  await all;
  expect(begun).toEqual([0, 1, 2, 3]);
});

it('after one that fails none begins, those that have begun are waited for, and its error is the first that is thrown', async () => {
  const { all, begun, end } = held(4, 2);
  await turns();
  end[1]!.by(new Error('the disk is full'));
  await turns();
  expect(begun).toEqual([0, 1]);
  let isSettled = false;
  void all.catch(() => {}).finally(() => (isSettled = true));
  await turns();
  expect(isSettled).toBe(false);
  end[0]!.by(new Error('a later one'));
  await expect(all).rejects.toThrow('the disk is full');
});

it('none begins once it is over', async () => {
  let isOver = false;
  const { all, begun, end } = held(3, 1, () => isOver);
  isOver = true;
  await turns();
  end[0]!.with();
  await all;
  expect(begun).toEqual([0]);
});

it('one at a time, each has its turn when all before it are over, also where one of these failed', async () => {
  const { all, handedOver, ofTurn, end } = held(3, 1);
  for (const at of [0, 1]) {
    handedOver[at]!();
    await turns();
  }
  expect(ofTurn).toEqual([0]);
  end[1]!.with();
  await turns();
  expect(ofTurn).toEqual([0]);
  end[0]!.by(new Error('the disk is full'));
  await turns();
  expect(ofTurn).toEqual([0, 1, 2]);
  end[2]!.with();
  await expect(all).rejects.toThrow('the disk is full');
});

it('several at a time, each has its turn at once', async () => {
  const { all, ofTurn, end } = held(2, 2);
  await turns();
  expect(ofTurn).toEqual([0, 1]);
  for (const one of end) one.with();
  await all;
});
