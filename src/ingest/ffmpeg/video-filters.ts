/** ffmpeg's filters, from a decoded picture to a frame that is to be scored. */
import { pixelFormats } from '../frames/planes.ts';
import type { Showinfo } from './showinfo.ts';

export interface FilterSettings {
  /** Whether a frame's time is when it came, because the source has no clock. */
  byArrival: boolean;
  frameRate: number;
  /** In pixels, at most; Infinity: as it is. */
  longerSide: number;
  /** Whether frames that no other refers to are not decoded. Default false. */
  leaveOut?: boolean;
  /** Each frame lies in the upper left of a square as wide as `longerSide`, because this ffmpeg would scale it to the first one's size. */
  onCanvas: boolean;
  /** Whether colour is written, too, where there is any. Default false; not on a canvas. */
  colour?: boolean;
  showinfo: Showinfo;
  /** Whether showinfo also reports the first frame as the source has it, before it is selected and scaled. */
  reportFirstFrame: boolean;
  /** Whether, with the first, it reports the key frames that lie a second and more behind the one before. Default false. */
  reportKeyFrames?: boolean;
  /** Whether it also reports all frames before they are selected. */
  reportDecoded: boolean;
}

/**
 * Selects frames, and never duplicates one, so a slow source gives all it has. Times are in microseconds. Pixels that
 * are not square are made square; nothing is scaled up.
 */
export function videoFilters({
  frameRate,
  byArrival,
  longerSide,
  showinfo,
  reportFirstFrame,
  reportKeyFrames = false,
  reportDecoded,
  onCanvas,
  leaveOut,
  colour = false,
}: FilterSettings): string {
  const width = 'iw*min(1,sar)';
  const height = 'ih/max(1,sar)';
  const fit = longerSide === Infinity ? '1' : `min(1,${longerSide}/max(${width},${height}))`;
  const reported = reportKeyFrames ? `select='eq(n,0)+key*gte(t-prev_selected_t,1)'` : 'trim=end_frame=1';
  const reportFirst = `split[first],${reported},settb=AVTB,${showinfo.firstFrameFilter},nullsink;[first]`;
  return [
    (reportFirstFrame ? reportFirst : '') +
      (byArrival ? 'settb=AVTB,setpts=RTCTIME,' : '') +
      (reportDecoded ? `settb=AVTB,${showinfo.decodedFilter},` : '') +
      selectExpression(frameRate, leaveOut ? 0 : 1 / 2),
    // Pixels can become less square while the picture's size stays: that alone does not rebuild the filters.
    `scale=w='max(1,round(${width}*${fit}))':h='max(1,round(${height}*${fit}))':${onCanvas ? '' : 'eval=frame:'}flags=bilinear:out_range=pc`,
    `format=${pixelFormats(colour)}`,
    'settb=AVTB',
    showinfo.frameFilter,
    ...(onCanvas ? [`pad=${longerSide}:${longerSide}`] : []),
  ].join(',');
}

/**
 * The first frame in each interval of 1/frameRate of the source's own time. Register 0 holds when the next is due. A
 * frame may be 8 ms early, because timestamps are rounded and cameras jitter; on average the rate still holds. The
 * source's time has started again when two frames in a row are before the last that was selected; one alone is wrong.
 * @param spacing of an interval: a frame that is late by more is not followed by one that lies closer, which costs some of the rate
 *   where the source has few frames to choose from
 */
function selectExpression(frameRate: number, spacing: number): string {
  const interval = 1 / frameRate;
  const early = Math.min(0.008, interval / 4);
  const since = '(t-start_t)';
  const restarted = 'lt(t,prev_selected_t)*lt(prev_t,prev_selected_t)';
  const next = `if(${restarted},${since}+${interval},max(ld(0)+${interval},${since}+${interval * spacing}))`;
  return `select='isnan(t)+if(gte(${since},ld(0)-${early})+${restarted},1+0*st(0,${next}))'`;
}
