/** Stores on one database, each as a server of its own; for tests of one file each. */
import { onTestFinished } from 'vitest';
import type { LeaseWatcher } from '../../src/domain/lease-watcher.ts';
import { openStore, type Store, type StoreConfig } from '../../src/store/index.ts';
import { rollUp } from '../../src/timeline/index.ts';
import { createDatabase, createSession, MODEL, SERVER } from '../helpers/database.ts';
import { openProxy, type TcpProxy } from '../helpers/proxy.ts';

export const LEASE_MS = 500;

export const WATCHER: LeaseWatcher = {
  // Neither more nor fewer than any.
  sessions: Number.NaN,
  lapsed: () => {},
  renewed: () => {},
  lost: async () => {},
  lookAround: () => {},
};

export type OpenInPlace = (more?: Partial<StoreConfig>) => Promise<Store>;

export async function openPlace(): Promise<OpenInPlace> {
  return (await openPlaceOn(undefined)).open;
}

/** @param options of PostgreSQL, for all its connections */
export async function openPlaceOn(
  options: string | undefined,
): Promise<{ open: OpenInPlace; openThrough(more?: Partial<StoreConfig>): Promise<[Store, TcpProxy]> }> {
  const database = await createDatabase();
  const stores: Store[] = [];
  onTestFinished(async () => {
    await Promise.all(stores.map((store) => store.close()));
    await database.dispose();
  });
  const { databaseUrl } = database.config;
  const url = databaseUrl === undefined ? null : new URL(databaseUrl);
  if (options !== undefined) url?.searchParams.set('options', options);
  const open: OpenInPlace = async (more = {}) => {
    const config = { ...database.config, ...(url && { databaseUrl: url.href }) };
    const store = await openStore({ rollUp, ...config, leaseMs: LEASE_MS, ...more });
    await store.models.upsert(MODEL);
    stores.push(store);
    return store;
  };
  return {
    open,
    async openThrough(more = {}) {
      const { hostname, port } = new URL(SERVER!);
      const proxy = await openProxy({ host: hostname, port: Number(port || 5432) });
      onTestFinished(() => proxy.close());
      const through = new URL(url!);
      through.host = `127.0.0.1:${proxy.port}`;
      return [await open({ databaseUrl: through.href, ...more }), proxy];
    },
  };
}

export async function running(store: Store): Promise<{ id: string; streamId: string }> {
  const session = await createSession(store);
  await store.sessions.setState(session.id, 'RUNNING');
  return session;
}
