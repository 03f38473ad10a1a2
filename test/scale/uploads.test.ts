/** Uploads in a bucket, with an API and workers that share no directory: in at one, decoded at others, played, taken over, erased. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { until } from '../api/harness.ts';
import { SERVER } from '../helpers/database.ts';
import { HAS_NATS } from '../helpers/nats-server.ts';
import { openS3Server, type S3Server } from '../helpers/s3-server.ts';
import { type Node, openScale, type RoleName, type Scale, storedOf, untilRuns } from './place.ts';

vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 });

describe.runIf(SERVER && HAS_NATS)('uploads in a bucket', () => {
  let scale: Scale;
  let s3: S3Server;
  let started = 0;
  const nodes: Node[] = [];

  beforeEach(async () => {
    [scale, s3] = [await openScale(), await openS3Server()];
    await scale.place.square('clip.mp4', 30, 5);
  });
  afterEach(async () => {
    await scale?.close();
    await s3?.close();
    nodes.length = 0;
  });

  /** With directories of its own. */
  async function start(role: RoleName, more: Record<string, string> = {}): Promise<Node> {
    const own = join(scale.place.directory, `data-${started++}`);
    const node = await scale.start(role, { ...s3.env, MIEN_DATA_DIR: own, MIEN_MEDIA_DIR: own, ...more });
    nodes.push(node);
    return node;
  }

  async function send(api: Node): Promise<Response> {
    const headers = { 'content-type': 'video/mp4' };
    const body = await readFile(join(scale.place.directory, 'clip.mp4'));
    return fetch(`${api.url}/uploads`, { method: 'POST', headers, body });
  }

  async function register(api: Node, name: string, token: string): Promise<string> {
    const { registerStream } = await api.mien.request<{ registerStream: { stream: { id: string } } }>(
      `mutation { registerStream(input: { name: "${name}", source: { upload: "${token}" }, purpose: RESEARCH,
        loop: true, realtime: true, frameRate: 5, tags: [{ key: "person", value: "1" }] }) { stream { id } } }`,
    );
    return registerStream.stream.id;
  }

  const sessionsOf = async (id: string) =>
    (
      await scale.client.query<{ id: string; state: string; failure: string | null }>(
        'SELECT id::text, state::text, failure FROM session WHERE stream_id = $1 ORDER BY ordinal',
        [id],
      )
    ).rows;

  it('one is decoded elsewhere, taken over in its middle, played, survives an outage, and is erased', async () => {
    const api = await start('api');
    for (let i = 0; i < 2; i++) await start('worker');
    const sent = await send(api);
    expect(sent.status).toBe(201);
    const { token } = (await sent.json()) as { token: string };
    const id = await register(api, 'Looped', token);
    await untilRuns(scale.client, id, 1);
    expect([...s3.objects.keys()].filter((key) => key.startsWith(`mien/taken/${token}/`)).length).toBe(1);

    await (await scale.workerOf(id)).end('SIGKILL');
    await untilRuns(scale.client, id, 2);

    const clip = await readFile(join(scale.place.directory, 'clip.mp4'));
    const [{ id: session } = { id: '' }] = await sessionsOf(id);
    const played = await fetch(`${api.url}/media/sessions/${session}`, { headers: { range: 'bytes=4-99' } });
    expect([played.status, played.headers.get('content-type')]).toEqual([206, 'video/mp4']);
    expect(Buffer.from(await played.arrayBuffer()).equals(clip.subarray(4, 100))).toBe(true);

    await s3.away();
    const refused = await send(api);
    expect(refused.status).toBe(503);
    expect(await refused.json()).toMatchObject({ errors: [{ extensions: { code: 'UPLOADS_UNAVAILABLE' } }] });
    expect((await fetch(`${api.url}/ready`)).status).toBe(200);
    await sleep(2_000);
    await s3.back();
    const before = (await storedOf(scale.client, id)).length;
    await until(async () => (await storedOf(scale.client, id)).length > before, 'it goes on', 60_000);
    expect((await sessionsOf(id)).map(({ state }) => state)).toEqual(['INTERRUPTED', 'RUNNING']);

    // The first tries to delete it fail.
    let refusals = 0;
    s3.fault = ({ method, key }) =>
      method === 'DELETE' && key === `mien/${token}` && refusals++ < 4 ? 403 : undefined;
    await api.mien.request(
      'mutation { erase(input: { target: { tag: { key: "person", value: "1" } }, reason: "withdrawn" }) { erasure { id } } }',
    );
    await until(async () => s3.objects.size === 0, 'nothing of it is left', 120_000);
    expect(refusals).toBeGreaterThan(4);
    expect(await sessionsOf(id)).toEqual([]);

    const told = nodes.map((node) => node.log()).join('\n');
    expect(told).not.toMatch(/X-Amz-|Signature=/);
    expect(told).not.toContain(s3.keys.secretAccessKey);
  });

  it('a bucket that is not there is told at the start, and the server is up', async () => {
    const api = await start('api', { MIEN_UPLOADS: 's3://nowhere' });
    await until(() => api.log().includes('has no bucket nowhere; create it'), 'it is told', 30_000);
    expect((await fetch(`${api.url}/ready`)).status).toBe(200);
    expect((await send(api)).status).toBe(503);
  });
});
