/** Decodes one HEIC picture in a thread of its own, which can be killed: what a stranger made may take for ever, or break libheif. */
import { parentPort } from 'node:worker_threads';
import createLibHeif, { type HeifChannel, type HeifError } from 'libheif-js/libheif-wasm/libheif-bundle.js';
import type { FromHeic, HeicFailure, LumaPicture, ToHeic } from './heic-protocol.ts';

/** Of WebAssembly, which may take 2 GiB; a picture of 48 million pixels takes 360 MB. */
const MAX_MEMORY = 2 ** 30;
const PAGE = 65_536;
/** libheif's codes for what does not hold together: heif_error_Invalid_input, heif_error_Decoder_plugin_error. */
const DAMAGED = new Set([2, 7]);

limitMemory();
const quiet = () => {};
const heif = createLibHeif({ print: quiet, printErr: quiet });

parentPort?.once('message', (message: ToHeic) => {
  const answer = decode(message);
  send(answer, 'picture' in answer ? [answer.picture.luma.buffer] : []);
});
send('ready');

function send(message: FromHeic, transferList: ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, transferList);
}

/** A thread's limits do not hold for WebAssembly. Where it gets no more, libheif says so. */
function limitMemory(): void {
  const { grow } = WebAssembly.Memory.prototype;
  WebAssembly.Memory.prototype.grow = function (pages: number): number {
    if (this.buffer.byteLength + pages * PAGE > MAX_MEMORY)
      throw new RangeError('A HEIC picture asks for too much memory');
    return grow.call(this, pages);
  };
}

/** The primary picture of the file. libheif turns and mirrors it as its properties say; its Exif says the same once more. */
function decode({ bytes, maxPixels }: ToHeic): FromHeic & object {
  const context = heif.heif_context_alloc();
  const read = heif.heif_context_read_from_memory(context, bytes);
  if (read.code.value !== 0) return failed(read);
  const handle = heif.heif_js_context_get_primary_image_handle(context);
  if (handle.code) return failed(handle);
  const [width, height] = [
    heif.heif_image_handle_get_width(handle),
    heif.heif_image_handle_get_height(handle),
  ];
  if (width * height > maxPixels) return { failure: 'too large', reason: `${width} x ${height}` };
  const { heif_colorspace_RGB: rgb } = heif.heif_colorspace;
  const decoded = heif.heif_js_decode_image2(handle, rgb, heif.heif_chroma.heif_chroma_interleaved_RGB);
  if (decoded.code) return failed(decoded);
  const channel = decoded.channels[0];
  if (!channel) return { failure: 'damaged', reason: 'no channel' };
  return { picture: lumaOf(channel) };
}

function failed({ code, message }: HeifError): { failure: HeicFailure; reason: string } {
  return { failure: DAMAGED.has(code.value) ? 'damaged' : 'unsupported', reason: message };
}

/** ITU-R BT.601, full range: as it lies in a JPEG. */
function lumaOf({ data, stride, width, height }: HeifChannel): LumaPicture {
  const luma = new Uint8Array(width * height);
  for (let y = 0, to = 0; y < height; y++) {
    for (let from = y * stride; to < (y + 1) * width; from += 3) {
      luma[to++] = Math.round(0.299 * data[from]! + 0.587 * data[from + 1]! + 0.114 * data[from + 2]!);
    }
  }
  return { width, height, luma };
}
