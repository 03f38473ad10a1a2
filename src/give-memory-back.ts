/**
 * Lets `mien serve` hold less memory.
 *
 * 1. V8 collects garbage when its heap is half as large again as what lived after the last time, instead of four times as large: an
 *    export that reads a million rows would leave 150 MB of it lying.
 * 2. On Linux malloc (glibc's, see mallopt(3)) hands back little of what was freed. What it goes by is read when a process begins,
 *    so this one begins again, in place; Node can do that since 22.15.
 */
import process from 'node:process';
import { setFlagsFromString } from 'node:v8';

const SETTINGS = {
  /**
   * Nearly every thread that allocates gets a heap of its own otherwise, and a dozen threads keep a dozen high-water marks. One
   * would save a little more, and let all threads wait for one lock.
   */
  MALLOC_ARENA_MAX: '2',
  /**
   * Bytes from which a block is given back as soon as it is freed. malloc begins with as many, and raises that up to 32 MB by
   * what is freed: after models and modules were loaded, nothing is given back any more.
   */
  MALLOC_MMAP_THRESHOLD_: '131072',
};

/** Of Node 22.15 and later, which the types of Node 20 do not know. */
const { execve } = process as { execve?: (file: string, args: string[], env: NodeJS.ProcessEnv) => never };

const serves = process.argv[2] === 'serve';
if (serves) setFlagsFromString('--heap-growing-percent=50');

const isSet = Object.keys(SETTINGS).every((name) => process.env[name] !== undefined);
if (execve && process.platform === 'linux' && serves && !isSet) {
  const { execPath, execArgv, argv, env } = process;
  execve(execPath, [execPath, ...execArgv, ...argv.slice(1)], { ...SETTINGS, ...env });
}
