/** A small RTMP server: it says to `connect` what a test wants, and plays an FLV file to everybody whom it lets in. */
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createRtmpReader, writeRtmp } from '../../src/ingest/network/rtmp/rtmp-chunks.ts';
import { readCommand } from '../../src/ingest/network/rtmp/rtmp-command.ts';

export const amf = {
  text: (text: string) => Buffer.concat([Buffer.of(2), sized(text)]),
  number(value: number) {
    const bytes = Buffer.alloc(9);
    bytes.writeDoubleBE(value, 1);
    return bytes;
  },
  nothing: Buffer.of(5),
  object: (properties: Record<string, Buffer>): Buffer =>
    Buffer.concat([
      Buffer.of(3),
      ...Object.entries(properties).flatMap(([name, value]) => [sized(name), value]),
      Buffer.of(0, 0, 9),
    ]),
};

function sized(text: string): Buffer {
  const bytes = Buffer.from(text);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** A message in chunks of 128 bytes. */
export function message(type: number, payload: Buffer, id = 3, timestamp = 0, chunkSize = 128): Buffer {
  return writeRtmp({ id, type, timestamp, messageStream: type === 9 ? 1 : 0, payload, chunkSize });
}

export const command = (...values: Buffer[]) => message(20, Buffer.concat(values));

export const rejected = (description: string, more: Record<string, Buffer> = {}) =>
  command(
    ...[amf.text('_error'), amf.number(1), amf.nothing],
    amf.object({
      level: amf.text('error'),
      code: amf.text('NetConnection.Connect.Rejected'),
      description: amf.text(description),
      ...more,
    }),
  );

export const accepted = (more: Record<string, Buffer> = {}) =>
  command(
    ...[amf.text('_result'), amf.number(1), amf.object({ fmsVer: amf.text('FMS/3,0,1,123') })],
    amf.object({ level: amf.text('status'), code: amf.text('NetConnection.Connect.Success'), ...more }),
  );

export interface RtmpServer {
  port: number;
  /** The application as each `connect` named it, with all that was said behind its name. */
  apps: string[];
  /** All that was said to it. */
  heard: string;
  close(): void;
}

export interface RtmpAnswers {
  /** To `connect`: bytes, behind which the connection is closed; null: it is let in. */
  connect: (app: string) => Buffer | null;
  /** In place of those of an honest server. */
  play?: Buffer;
  createStream?: Buffer;
  /** S0, S1 and S2. */
  greeting?: Buffer;
}

/** @param flv what is played */
export async function rtmpServer(flv: Buffer, answers: RtmpAnswers): Promise<RtmpServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}).on('close', () => sockets.delete(socket)));
    let handshake: Buffer | null = Buffer.alloc(0);
    const read = createRtmpReader();
    socket.on('data', (bytes) => {
      served.heard += bytes.toString('latin1');
      if (handshake === null) return take(bytes);
      const before: number = handshake.length;
      handshake = Buffer.concat([handshake, bytes]);
      if (before < 1537 && handshake.length >= 1537) {
        const echo = Buffer.concat([
          Buffer.of(3),
          Buffer.alloc(8),
          Buffer.alloc(1528, 1),
          handshake.subarray(1, 1537),
        ]);
        socket.write(answers.greeting ?? echo);
      }
      if (handshake.length < 3073) return undefined;
      const rest = handshake.subarray(3073);
      handshake = null;
      return take(rest);
    });

    function take(bytes: Buffer): void {
      for (const said of read(bytes)) {
        const { name, texts } = readCommand(said) ?? { name: '', texts: new Map() };
        if (name === 'connect') enter(texts.get('app') ?? '');
        // Its number follows its name.
        const number = said.payload.subarray(3 + name.length, 12 + name.length);
        if (name === 'createStream')
          socket.write(
            answers.createStream ?? command(amf.text('_result'), number, amf.nothing, amf.number(1)),
          );
        if (name === 'play') play();
      }
    }

    function enter(app: string): void {
      served.apps.push(app);
      const refusal = answers.connect(app);
      if (refusal) return void socket.end(refusal);
      socket.write(Buffer.concat([message(5, Buffer.of(0, 38, 37, 160), 2), accepted()]));
    }

    function play(): void {
      if (answers.play) return void socket.end(answers.play);
      const status = { level: amf.text('status'), code: amf.text('NetStream.Play.Start') };
      socket.write(command(amf.text('onStatus'), amf.number(0), amf.nothing, amf.object(status)));
      const length = 2000;
      for (let round = 0; round < 20; round++) socket.write(Buffer.concat([...videoOf(flv, round * length)]));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const served: RtmpServer = {
    port: (server.address() as AddressInfo).port,
    apps: [],
    heard: '',
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
  return served;
}

/** The video of an FLV file as messages. @param from milliseconds that are added to its times */
function* videoOf(flv: Buffer, from: number): Generator<Buffer> {
  for (let at = 13; at + 11 < flv.length; ) {
    const size = flv.readUIntBE(at + 1, 3);
    const time = flv.readUIntBE(at + 4, 3);
    if (flv[at] === 9) yield message(9, flv.subarray(at + 11, at + 11 + size), 6, from + time);
    at += 11 + size + 4;
  }
}
