# Run a block of a submission without input, with limits on its time and on how much of each output stream is kept.
# One small program, because each process is expensive in user-mode Linux.
#
#     perl -e THIS_PROGRAM SECONDS BYTES STATE_FILE SHELL_SETUP SCRIPT
#
# SHELL_SETUP is the text of `block_shell.bash`. All lines of the script are run, even if one fails, and the exit status
# is that of the first one that failed. If there is one, standard error starts with a line "\x1elabs LINE COMMAND".
use strict;
use warnings;

my ($seconds, $max_bytes, $state_file, $setup, $script) = @ARGV;
# The value of WNOHANG for `waitpid`, and how often to look for more output after the script has ended.
my ($no_hang, $extra_reads) = (1, 20);
my ($max_state_bytes, $max_tail_bytes, $max_shells) = (4 << 20, 8192, 100);
my ($started_at, $status, $failure, @streams) = (time);
my %kept = (stdout => '', stderr => '');

# Start a shell; it continues after a syntax error if that was in a line before.
sub start_shell {
    my ($text, $is_continued) = @_;
    # The state file belongs to the submission: do not wait for a pipe, and do not read gigabytes.
    unlink $state_file if -l $state_file || -e _ && (!-f _ || -s _ > $max_state_bytes);
    unlink "$state_file.new";
    my %writers;
    for my $name (qw(stdout stderr)) {
        pipe(my $reader, $writers{$name}) or die "cannot create a pipe: $!\n";
        push @streams, { name => $name, handle => $reader, tail => '', open => 1 };
    }
    my $child = fork;
    die "cannot start a process: $!\n" unless defined $child;
    return $child if $child;
    # Without close-on-exec, so that bash can read the setup from it.
    $^F = 255;
    pipe(my $setup_reader, my $setup_writer) or die "cannot create a pipe: $!\n";
    my $number = fileno $setup_reader;
    my $variables = "__labs_state=$state_file __labs_continue=$is_continued\n";
    syswrite $setup_writer, "${variables}builtin exec $number<&-\n$setup";
    close $setup_writer;
    open STDIN,  '<',  '/dev/null';
    open STDOUT, '>&', $writers{stdout};
    open STDERR, '>&', $writers{stderr};
    $ENV{BASH_ENV} = "/dev/fd/$number";
    my $seconds_left = $is_continued ? $seconds - (time - $started_at) : $seconds;
    exec 'timeout', '--kill-after=5', $seconds_left > 0.1 ? $seconds_left : 0.1, 'bash', '-c', $text;
    exit 127;
}

# Read available output, and return whether there may be more.
sub read_output {
    my ($wait) = @_;
    my @open = grep { $_->{open} } @streams or return 0;
    my $ready = '';
    vec($ready, fileno $_->{handle}, 1) = 1 for @open;
    return 1 if select($ready, undef, undef, $wait) <= 0;
    for my $stream (grep { vec $ready, fileno $_->{handle}, 1 } @open) {
        my $length = sysread $stream->{handle}, my $data, 1 << 16;
        $stream->{open} = 0 unless $length;
        next unless $length;
        my $left = $max_bytes - length $kept{ $stream->{name} };
        $kept{ $stream->{name} } .= substr $data, 0, $left if $left > 0;
        $stream->{tail} = substr $stream->{tail} . $data, -$max_tail_bytes if $stream->{name} eq 'stderr';
    }
    return 1;
}

# Run a shell to its end, and return its wait status.
sub wait_for_shell {
    my ($child) = @_;
    my ($shell_status, $reads) = (undef, $extra_reads);
    # Background processes keep the streams open, so wait only a little after the script has ended.
    while (read_output(defined $shell_status ? 0.025 : 0.2)) {
        if (defined $shell_status) { last unless $reads-- }
        elsif (waitpid($child, $no_hang) > 0) { $shell_status = $? }
    }
    return $shell_status if defined $shell_status;
    waitpid $child, 0;
    return $?;
}

# Keep the state that a shell has saved, and return the line and the command that failed first in it.
sub keep_state {
    return undef unless -f "$state_file.new" && open my $file, '<', "$state_file.new";
    my $line = readline $file;
    seek $file, -6, 2;
    read $file, my $end, 6;
    rename "$state_file.new", $state_file if $end eq "# end\n";
    return defined $line && $line =~ /^# \d+ (\d+ .{0,200})/ ? $1 : undef;
}

# A handler, so that the end of the child interrupts `select`.
$SIG{CHLD} = sub { };
my @lines = split /\n/, $script, -1;
my $next_line = 0;
for (1 .. $max_shells) {
    # With the lines before it left empty, messages of bash have the right line numbers.
    my $text = join "\n", ('') x $next_line, @lines[ $next_line .. $#lines ];
    # The block may replace the trap that saves the state at the end.
    $text .= "\n__labs_save || builtin exit \$?" if $text =~ /\btrap\b/;
    my $shell_status = wait_for_shell(start_shell($text, $next_line ? 1 : 0));
    $status = $shell_status unless $status;
    my $failed_line = keep_state();
    $failure = $failed_line unless defined $failure;
    # A syntax error ends bash, and the last thing it prints is the line. In a terminal, the next line would be read.
    my ($bad_line) = $streams[-1]{tail} =~ /^bash: -c: line (\d+): `[^\n]*'\n\z/m;
    last unless $bad_line && $bad_line > $next_line && $bad_line < @lines && time - $started_at < $seconds;
    $failure = "$bad_line " . substr $lines[ $bad_line - 1 ], 0, 200 unless defined $failure;
    $next_line = $bad_line;
}
print STDOUT $kept{stdout};
print STDERR defined $failure ? "\x1elabs $failure\n" : '', $kept{stderr};
if (grep { $_->{open} } @streams) {
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
