/** A small writer of ONNX files: just enough of protobuf and of onnx.proto to build a graph by hand. */

/** Element types of onnx.proto's TensorProto.DataType. */
export const TYPES = { float: 1, uint8: 2, int64: 7 } as const;
type ElementType = keyof typeof TYPES;

/** A graph under construction. Every call names its result and returns the name. */
export class Graph {
  readonly #nodes: Buffer[] = [];
  readonly #constants: Buffer[] = [];
  #count = 0;

  /** A constant; without `dims` a scalar or a vector. */
  constant(
    type: 'float' | 'int64',
    values: readonly number[],
    dims: readonly number[] = [values.length],
  ): string {
    const name = this.#name('c');
    const raw = Buffer.alloc(values.length * (type === 'float' ? 4 : 8));
    values.forEach((value, i) => {
      if (type === 'float') raw.writeFloatLE(value, i * 4);
      else raw.writeBigInt64LE(BigInt(value), i * 8);
    });
    this.#constants.push(
      message([...dims.map((dim) => int(1, dim)), int(2, TYPES[type]), text(8, name), bytes(9, raw)]),
    );
    return name;
  }

  /** One operator with one output. Attributes: whole numbers, or lists of them. */
  op(
    operator: string,
    inputs: readonly string[],
    attributes: Record<string, number | readonly number[]> = {},
    output = this.#name('n'),
  ): string {
    const given = Object.entries(attributes).map(([name, value]) => bytes(5, attribute(name, value)));
    this.#nodes.push(
      message([...inputs.map((name) => text(1, name)), text(2, output), text(4, operator), ...given]),
    );
    return output;
  }

  /** The whole file, for one input and some outputs; a string in a shape is a dynamic axis. */
  toBytes(input: ValueSpec, outputs: readonly ValueSpec[]): Buffer {
    const graph = message([
      ...this.#nodes.map((node) => bytes(1, node)),
      text(2, 'tiny'),
      ...this.#constants.map((tensor) => bytes(5, tensor)),
      bytes(11, value(input)),
      ...outputs.map((output) => bytes(12, value(output))),
    ]);
    const opset = message([text(1, ''), int(2, 17)]);
    return message([int(1, 8), text(2, 'test'), bytes(7, graph), bytes(8, opset)]);
  }

  #name(prefix: string): string {
    return `${prefix}${this.#count++}`;
  }
}

export interface ValueSpec {
  name: string;
  type: ElementType;
  shape: readonly (number | string)[];
}

function value({ name, type, shape }: ValueSpec): Buffer {
  const dims = shape.map((dim) => bytes(1, message([typeof dim === 'number' ? int(1, dim) : text(2, dim)])));
  const tensor = message([int(1, TYPES[type]), bytes(2, message(dims))]);
  return message([text(1, name), bytes(2, message([bytes(1, tensor)]))]);
}

/** AttributeProto; type 2 is INT, 7 is INTS. */
function attribute(name: string, value: number | readonly number[]): Buffer {
  if (typeof value === 'number') return message([text(1, name), int(3, value), int(20, 2)]);
  return message([text(1, name), ...value.map((v) => int(8, v)), int(20, 7)]);
}

function message(fields: readonly Buffer[]): Buffer {
  return Buffer.concat(fields);
}

function int(field: number, value: number): Buffer {
  return Buffer.concat([varint(BigInt(field << 3)), varint(BigInt.asUintN(64, BigInt(value)))]);
}

function text(field: number, value: string): Buffer {
  return bytes(field, Buffer.from(value));
}

function bytes(field: number, value: Buffer): Buffer {
  return Buffer.concat([varint(BigInt((field << 3) | 2)), varint(BigInt(value.length)), value]);
}

function varint(value: bigint): Buffer {
  const out: number[] = [];
  let rest = value;
  for (; rest > 127n; rest >>= 7n) out.push(Number(rest & 127n) | 128);
  out.push(Number(rest));
  return Buffer.from(out);
}
