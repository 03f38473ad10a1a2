/** `node scripts/memory-map.mjs PID`: where the memory of a process lies, by kind, as Linux and glibc lay it out. See docs/memory.md. */
import { readdirSync, readFileSync } from 'node:fs';
import process from 'node:process';

const pid = Number(process.argv[2]);
if (!Number.isInteger(pid)) {
  process.stderr.write('Give it the number of a process: node scripts/memory-map.mjs PID\n');
  process.exit(2);
}
const MB = 2 ** 20;
const regions = readRegions(pid);
const sums = new Map();
for (const [i, region] of regions.entries()) {
  const kind = kindOf(region, regions[i + 1]);
  sums.set(kind, (sums.get(kind) ?? 0) + region.pss);
}
const total = regions.reduce((sum, { pss }) => sum + pss, 0);
for (const [kind, pss] of [...sums].sort(([, a], [, b]) => b - a)) print(kind, pss);
print('all', total);
for (const child of childrenOf(pid)) {
  const name = readFileSync(`/proc/${child}/comm`, 'utf8').trim();
  print(
    `child ${child} (${name})`,
    readRegions(child).reduce((sum, { pss }) => sum + pss, 0),
  );
}

function print(kind, kilobytes) {
  process.stdout.write(`${(kilobytes / 1024).toFixed(1).padStart(7)} MB  ${kind}\n`);
}

/** The regions of a process, in the order of their addresses; `pss`: kB in memory, of what is shared its part. */
function readRegions(pid) {
  const regions = [];
  for (const line of readFileSync(`/proc/${pid}/smaps`, 'utf8').split('\n')) {
    const head = /^([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \S+\s*(.*)$/.exec(line);
    if (head) {
      const [start, end] = [parseInt(head[1], 16), parseInt(head[2], 16)];
      regions.push({ start, size: end - start, end, rights: head[3], name: head[4], pss: 0 });
    } else if (line.startsWith('Pss:')) regions.at(-1).pss = Number(/\d+/.exec(line)[0]);
  }
  return regions;
}

function kindOf({ start, size, end, rights, name }, next) {
  if (name.includes('onnxruntime')) return 'onnxruntime: its code';
  if (name.endsWith('/node')) return 'node: its code';
  if (name === '[heap]') return 'malloc: first arena';
  if (name !== '') return 'other libraries and files';
  if (rights.includes('x')) return 'code that V8 made, of WebAssembly above all';
  const reserved = next?.start === end && next.rights.startsWith('---') ? next.size : 0;
  if (reserved > 1024 * MB) return 'memory of WebAssembly: the embedded database, Prisma';
  // An arena of glibc begins at a multiple of 64 MB, of which what is not used is reserved.
  if (start % (64 * MB) === 0 && (size === 64 * MB || size + reserved === 64 * MB || size === 128 * MB))
    return 'malloc: second arena';
  if (size >= MB) return 'blocks of a megabyte and more: malloc, large objects of V8';
  return 'pages of V8’s heaps, and small blocks';
}

function childrenOf(pid) {
  return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  );
}
