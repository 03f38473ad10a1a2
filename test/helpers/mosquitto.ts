/** A broker of MQTT in a process of its own. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import mqtt from 'mqtt';
import { until } from '../api/harness.ts';
import { freePort } from './free-port.ts';

/** Debian puts it where only root's shells look. */
export const MOSQUITTO = ['mosquitto', '/usr/sbin/mosquitto'].find(
  (path) => spawnSync(path, ['-h']).error === undefined,
);

export interface Broker {
  url: string;
  /** What it keeps, by topic. */
  retained(): Promise<Map<string, string>>;
  close(): Promise<void>;
}

export async function openBroker(): Promise<Broker> {
  const directory = await mkdtemp(join(tmpdir(), 'mien-broker-'));
  const port = await freePort();
  const file = join(directory, 'mosquitto.conf');
  // As who runs the tests, who may read the directory; it matters to root alone.
  const config = [`user ${userInfo().username}`, `listener ${port} 127.0.0.1`, 'allow_anonymous true'];
  await writeFile(file, config.join('\n'));
  const broker = spawn(MOSQUITTO!, ['-c', file], { stdio: 'ignore' });
  const url = `mqtt://127.0.0.1:${port}`;
  return {
    url,
    async retained() {
      const client = mqtt.connect(url, { protocolVersion: 5, reconnectPeriod: 50 });
      const kept = new Map<string, string>();
      client.on('message', (topic, bytes, { retain }) => void (retain && kept.set(topic, bytes.toString())));
      await until(() => client.connected, 'the broker lets one in');
      await client.subscribeAsync('#');
      // What it keeps is sent before the answer to what is published behind it.
      await client.subscribeAsync('behind');
      await client.publishAsync('behind', '', { qos: 1 });
      await client.endAsync();
      return kept;
    },
    async close() {
      const over = once(broker, 'exit');
      if (broker.exitCode === null && broker.signalCode === null) {
        broker.kill('SIGKILL');
        await over;
      }
      await rm(directory, { recursive: true, force: true });
    },
  };
}
