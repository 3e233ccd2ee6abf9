# Run a script without input, with limits on its time and on how much of each output stream is kept.
# One small program, because each process is expensive in user-mode Linux.
#
#     perl -e THIS_PROGRAM SECONDS BYTES SCRIPT
use strict;
use warnings;

my ($seconds, $max_bytes, $script) = @ARGV;
# The value of WNOHANG for `waitpid`, and how often to look for more output after the script has ended.
my ($no_hang, $extra_reads) = (1, 20);
my ($status, %streams);

pipe(my $stdout_reader, my $stdout_writer) or die "cannot create a pipe: $!\n";
pipe(my $stderr_reader, my $stderr_writer) or die "cannot create a pipe: $!\n";
# A handler, so that the end of the child interrupts `select`.
$SIG{CHLD} = sub { };
my $child = fork;
die "cannot start a process: $!\n" unless defined $child;
if (!$child) {
    open STDIN,  '<',  '/dev/null';
    open STDOUT, '>&', $stdout_writer;
    open STDERR, '>&', $stderr_writer;
    exec 'timeout', '--kill-after=5', $seconds, 'bash', '-ec', $script;
    exit 127;
}
close $stdout_writer;
close $stderr_writer;
$streams{fileno $_} = { handle => $_, kept => '', open => 1 } for $stdout_reader, $stderr_reader;

# Read available output, and return whether there may be more.
sub read_output {
    my ($wait) = @_;
    my @open = grep { $_->{open} } values %streams or return 0;
    my $ready = '';
    vec($ready, fileno $_->{handle}, 1) = 1 for @open;
    return 1 if select($ready, undef, undef, $wait) <= 0;
    for my $stream (grep { vec $ready, fileno $_->{handle}, 1 } @open) {
        my $length = sysread $stream->{handle}, my $data, 1 << 16;
        $stream->{open} = 0 unless $length;
        my $left = $max_bytes - length $stream->{kept};
        $stream->{kept} .= substr $data, 0, $left if $length && $left > 0;
    }
    return 1;
}

# Background processes keep the streams open, so wait only a little after the script has ended.
while (read_output(defined $status ? 0.025 : 0.2)) {
    if (defined $status) { last unless $extra_reads-- }
    elsif (waitpid($child, $no_hang) > 0) { $status = $? }
}
if (!defined $status) {
    waitpid $child, 0;
    $status = $?;
}
print STDOUT $streams{fileno $stdout_reader}{kept};
print STDERR $streams{fileno $stderr_reader}{kept};
if (grep { $_->{open} } values %streams) {
    # Keep reading, so that background processes neither block on a full pipe nor end because it was closed.
    my $reader = fork;
    if (defined $reader && !$reader) {
        open STDIN,  '<', '/dev/null';
        open STDOUT, '>', '/dev/null';
        open STDERR, '>', '/dev/null';
        1 while read_output(undef);
        exit;
    }
}
exit($status & 127 ? 128 + ($status & 127) : $status >> 8);
