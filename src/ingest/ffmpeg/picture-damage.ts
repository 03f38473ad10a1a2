/** What ffmpeg's decoders say of a picture of which they made up a part; they then give it as if it were whole. */

const DAMAGE = [
  /^\[mjpeg @ \w+\] (overread \d|error (dc|count|y=)|bitstream truncated|mjpeg_decode_dc: bad vlc)/,
  /^\[tiff @ \w+\] (Run went out of bounds|Copy went out of bounds|Decoded only \d|Uncompressing failed|Invalid strip)/,
  /^\[gif @ \w+\] LZW decode failed/,
  /^\[png @ \w+\] inflate returned error/,
];
/** Of a JPEG in several scans: some are missing, and it breaks off. */
const SCANS_MISSING = /^\[mjpeg @ \w+\] component \d is incomplete/;
/** Alone it says little: there are cameras that never write the end. */
const BREAKS_OFF = /^\[mjpeg @ \w+\] EOI missing/;

/** @param log ffmpeg's, of a source of one picture */
export function tellsPictureDamage(log: readonly string[]): boolean {
  const says = (pattern: RegExp) => log.some((line) => pattern.test(line));
  return DAMAGE.some(says) || (says(SCANS_MISSING) && says(BREAKS_OFF));
}
