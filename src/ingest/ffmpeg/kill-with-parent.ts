import { platform } from 'node:os';

/**
 * How far ffmpeg steps back for the models and the server ("nice"), unless it is said otherwise. Sixteen decoders beside four
 * model threads on two cores took three quarters of the processor, and the models starved on what was left.
 */
export const NICENESS = 10;

/**
 * Runs ffmpeg, and kills it when this process ends, even by SIGKILL: our end of the shell's standard input closes
 * then, for which the watcher waits. SIGTERM is passed on to ffmpeg.
 * Proxies that the environment names are not for ffmpeg, which reaches nothing but our own; nor is the setting of malloc by
 * which the server gives memory back: ffmpeg allocates planes for each picture. `$@` is ffmpeg and its arguments.
 */
const scriptOf = (niceness: number) => `
${niceness > 0 ? `if command -v nice >/dev/null; then set -- nice -n ${niceness} "$@"; fi` : ''}
unset http_proxy https_proxy all_proxy no_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY
unset MALLOC_MMAP_THRESHOLD_
exec 3<&0 </dev/null
child=; stopped=
trap 'stopped=1; if [ -n "$child" ]; then kill -TERM $child; fi' TERM
"$@" 3<&- &
child=$!
if [ -n "$stopped" ]; then kill -TERM $child; fi
{ while read -r line; do :; done <&3; kill -KILL $child; } >/dev/null 2>&1 &
watcher=$!
exec >/dev/null 2>&1 3<&-
wait $child; code=$?
while kill -0 $child; do wait $child; code=$?; done
kill -KILL $watcher; wait $watcher
exit $code
`;

export interface GuardedCommand {
  path: string;
  /** Arguments that come before ffmpeg's own. */
  prefix: string[];
}

/**
 * The command that runs ffmpeg so. Windows has no `/bin/sh`: there ffmpeg is started directly.
 * @param confine what comes before ffmpeg, so that it runs confined
 * @param niceness 0 to 19, by which its priority is lower than this process's
 */
export function killWithParent(
  ffmpegPath: string,
  confine: readonly string[],
  niceness = NICENESS,
): GuardedCommand {
  if (platform() === 'win32') return { path: ffmpegPath, prefix: [] };
  return { path: '/bin/sh', prefix: ['-c', scriptOf(niceness), 'mien-ffmpeg', ...confine, ffmpegPath] };
}
