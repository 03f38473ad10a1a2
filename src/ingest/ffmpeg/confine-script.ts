/**
 * Confines itself and becomes the command that it is given, which can undo none of it. Node cannot make these system
 * calls, Perl can, and Debian, Ubuntu and their containers always have it (package perl-base). Any call that fails ends
 * it, so that a command never runs less confined than was asked for.
 *
 * Landlock (https://docs.kernel.org/userspace-api/landlock.html) lets it bind no TCP port, and connect to one alone.
 * seccomp lets it open local sockets and, where there is a port, those of TCP: neither datagrams, which Landlock does
 * not see, nor MPTCP, nor io_uring, which opens sockets by itself, nor a connection that is made by sending.
 */
export const CONFINE_SCRIPT = `
use strict;
my ($numbers, @command) = @ARGV;
my ($level, $port, $machine, $prctl, $seccomp, $socket, @sends) = split /,/, $numbers;
$_ += 0 for $port, $machine, $prctl, $seccomp, $socket, @sends;
sub call { my $result = syscall(shift, @_); die "mien-ffmpeg: cannot be confined: $!\\n" if $result < 0; $result }

call($prctl, 38, 1, 0, 0, 0); # no new privileges, without which the others are refused
if ($level eq 'landlock') {
  my ($bind, $connect, $port_rule) = (1, 2, 2);
  my $ruleset = call(444, pack('Q2', 0, $bind | $connect), 16, 0);
  call(445, $ruleset, $port_rule, pack('Q2', $connect, $port), 0) if $port;
  call(446, $ruleset, 0);
}

# A program of the packet filter: each line a code, how many lines to go on when true and when false, and a value.
my ($load, $equal, $above, $any, $and, $return) = (0x20, 0x15, 0x35, 0x45, 0x54, 0x06);
my ($allow, $kill, $refuse, $absent) = (0x7fff0000, 0x80000000, 0x0005000d, 0x00050026);
my ($local, $inet, $inet6, $stream, $tcp) = (1, 2, 10, 1, 6);
my @program = (
  [$load, 0, 0, 4], [$equal, 1, 0, $machine], [$return, 0, 0, $kill],
  [$load, 0, 0, 0], [$above, 0, 1, 0x40000000], [$return, 0, 0, $absent],
  [$equal, 0, 1, 425], [$return, 0, 0, $absent],
);
# A message that opens its connection: flags are the fourth word of sendto and of sendmmsg, the third of sendmsg.
my @flags = (40, 32, 40);
push @program, [$equal, 0, 4, $sends[$_]], [$load, 0, 0, $flags[$_]], [$any, 0, 1, 0x20000000],
  [$return, 0, 0, $refuse], [$return, 0, 0, $allow] for 0 .. 2;
push @program, [$equal, 1, 0, $socket], [$return, 0, 0, $allow],
  [$load, 0, 0, 16], [$equal, 0, 1, $local], [$return, 0, 0, $allow];
push @program, [$equal, 2, 0, $inet], [$equal, 1, 0, $inet6], [$return, 0, 0, $refuse],
  [$load, 0, 0, 24], [$and, 0, 0, 15], [$equal, 1, 0, $stream], [$return, 0, 0, $refuse],
  [$load, 0, 0, 32], [$equal, 1, 0, 0], [$equal, 0, 1, $tcp], [$return, 0, 0, $allow] if $port;
push @program, [$return, 0, 0, $refuse];
my $filter = join '', map { pack('S C C L', @$_) } @program;
call($seccomp, 1, 0, pack('S x![P] P', scalar @program, $filter));

exec { $command[0] } @command or die "mien-ffmpeg: $command[0]: $!\\n";
`;
