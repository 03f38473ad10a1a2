import type { SourceKind } from '../../domain/frame.ts';

/** Containers and elementary streams whose demuxers open nothing but the one input. */
const VIDEOS = [
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
/** Pictures. Not `image2`: it takes a name with `%d` for a series and reads the others of it. */
const PICTURES = ['jpeg_pipe', 'png_pipe', 'webp_pipe', 'bmp_pipe', 'tiff_pipe', 'jpegxl_pipe'];
const SOUND = ['aac', 'mp3', 'ac3', 'eac3', 'webvtt'];

const FILE_FORMATS = [...VIDEOS, ...PICTURES];
const HTTP_FORMATS = [...FILE_FORMATS, 'mpjpeg'];
const WEB = ['http', 'https', 'tcp', 'tls', 'httpproxy'];

export interface Whitelist {
  protocols: readonly string[];
  formats: readonly string[];
}

/** What ffmpeg may open and read, for each kind of source. */
export const WHITELISTS: Record<SourceKind, Whitelist> = {
  file: { protocols: ['file'], formats: FILE_FORMATS },
  upload: { protocols: ['file'], formats: FILE_FORMATS },
  http: { protocols: WEB, formats: HTTP_FORMATS },
  hls: { protocols: [...WEB, 'crypto'], formats: ['hls', 'hls,applehttp', ...HTTP_FORMATS, ...SOUND] },
  rtsp: { protocols: ['tcp', 'rtp'], formats: ['rtsp'] },
  rtmp: { protocols: ['rtmp', 'tcp'], formats: ['flv', 'live_flv'] },
  device: { protocols: ['file'], formats: ['v4l2', 'video4linux2', 'video4linux2,v4l2'] },
};

/** Which URLs are sources. Before probing, http(s) may be either a file or HLS: `hls` is the wider of the two. */
export const SCHEMES: Record<string, { kind: SourceKind; tls: boolean; port: number }> = {
  'http:': { kind: 'hls', tls: false, port: 80 },
  'https:': { kind: 'hls', tls: true, port: 443 },
  'rtsp:': { kind: 'rtsp', tls: false, port: 554 },
  'rtsps:': { kind: 'rtsp', tls: true, port: 322 },
  'rtmp:': { kind: 'rtmp', tls: false, port: 1935 },
  'rtmps:': { kind: 'rtmp', tls: true, port: 443 },
};

/** Kinds that come over a network; for these the ffmpeg of the npm package is too old. */
export const isNetwork = (kind: SourceKind): boolean => WHITELISTS[kind].protocols.includes('tcp');
