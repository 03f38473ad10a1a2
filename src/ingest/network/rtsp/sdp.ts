/** A description of a session (SDP, RFC 4566), as ffmpeg is to see it. */
export interface Description {
  /** Only video, only what its decoder needs to know, no address; track N is controlled at `trackN`. */
  sdp: string;
  /** Where the server itself controls each track, as it wrote it. */
  controls: string[];
  /** Where it controls the whole session. */
  control: string | undefined;
}

const MAX_TRACKS = 16;

/** Writes a description anew. What is not understood does not come through. */
export function rewriteSdp(text: string): Description {
  const lines = text.split(/\r\n|\n|\r/).flatMap((line) => {
    const [, type, value] = /^([a-z])=([\x20-\x7e\x80-\uffff]*)$/.exec(line) ?? [];
    return type && value !== undefined ? [{ type, value: value.trim() }] : [];
  });
  const sections: (typeof lines)[] = [[]];
  for (const line of lines) {
    if (line.type === 'm') sections.push([]);
    sections.at(-1)!.push(line);
  }
  const [session = [], ...media] = sections;
  const tracks = media.filter(([first]) => MEDIA.test(first!.value)).slice(0, MAX_TRACKS);
  const written = tracks.flatMap((track, index) => [
    `m=video 0 RTP/AVP ${MEDIA.exec(track[0]!.value)![1]}`,
    ...track.slice(1).flatMap(keptLine),
    `a=control:track${index}`,
  ]);
  return {
    sdp: [
      ...HEAD,
      ...session.filter(({ value }) => RANGE.test(value)).flatMap(keptLine),
      ...written,
      '',
    ].join('\r\n'),
    controls: tracks.map((track) => controlOf(track) ?? ''),
    control: controlOf(session),
  };
}

const HEAD = ['v=0', 'o=- 0 0 IN IP4 127.0.0.1', 's=stream', 'c=IN IP4 127.0.0.1', 't=0 0'];
const MEDIA = /^video \d{1,5}(?:\/\d{1,2})? RTP\/AVPF?(?:\/TCP)? (\d{1,3}(?: \d{1,3}){0,9})$/;
const RANGE = /^range:npt=(?:now-|\d{1,9}(?:\.\d{1,9})?-(?:\d{1,9}(?:\.\d{1,9})?)?)$/;

const KEPT: RegExp[] = [
  /^rtpmap:\d{1,3} [\w.+-]{1,40}\/\d{1,9}(?:\/\d{1,3})?$/,
  /^fmtp:\d{1,3} [\x20-\x7e]{1,8000}$/,
  /^framerate: ?\d{1,4}(?:\.\d{1,9})?$/,
  /^framesize:\d{1,3} \d{1,5}-\d{1,5}$/,
  /^x-dimensions: ?\d{1,5}, ?\d{1,5}$/,
  RANGE,
];

function keptLine({ type, value }: { type: string; value: string }): string[] {
  return type === 'a' && KEPT.some((form) => form.test(value)) ? [`a=${value}`] : [];
}

function controlOf(lines: { type: string; value: string }[]): string | undefined {
  const found = lines.find(({ type, value }) => type === 'a' && value.startsWith('control:'));
  return found?.value.slice('control:'.length).trim();
}
