/**
 * Preloaded into a process and its threads: keeps in $DISK what a disk would hold of $DISK_OF after the power failed,
 * which is what was synced and nothing else. A file is as it was at its last sync, a directory names what it did.
 */
const fs = require('node:fs');
const { syncBuiltinESMExports } = require('node:module');
const { isMainThread } = require('node:worker_threads');

const { DISK: disk, DISK_OF: root } = process.env;
const { fsyncSync } = fs;

if (!isMainThread) {
  fs.fsyncSync = (file) => {
    fsyncSync(file);
    record(file);
  };
  syncBuiltinESMExports();
}

function record(file) {
  const path = fs.readlinkSync(`/proc/self/fd/${file}`);
  if (!path.startsWith(root) || path.endsWith(' (deleted)')) return;
  const stats = fs.fstatSync(file, { bigint: true });
  const target = `${disk}/${identify(stats)}`;
  // The kill may come at any time; a rename is done or not.
  if (stats.isDirectory()) fs.writeFileSync(`${target}~`, JSON.stringify(list(path)));
  else fs.copyFileSync(path, `${target}~`);
  fs.renameSync(`${target}~`, target);
}

function list(path) {
  return fs.readdirSync(path).map((name) => {
    const stats = fs.lstatSync(`${path}/${name}`, { bigint: true });
    return { name, id: identify(stats), isDirectory: stats.isDirectory() };
  });
}

/** An inode's number is used again; with its birth it is not. */
function identify({ ino, birthtimeNs }) {
  return `${ino}-${birthtimeNs}`;
}
