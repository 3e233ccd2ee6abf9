# Types a script for a grading, with no input, an end to its time, and an end to what is kept of each of its streams.
# One small program, for every process costs much in user-mode Linux.
#
#     perl -e THIS SECONDS BYTES SCRIPT
use strict;
use warnings;

my ($seconds, $most, $script) = @ARGV;
my ($no_hang, $tries) = (1, 20);
my ($status, %streams);

pipe(my $out, my $said)       or die "no pipe: $!\n";
pipe(my $err, my $complained) or die "no pipe: $!\n";
# So that its end ends a wait.
$SIG{CHLD} = sub { };
my $typing = fork;
die "no process can be started: $!\n" unless defined $typing;
if (!$typing) {
    open STDIN,  '<',  '/dev/null';
    open STDOUT, '>&', $said;
    open STDERR, '>&', $complained;
    exec 'timeout', '--kill-after=5', $seconds, 'bash', '-ec', $script;
    exit 127;
}
close $said;
close $complained;
$streams{fileno $_} = { handle => $_, kept => '', open => 1 } for $out, $err;

# Take what has been said, and return whether more may come.
sub take {
    my ($wait) = @_;
    my @open = grep { $_->{open} } values %streams or return 0;
    my $ready = '';
    vec($ready, fileno $_->{handle}, 1) = 1 for @open;
    return 1 if select($ready, undef, undef, $wait) <= 0;
    for my $stream (grep { vec $ready, fileno $_->{handle}, 1 } @open) {
        my $got = sysread $stream->{handle}, my $some, 1 << 16;
        $stream->{open} = 0 unless $got;
        my $left = $most - length $stream->{kept};
        $stream->{kept} .= substr $some, 0, $left if $got && $left > 0;
    }
    return 1;
}

# What runs on in the background keeps the streams open.
while (take(defined $status ? 0.025 : 0.2)) {
    if (defined $status) { last unless $tries-- }
    elsif (waitpid($typing, $no_hang) > 0) { $status = $? }
}
if (!defined $status) {
    waitpid $typing, 0;
    $status = $?;
}
print STDOUT $streams{fileno $out}{kept};
print STDERR $streams{fileno $err}{kept};
if (grep { $_->{open} } values %streams) {
    # Lest a program in the background wait until it is read, or end because it no longer is.
    my $reader = fork;
    if (defined $reader && !$reader) {
        open STDIN,  '<', '/dev/null';
        open STDOUT, '>', '/dev/null';
        open STDERR, '>', '/dev/null';
        1 while take(undef);
        exit;
    }
}
exit($status & 127 ? 128 + ($status & 127) : $status >> 8);
