/** A process that takes the lock of the directory that it is given, with the times that it is given, and says `held`. */
import { acquireDirectoryLock } from '../../src/store/lock/directory-lock.ts';

const [directory, times] = process.argv.slice(2) as [string, string];
const say = (word: string) => () => void process.stdout.write(`${word}\n`);
const watcher = { onLost: say('lost'), onTrouble: say('trouble'), onWait: say('waits'), inUse: String };
const release = await acquireDirectoryLock(directory, watcher, JSON.parse(times));
say('held')();
// Ended in order when its input ends.
process.stdin.resume().once('end', () => void release().then(say('released')));
