/** WebSocket frames as a server sends them: whole, unmasked, uncompressed (RFC 6455, section 5.2). */

const TEXT = 0x81;

/** What goes before a text message of so many bytes. */
export function textHeader(length: number): Buffer {
  if (length <= 125) return Buffer.from([TEXT, length]);
  const header = Buffer.alloc(length <= 0xffff ? 4 : 10);
  header[0] = TEXT;
  if (header.length === 4) {
    header[1] = 126;
    header.writeUInt16BE(length, 2);
  } else {
    header[1] = 127;
    header.writeBigUInt64BE(BigInt(length), 2);
  }
  return header;
}
