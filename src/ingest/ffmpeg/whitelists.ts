import type { SourceKind } from '../../domain/frame.ts';

/** Containers and elementary streams whose demuxers open nothing but the one input. */
const VIDEO_FORMATS = [
  'mov,mp4,m4a,3gp,3g2,mj2',
  'matroska,webm',
  'avi',
  'mpegts',
  'mpeg',
  'flv',
  'live_flv',
  'ogg',
  'asf',
  'mxf',
  'gif',
  'apng',
  'ivf',
  'h264',
  'hevc',
  'obu',
  'm4v',
  'mpegvideo',
  'mjpeg',
  'yuv4mpegpipe',
  'dv',
  'wtv',
];
/** Not `image2`: it takes a name with `%d` for a series, and opens the others of it. */
const PICTURE_FORMATS = [
  'jpeg_pipe',
  'png_pipe',
  'webp_pipe',
  'webp_anim',
  'bmp_pipe',
  'tiff_pipe',
  'jpegxl_pipe',
  // As which a HEIC picture is handed over.
  'pgm_pipe',
];
const SOUND_FORMATS = ['aac', 'mp3', 'ac3', 'eac3', 'webvtt'];

/** Containers that can be read as they come, and tell when each frame was taken. */
const PUSHED_FORMATS = [
  ...['mov,mp4,m4a,3gp,3g2,mj2', 'matroska,webm', 'mpegts', 'mpeg', 'flv', 'live_flv', 'ogg', 'asf', 'avi'],
];

const FILE_FORMATS = [...VIDEO_FORMATS, ...PICTURE_FORMATS];
const HTTP_FORMATS = [...FILE_FORMATS, 'mpjpeg'];
/** What it takes to reach a port of ours on loopback; all addresses that ffmpeg is given lead there. */
const HTTP_PROTOCOLS = ['http', 'tcp'];

export interface Whitelist {
  protocols: readonly string[];
  formats: readonly string[];
}

/** What ffmpeg may open and read, for each kind of source. */
export const WHITELISTS: Record<SourceKind, Whitelist> = {
  file: { protocols: ['file'], formats: FILE_FORMATS },
  upload: { protocols: ['file'], formats: FILE_FORMATS },
  http: { protocols: HTTP_PROTOCOLS, formats: HTTP_FORMATS },
  hls: {
    protocols: [...HTTP_PROTOCOLS, 'crypto'],
    formats: ['hls', 'hls,applehttp', ...HTTP_FORMATS, ...SOUND_FORMATS],
  },
  rtsp: { protocols: ['tcp'], formats: ['rtsp'] },
  rtmp: { protocols: ['rtmp', 'tcp'], formats: ['flv', 'live_flv'] },
  device: { protocols: ['file'], formats: ['v4l2', 'video4linux2', 'video4linux2,v4l2'] },
  push: { protocols: ['tcp'], formats: PUSHED_FORMATS },
};

/** Of an upload that comes from a bucket, through a server of ours: it reads what it would read of a file. */
export const STORED_UPLOAD: Whitelist = { protocols: HTTP_PROTOCOLS, formats: FILE_FORMATS };

/** Which URLs are sources. Until it is probed, http(s) may be a file or HLS: `hls` has the wider whitelist. */
export const SCHEMES: Record<string, { kind: SourceKind; tls: boolean; port: number }> = {
  'http:': { kind: 'hls', tls: false, port: 80 },
  'https:': { kind: 'hls', tls: true, port: 443 },
  'rtsp:': { kind: 'rtsp', tls: false, port: 554 },
  'rtsps:': { kind: 'rtsp', tls: true, port: 322 },
  'rtmp:': { kind: 'rtmp', tls: false, port: 1935 },
  'rtmps:': { kind: 'rtmp', tls: true, port: 443 },
};
