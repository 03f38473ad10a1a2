import { platform } from 'node:os';

/**
 * Runs ffmpeg, and kills it when this process ends, even by SIGKILL: our end of the shell's standard input closes
 * then, for which the watcher waits. SIGTERM is passed on to ffmpeg.
 * `$1` is the HTTP proxy that ffmpeg has to use (or empty), the rest is ffmpeg and its arguments.
 */
const SCRIPT = `
proxy=$1; shift
unset http_proxy https_proxy all_proxy no_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY
if [ -n "$proxy" ]; then http_proxy=$proxy; export http_proxy; fi
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

/** The command that runs ffmpeg so. Windows has no `/bin/sh`: there ffmpeg is started directly. */
export function killWithParent(ffmpegPath: string, proxy: string | undefined): GuardedCommand {
  if (platform() === 'win32') return { path: ffmpegPath, prefix: [] };
  return { path: '/bin/sh', prefix: ['-c', SCRIPT, 'mien-ffmpeg', proxy ?? '', ffmpegPath] };
}
