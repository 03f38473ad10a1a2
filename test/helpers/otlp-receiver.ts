/** A small collector: takes traces as OTLP over HTTP, and reads as much of their protobuf as tests ask for. */
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SeenSpan {
  /** `service.name` of the server that told it. */
  service: string;
  traceId: string;
  spanId: string;
  /** Empty: it is the first of its trace. */
  parentId: string;
  name: string;
  kind: number;
  /** Milliseconds since the epoch. */
  start: number;
  end: number;
  attributes: Record<string, string | number | boolean>;
  links: string[];
  failed: boolean;
}

export interface OtlpReceiver {
  /** What OTEL_EXPORTER_OTLP_ENDPOINT names. */
  endpoint: string;
  spans: SeenSpan[];
  requests: { path: string; headers: IncomingMessage['headers'] }[];
  /** What is answered from now on; 200 at first. */
  status: number;
  close(): Promise<void>;
}

export async function openOtlpReceiver(port = 0): Promise<OtlpReceiver> {
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      receiver.requests.push({ path: request.url ?? '', headers: request.headers });
      if (receiver.status === 200) receiver.spans.push(...readTraces(Buffer.concat(parts)));
      response.writeHead(receiver.status, { 'content-type': 'application/x-protobuf' }).end();
    });
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const receiver: OtlpReceiver = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ...{ spans: [], requests: [], status: 200 },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return receiver;
}

/** ExportTraceServiceRequest of https://github.com/open-telemetry/opentelemetry-proto, whose numbers these are. */
export function readTraces(message: Buffer): SeenSpan[] {
  return all(message, 1).flatMap((resourceSpans) => {
    const resource = all(resourceSpans, 1).flatMap((one) => all(one, 1));
    const service = String(attributesOf(resource)['service.name']);
    return all(resourceSpans, 2).flatMap((scope) => all(scope, 2).map((span) => readSpan(span, service)));
  });
}

function readSpan(span: Buffer, service: string): SeenSpan {
  const hex = (field: number) => all(span, field)[0]?.toString('hex') ?? '';
  const status = all(span, 15)[0];
  return {
    service,
    ...{ traceId: hex(1), spanId: hex(2), parentId: hex(4) },
    name: all(span, 5)[0]?.toString('utf8') ?? '',
    kind: Number(numberOf(span, 6)),
    ...{ start: Number(numberOf(span, 7)) / 1e6, end: Number(numberOf(span, 8)) / 1e6 },
    attributes: attributesOf(all(span, 9)),
    links: all(span, 13).map((link) => all(link, 2)[0]!.toString('hex')),
    failed: status !== undefined && numberOf(status, 3) === 2n,
  };
}

function attributesOf(pairs: readonly Buffer[]): SeenSpan['attributes'] {
  return Object.fromEntries(
    pairs.map((pair) => [all(pair, 1)[0]!.toString('utf8'), readValue(all(pair, 2)[0]!)]),
  );
}

function readValue(value: Buffer): string | number | boolean {
  const [field] = fields(value);
  switch (field?.number) {
    case 1:
      return (field.value as Buffer).toString('utf8');
    case 2:
      return field.value === 1n;
    case 4: {
      const bits = Buffer.alloc(8);
      bits.writeBigUInt64LE(field.value as bigint);
      return bits.readDoubleLE();
    }
    default:
      return Number(BigInt.asIntN(64, (field?.value as bigint) ?? 0n));
  }
}

interface Field {
  number: number;
  value: bigint | Buffer;
}

const all = (message: Buffer, number: number): Buffer[] =>
  fields(message).flatMap((field) =>
    field.number === number && Buffer.isBuffer(field.value) ? [field.value] : [],
  );

function numberOf(message: Buffer, number: number): bigint {
  const found = fields(message).find((field) => field.number === number)?.value;
  return typeof found === 'bigint' ? found : 0n;
}

function fields(message: Buffer): Field[] {
  const found: Field[] = [];
  let at = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = message[at++]!;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const take = (length: number) => {
    at += length;
    return message.subarray(at - length, at);
  };
  while (at < message.length) {
    const tag = Number(varint());
    const [number, type] = [tag >> 3, tag & 7];
    if (type === 0) found.push({ number, value: varint() });
    else if (type === 1) found.push({ number, value: take(8).readBigUInt64LE() });
    else if (type === 2) found.push({ number, value: take(Number(varint())) });
    else if (type === 5) found.push({ number, value: BigInt(take(4).readUInt32LE()) });
    else throw new Error(`a field of type ${type}`);
  }
  return found;
}
