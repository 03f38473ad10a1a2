/** The lease of this process. */
import { hostname } from 'node:os';
import type { PrismaClient } from '../generated/client.ts';
import type { RunPrepared } from '../sql/run-prepared.ts';
import { Lease, type LeaseOptions } from './lease.ts';

export { createJobLease, forgetJobs } from './job-lease.ts';
export type { Lease } from './lease.ts';

const TTL_MS = 5_000;

export interface LeaseDatabase {
  prisma: PrismaClient;
  runLease: RunPrepared;
  isExclusive: boolean;
}

/** @param options its milliseconds, where others can have the database open, too */
export function createLease(
  { prisma, runLease: run, isExclusive }: LeaseDatabase,
  { leaseMs = TTL_MS, ...options }: { leaseMs: number | undefined } & Pick<LeaseOptions, 'log' | 'clock'>,
): Lease {
  const ttl = isExclusive ? Number.POSITIVE_INFINITY : leaseMs;
  return new Lease({ ...{ prisma, run, ttl, ...options }, name: `${hostname()} ${process.pid}` });
}
