/** Ways to see what a program would connect to, itself and whatever it starts: a trace of its system calls, or a network that leads nowhere. */
import { spawnSync } from 'node:child_process';

export interface Tracer {
  name: string;
  /** The command line that runs a program; it signals and ends as the program itself, and writes the report. */
  wrap(report: string, program: readonly string[]): string[];
  /** What the report tells of tries to leave this machine, or to ask for a name; one entry per try. */
  tries(report: string): string[];
}

/** `-D`: the program stays the child of who starts it, so that signals reach it. */
const STRACE = '-D -f -qq --seccomp-bpf -e signal=none -e trace=connect,sendto,sendmsg,sendmmsg'.split(' ');

const strace: Tracer = {
  name: 'strace',
  wrap: (report, program) => ['strace', ...STRACE, '-o', report, ...program],
  tries: (report) =>
    addressesOf(report)
      .filter(({ host, port }) => port === 53 || !isLoopback(host))
      .map(toText),
};

/** Within it only loopback is there; the kernel counts what had no way out. Tries over IPv6 fail uncounted: it has no address. */
const NAMESPACE = `
  report=$1; shift
  ip link set lo up || exit 125
  "$@" & child=$!
  trap 'kill -TERM $child' TERM
  wait $child; code=$?
  while kill -0 $child 2>/dev/null; do wait $child; code=$?; done
  cat /proc/net/snmp >"$report"
  exit $code`;

const namespace: Tracer = {
  name: 'a network namespace',
  wrap: (report, program) => ['unshare', '-rn', 'sh', '-c', NAMESPACE, 'sh', report, ...program],
  tries(report) {
    const [names = [], values = []] = report
      .split('\n')
      .filter((line) => line.startsWith('Ip: '))
      .map((line) => line.split(' '));
    const count = Number(values[names.indexOf('OutNoRoutes')]);
    return Array.from({ length: count }, (_, index) => `packet ${index + 1} that had no way out`);
  },
};

/** Those that this machine has, the one that tells more first. */
export const TRACERS: readonly Tracer[] = [strace, namespace].filter(({ wrap }) => {
  const [command = '', ...args] = wrap('/dev/null', ['true']);
  return spawnSync(command, args).status === 0;
});

interface Address {
  host: string;
  port: number;
}

/** Of every internet address that was handed to the kernel, in the order of the calls. */
function addressesOf(report: string): Address[] {
  const v4 = /sin_port=htons\((\d+)\), sin_addr=inet_addr\("([^"]+)"\)/;
  const v6 = /sin6_port=htons\((\d+)\).*?inet_pton\(AF_INET6, "([^"]+)"/;
  return report.split('\n').flatMap((line) => {
    const [, port, host] = v4.exec(line) ?? v6.exec(line) ?? [];
    return host === undefined ? [] : [{ host, port: Number(port) }];
  });
}

function isLoopback(host: string): boolean {
  return /^(::ffff:)?127\./.test(host) || host === '::1';
}

const toText = ({ host, port }: Address) => `${host}, port ${port}`;
