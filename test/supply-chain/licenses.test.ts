/** What mien comes with is under licences that were permitted or stated; a tree with anything else fails. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Manifest, madeUpTree } from './made-up.ts';

const RULES = 'scripts/supply-chain/licenses.json';

describe('licences', () => {
  it('of all that a user of mien installs are permitted or stated, and the list of them is current', () => {
    const { status, stdout, stderr } = madeUpTree().check();
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const [, packages] = /^licenses: (\d+) packages/.exec(stdout)!;
    expect(Number(packages)).toBeGreaterThan(150);
  });

  it('packages under the GPL, AGPL, SSPL and whatever else was not permitted make the check fail, and it names each', () => {
    const strange = [
      ...['GPL-3.0-only', 'GPL-2.0', 'AGPL-3.0-or-later', 'SSPL-1.0', 'LGPL-2.1-or-later', 'BUSL-1.1'],
      ...['MIT AND GPL-2.0-only', 'GPL-2.0-only WITH Classpath-exception-2.0'],
      ...['SEE LICENSE IN LICENSE.md', 'UNLICENSED', 'GPLv3'],
    ];
    const tree = madeUpTree();
    strange.forEach((license, i) => {
      tree.add(`strange-${i + 10}`, { license });
    });
    const { status, stderr } = tree.check();
    expect(status).toBe(1);
    const told = stderr.split('\n').filter((line) => line.startsWith('licenses: '));
    expect(told.map((line) => line.split(':', 2)[1])).toEqual(
      strange.map((license, i) =>
        expect.stringContaining(` strange-${i + 10}@1.0.0 declares "${license}", which is not permitted`),
      ),
    );
  });

  it('packages that say nothing of their licence make the check fail, and it names each', () => {
    const tree = madeUpTree();
    const silent: Manifest[] = [{}, { license: ' ' }, { license: {} }, { licenses: [] }, { licenses: [{}] }];
    silent.forEach((manifest, i) => {
      tree.add(`silent-${i}`, manifest);
    });
    const { status, stderr } = tree.check();
    expect(status).toBe(1);
    for (const i of silent.keys()) {
      expect(stderr).toContain(`silent-${i}@1.0.0 declares no licence, which is not permitted`);
    }
  });

  it.each([
    ['a dependency of a dependency', { by: 'ws' }],
    ['an optional dependency that is not for this platform', { as: 'optionalDependencies', here: false }],
  ] as const)('the GPL is found in %s', (_, asked) => {
    const tree = madeUpTree();
    tree.add('strange', { license: 'GPL-3.0-only' }, asked);
    expect(tree.check()).toMatchObject({ status: 1, stderr: expect.stringContaining('strange@1.0.0') });
  });

  it.each([
    ['only the development of mien needs', { as: 'devDependencies' }],
    [
      'a package would merely work with, and nobody who installs mien gets',
      { by: 'ws', as: 'peerDependencies' },
    ],
  ] as const)('the GPL does not count in what %s', (_, asked) => {
    const tree = madeUpTree();
    tree.add('strange', { license: 'GPL-3.0-only' }, asked);
    expect(tree.check()).toMatchObject({ status: 0, stderr: '' });
  });

  it.each([
    ['a choice of which one is permitted', { license: 'GPL-2.0-only OR MIT' }],
    ['an old list of choices', { licenses: [{ type: 'GPL-2.0' }, { type: 'MIT' }] }],
  ])('%s is permitted, but the list is not current until it is written anew', (_, manifest) => {
    const tree = madeUpTree();
    tree.add('choice', manifest);
    expect(tree.check().stderr).toBe(
      'licenses: THIRD_PARTY_LICENSES.md is not current: run `npm run licenses`, and commit what changed\n',
    );
  });
});

describe('a statement in the rules', () => {
  it('no longer holds where the package declares something else', () => {
    const tree = madeUpTree();
    tree.edit(RULES, (text) => text.replace('"declares": "LGPL-3.0"', '"declares": "MIT"'));
    expect(tree.check()).toMatchObject({
      status: 1,
      stderr: expect.stringContaining(`declares "LGPL-3.0", where ${RULES} states "MIT"`),
    });
  });

  it('of a package that is gone is told', () => {
    const tree = madeUpTree();
    tree.edit(RULES, (text) => text.replace('["combine-errors"]', '["combine-errors", "gone"]'));
    expect(tree.check()).toMatchObject({
      status: 1,
      stderr: expect.stringContaining(`${RULES} states gone, which mien does not come with`),
    });
  });

  it('needs a reason', () => {
    const tree = madeUpTree();
    tree.edit(RULES, (text) => text.replace(/"reason": "For HEIC[^"]*"/, '"reason": " "'));
    expect(tree.check()).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('gives no reason for libheif-js'),
    });
  });
});

describe('where what it measures is missing, the check of licences fails', () => {
  it('without a lock', () => {
    const tree = madeUpTree();
    rmSync(join(tree.root, 'package-lock.json'));
    expect(tree.check().status).toBe(1);
  });

  it('with a lock that names no package', () => {
    const tree = madeUpTree();
    tree.editLock((lock) => {
      lock.packages = { '': {} };
    });
    expect(tree.check()).toMatchObject({ status: 1, stderr: expect.stringContaining('names no package') });
  });

  it('with a lock that lacks a package that is needed', () => {
    const tree = madeUpTree();
    tree.editLock(({ packages }) => delete packages['node_modules/ws']);
    expect(tree.check()).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/lacks ws, which \S+ needs/),
    });
  });

  it('where a package is not installed', () => {
    const tree = madeUpTree();
    rmSync(join(tree.root, 'node_modules/ws'));
    expect(tree.check()).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('node_modules/ws is not installed: run `npm ci`'),
    });
  });

  it('where another version is installed than the lock says', () => {
    const tree = madeUpTree();
    tree.editLock(({ packages }) => {
      packages['node_modules/ws']!.version = '0.0.1';
    });
    expect(tree.check()).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/node_modules\/ws is [\d.]+, where package-lock.json says 0\.0\.1/),
    });
  });

  it('where a build of ffmpeg came that nobody has looked at', () => {
    const tree = madeUpTree();
    tree.editLock(({ packages }) => {
      packages['node_modules/@ffmpeg-installer/win32-x64']!.version = '9.9.9';
    });
    expect(tree.check()).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('does not know @ffmpeg-installer/win32-x64@9.9.9'),
    });
  });
});
