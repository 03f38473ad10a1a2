/** What a person is told who started a command that failed. */
import { MienError } from '../errors.ts';

type SystemError = NodeJS.ErrnoException & { port?: number; address?: string; hostname?: string };

/** Deliberate errors are sentences already, those of the system become one; of others the person gets what there is. */
export function sentenceOf(error: unknown): string {
  if (error instanceof MienError) return error.message;
  if (!(error instanceof Error)) return String(error);
  return ofListening(error) ?? ofFiles(error) ?? error.stack ?? error.message;
}

function ofListening({ code, syscall, port, address, hostname }: SystemError): string | null {
  if (code === 'EADDRINUSE') return `port ${port} is taken by another program; set PORT to another one.`;
  if (code === 'EADDRNOTAVAIL' || syscall === 'getaddrinfo') {
    return `HOST ${address ?? hostname} is no address of this machine; set it to one, or unset it.`;
  }
  if (code === 'EACCES' && syscall === 'listen') {
    return `port ${port} may not be opened by this user; set PORT to 1024 or more.`;
  }
  return null;
}

const FILE_FAULTS: Readonly<Record<string, (path: string) => string>> = {
  ENOSPC: (path) =>
    `the disk is full: there is no room to write ${path}. Make room, or set MIEN_DATA_DIR to another disk.`,
  EDQUOT: (path) => `the disk quota of this user is used up: ${path} cannot be written.`,
  EROFS: (path) =>
    `${path} cannot be written, because its disk is read-only. Set MIEN_DATA_DIR to another place.`,
  EACCES: (path) =>
    `this user may not read or write ${path}. Change its owner or mode, or set MIEN_DATA_DIR to another place.`,
  EPERM: (path) =>
    `this user may not change ${path}. Change its owner or mode, or set MIEN_DATA_DIR to another place.`,
  ENOTDIR: (path) => `a part of the path ${path} is a file where a directory is needed.`,
  EEXIST: (path) => `${path} is a file where a directory is needed.`,
  EIO: (path) => `the disk fails: ${path} cannot be read or written.`,
};

function ofFiles({ code, path }: SystemError): string | null {
  return FILE_FAULTS[code ?? '']?.(path ?? 'a file') ?? null;
}
