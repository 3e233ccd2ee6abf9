# Run a shell, and record what is typed into the programs that it runs.
#
#     perl -e THIS_PROGRAM FOLDER SHELL [ARGUMENT]...
#
# On a terminal, the shell gets its own pseudo-terminal. It records its command lines itself, in FOLDER/NAME.lines,
# with the hooks `record_start.sh` and `record_end.sh`; this program records the input of running programs in
# FOLDER/NAME.input, one event per line: time, kind and data (in hexadecimal). Kinds:
#     text    input for a program that reads lines
#     hidden  the same, while the terminal does not show what is typed; without data
#     keys    input for a program that reads each key
#     line    input for the shell itself
#     script  all input of a shell without a terminal
#     end     the exit status of that shell
# While it runs, it holds a lock on NAME.input.
#
# The learner can change the hooks, for example in `.bashrc`. A shell whose hook for prompts is gone sets it again with
# the next line, and the other way round, but until then, and if both are gone, this program adds what it can see to
# NAME.lines:
#     prompt  a shell shows a prompt: shell and time
#     typed   a shell accepted a line: shell, time and folder
use strict;
use warnings;
use Errno qw(EAGAIN EINTR);
use Fcntl qw(:DEFAULT :flock);
use POSIX qw(:termios_h :sys_wait_h dup2 setsid tcgetpgrp);
use Time::HiRes qw(time);

# From asm-generic/ioctls.h and asm-generic/termbits.h of Linux.
my %IOCTL = (TIOCSPTLCK => 0x40045431, TIOCGPTN => 0x80045430, TIOCSCTTY => 0x540E, TIOCGWINSZ => 0x5413,
    TIOCSWINSZ => 0x5414);
my $IUTF8 = 0x4000;
# A line is forwarded only after the shell has recorded what it did with the line before: only then is it known whether
# the shell reads it, or the program that the shell started.
my $HOLD_SECONDS = 2;
# Once a shell has not recorded a line, this is how long to wait for its answer to the next one, and for its next prompt.
my $ANSWER_SECONDS = 0.3;
# How long a terminal without marks must have the modes of a prompt.
my $MODES_SECONDS = 0.05;
my $MAX_BYTES = 256 << 10;
# How much of the shells' record was read, the kind and the shell of its last event, and whether shells edit lines
# themselves.
my ($seen_size, $seen_event, $seen_shell, $edits_lines) = (0, 'end', 0, 1);
# Bash marks where it begins to read a line, and where it accepted one, unless its settings turn that off.
my ($BEGIN_MARK, $ACCEPT_MARK) = ("\e[?2004h", "\e[?2004l");
# The last mark, whether there was a mark of an accepted line since the last line was forwarded, whether the shell did
# not record its last line, and since when the terminal has the modes of a prompt.
my ($last_mark, $is_accepted, $misses_lines, $modes_since) = ('', 0, 0, undef);
# The end of the output, where a mark may begin.
my $output_end = '';
my ($PASTE_BEGIN, $PASTE_END) = ("\e[200~", "\e[201~");
my $is_in_paste = 0;

my ($folder, @shell) = @ARGV;
mkdir $folder, 0700;
my $name = sprintf '%s/%.6f-%d', $folder, time, $$;
sysopen my $record, "$name.input", O_WRONLY | O_APPEND | O_CREAT, 0600 or die "cannot write to $folder: $!\n";
flock $record, LOCK_EX;
$ENV{LABS_RECORD} = "$name.lines";
my $recorded = 0;

sub record {
    my ($kind, $data, $time) = @_;
    $recorded += length $data;
    syswrite $record, sprintf "%.6f %s %s\n", $time // time, $kind, unpack 'H*', $data if $recorded <= $MAX_BYTES;
}

sub record_event {
    my @fields = @_;
    sysopen my $lines, $ENV{LABS_RECORD}, O_WRONLY | O_APPEND | O_CREAT, 0600 or return;
    syswrite $lines, join("\x1f", @fields) . "\x1e\n";
}

sub exit_like {
    my ($status) = @_;
    exit($status & 127 ? 128 + ($status & 127) : $status >> 8);
}

if (!-t STDIN) { run_script() }
else           { run_on_terminal() }

# Record all input as one script, because a shell without a terminal does not say which lines it starts.
sub run_script {
    pipe my $reader, my $writer or die "cannot create a pipe: $!\n";
    my $child = fork // die "cannot start a process: $!\n";
    if (!$child) {
        close $writer;
        dup2(fileno $reader, 0);
        exec @shell;
        exit 127;
    }
    close $reader;
    local $SIG{PIPE} = 'IGNORE';
    my $script = '';
    while (sysread STDIN, my $data, 1 << 16) {
        $script .= $data if length $script <= $MAX_BYTES;
        last unless defined syswrite $writer, $data;
    }
    close $writer;
    record('script', $script);
    waitpid $child, 0;
    my $status = $?;
    record('end', $status & 127 ? 128 + ($status & 127) : $status >> 8);
    exit_like($status);
}

sub open_terminal {
    sysopen my $terminal, '/dev/ptmx', O_RDWR | O_NOCTTY or die "cannot open a pseudo-terminal: $!\n";
    my ($unlock, $number) = (pack('i', 0), pack('i', 0));
    ioctl $terminal, $IOCTL{TIOCSPTLCK}, $unlock or die "cannot unlock the pseudo-terminal: $!\n";
    ioctl $terminal, $IOCTL{TIOCGPTN}, $number or die "cannot find the pseudo-terminal: $!\n";
    return $terminal, '/dev/pts/' . unpack 'i', $number;
}

sub start_shell {
    my ($path) = @_;
    my $child = fork // die "cannot start a process: $!\n";
    return $child if $child;
    setsid();
    sysopen my $terminal, $path, O_RDWR or die "cannot open $path: $!\n";
    ioctl $terminal, $IOCTL{TIOCSCTTY}, 0;
    my $modes = POSIX::Termios->new;
    $modes->getattr(fileno $terminal);
    $modes->setiflag($modes->getiflag | $IUTF8);
    $modes->setattr(fileno $terminal, TCSANOW);
    dup2(fileno $terminal, $_) for 0 .. 2;
    POSIX::close($_) for 3 .. 9;
    exec @shell;
    exit 127;
}

sub copy_window_size {
    my ($terminal) = @_;
    my $size = pack 'S4', 0, 0, 0, 0;
    ioctl STDIN, $IOCTL{TIOCGWINSZ}, $size and ioctl $terminal, $IOCTL{TIOCSWINSZ}, $size;
}

# Let all bytes through; the modes of the shell's own terminal apply.
sub set_raw_modes {
    my $modes = POSIX::Termios->new;
    $modes->getattr(0);
    $modes->setiflag($modes->getiflag & ~(BRKINT | ICRNL | IGNCR | INLCR | INPCK | ISTRIP | IXON));
    $modes->setoflag($modes->getoflag & ~OPOST);
    $modes->setlflag($modes->getlflag & ~(ECHO | ICANON | IEXTEN | ISIG));
    $modes->setcc(VMIN, 1);
    $modes->setcc(VTIME, 0);
    $modes->setattr(0, TCSANOW);
}

sub run_on_terminal {
    my $old_modes = POSIX::Termios->new;
    $old_modes->getattr(0);
    my ($terminal, $path) = open_terminal();
    copy_window_size($terminal);
    my $child = start_shell($path);
    set_raw_modes();
    local $SIG{WINCH} = sub { copy_window_size($terminal) };
    # A handler, so that the end of the shell interrupts `select`.
    local $SIG{CHLD} = sub { };
    local $SIG{HUP} = sub { close $terminal };
    my $status = copy_streams($terminal, $child);
    close $terminal;
    if (!defined $status) {
        waitpid $child, 0;
        $status = $?;
    }
    $old_modes->setattr(0, TCSANOW);
    exit_like($status);
}

# Copy between both terminals until the shell has ended, and return its status, or until the outer terminal was closed.
# A background process may have the shell's terminal open for longer.
sub copy_streams {
    my ($terminal, $child) = @_;
    fcntl $terminal, F_SETFL, O_RDWR | O_NONBLOCK;
    my ($queue, $hold, $status) = ('', undef, undef);
    while (1) {
        $status = $? if !defined $status && waitpid($child, WNOHANG) > 0;
        notice_prompt($terminal, $child) if !defined $status;
        $hold = find_next_hold($terminal, $hold) if $hold;
        if (length $queue && !$hold) {
            $hold = find_hold($terminal);
            $hold = forward($terminal, \$queue) if !$hold;
        }
        my ($readable, $writable) = ('', '');
        vec($readable, fileno $terminal, 1) = 1;
        vec($readable, 0, 1) = 1 if length $queue < 1 << 16;
        vec($writable, fileno $terminal, 1) = 1 if length $queue && !$hold;
        my $wait = defined $status ? 0 : $hold ? 0.005 : 1;
        my $ready = select $readable, $writable, undef, $wait;
        next if $ready < 0 && $! == EINTR;
        last if defined $status && !vec $readable, fileno $terminal, 1;
        if (vec $readable, fileno $terminal, 1) {
            my $length = sysread $terminal, my $data, 1 << 16;
            # The terminal cannot be read once no process has it open.
            last unless $length || (!defined $length && $! == EAGAIN);
            if ($length) {
                find_marks($data);
                write_all($data);
            }
        }
        if (vec $readable, 0, 1) {
            sysread STDIN, $queue, 1 << 16, length $queue or last;
        }
    }
    return $status;
}

sub write_all {
    my ($data) = @_;
    while (length $data) {
        my $length = syswrite STDOUT, $data;
        next if !defined $length && $! == EINTR;
        last unless defined $length;
        substr $data, 0, $length, '';
    }
}

# Forward and record as much of the queue as is known to go to the same reader. Return what to wait for before more of it
# is forwarded, if anything.
sub forward {
    my ($terminal, $queue) = @_;
    my $modes = get_modes($terminal);
    my $is_running = is_program_running();
    my $reads_lines = $modes->getlflag & ICANON;
    my $end;
    $end = find_line_end($$queue) if !$is_running && !$reads_lines;
    # What follows may be for the shell, which does not record that the program has ended.
    $end = $+[0] if $is_running && $reads_lines && $misses_lines && $$queue =~ /[\r\n\x04]/;
    my $length = $end // length $$queue;
    my $shell = tcgetpgrp fileno $terminal;
    my $hold = {
        size => get_size(),
        since => time,
        shell => $shell,
        folder => readlink "/proc/$shell/cwd",
        has_marks => $last_mark eq $BEGIN_MARK
    };
    $is_accepted = 0 if $end && !$is_running;
    my $written = syswrite $terminal, $$queue, $length;
    return unless $written;
    my $data = substr $$queue, 0, $written, '';
    $is_in_paste = $2 eq $PASTE_BEGIN if $data =~ /(.*)(\Q$PASTE_BEGIN\E|\Q$PASTE_END\E)/s;
    # The time before the shell could read it, so that it is earlier than the shell's own event.
    if    (!$reads_lines)           { record($is_running ? 'keys' : 'line', $data, $hold->{since}) }
    elsif ($modes->getlflag & ECHO) { record('text', $data, $hold->{since}) }
    else                            { record('hidden', '', $hold->{since}) }
    return if !$end || $written < $end;
    return $is_running ? { until_prompt => time + $ANSWER_SECONDS } : $hold;
}

# Return the length of the first line of some input; the lines of a paste are only run after it. Undefined if the input
# has no complete line.
sub find_line_end {
    my ($input) = @_;
    my $text = ($is_in_paste ? $PASTE_BEGIN : '') . $input;
    return unless $text =~ /^(?>\Q$PASTE_BEGIN\E.*?\Q$PASTE_END\E|(?!\Q$PASTE_BEGIN\E)[^\r\n])*[\r\n]/s;
    return $+[0] - length($text) + length $input;
}

# Return what to wait for before it is known who reads the next input, if anything.
sub find_hold {
    my ($terminal) = @_;
    my $reads_lines = get_modes($terminal)->getlflag & ICANON;
    return if is_program_running();
    $edits_lines = 1 if !$reads_lines;
    # Between its record and its prompt, a shell that edits lines itself has not begun to read.
    return $reads_lines && $edits_lines ? { size => -1, since => time } : undef;
}

# Return what is still to wait for: the shell's answer to a line, a prompt, or that the shell begins to read.
sub find_next_hold {
    my ($terminal, $hold) = @_;
    return if $hold->{until_prompt} && !(is_program_running() && time < $hold->{until_prompt});
    return $hold if $hold->{until_prompt};
    my $is_late = time >= $hold->{since} + ($misses_lines ? $ANSWER_SECONDS : $HOLD_SECONDS);
    if ($hold->{size} < 0) {
        my $is_between = find_hold($terminal);
        $edits_lines = 0 if $is_between && $is_late;
        return $is_between && !$is_late ? $hold : undef;
    }
    return if get_size() != $hold->{size};
    # Without marks, each line counts as accepted; an empty one is left out later.
    if ($is_late && ($is_accepted || !$hold->{has_marks})) {
        record_event('typed', $hold->{shell}, sprintf('%.6f', $hold->{since}), $hold->{folder} // '');
        $misses_lines = 1;
        return { until_prompt => time + $ANSWER_SECONDS };
    }
    return $is_late ? undef : $hold;
}

# Record a prompt that a shell did not record: the first shell, the process `$child`, or one that was started in it.
sub notice_prompt {
    my ($terminal, $child) = @_;
    my $modes = get_modes($terminal);
    # As bash reads a line; programs that wait for one key set other modes.
    my $is_prompt = is_program_running() && !($modes->getlflag & (ICANON | ECHO) || $modes->getiflag & ICRNL);
    $modes_since = $is_prompt ? $modes_since // time : undef;
    return if !$is_prompt || ($last_mark ne $BEGIN_MARK && time < $modes_since + $MODES_SECONDS);
    my $shell = tcgetpgrp fileno $terminal;
    return unless $shell == $seen_shell || is_recorded_shell($shell, $child);
    # The shell may have recorded it meanwhile.
    record_event('prompt', $shell, sprintf '%.6f', time) if get_size() == $seen_size + 2;
}

# Return whether a process is the same program as the first shell, and is to be recorded too.
sub is_recorded_shell {
    my ($process, $child) = @_;
    my ($shell, $other) = map { join ':', grep { defined } (stat "/proc/$_/exe")[0, 1] } $child, $process;
    return 0 unless $shell && $shell eq $other && -o "/proc/$process";
    # It runs no script.
    return read_file("/proc/$process/cmdline") =~ /\A[^\0]*\0(?:-(?:-[^\0]*|[^\0c]*)\0)*\z/
        && read_file("/proc/$process/environ") =~ /(?:\A|\0)LABS_RECORD=/;
}

sub read_file {
    my ($path) = @_;
    open my $file, '<', $path or return '';
    local $/;
    return <$file> // '';
}

# Find the marks in output that arrives in any pieces.
sub find_marks {
    my ($data) = @_;
    my $output = $output_end . $data;
    while ($output =~ /(\Q$BEGIN_MARK\E|\Q$ACCEPT_MARK\E)/g) {
        $last_mark = $1;
        $is_accepted = 1 if $1 eq $ACCEPT_MARK;
    }
    my $kept = length($BEGIN_MARK) - 1;
    $output_end = length $output > $kept ? substr $output, -$kept : $output;
}

sub get_modes {
    my ($terminal) = @_;
    my $modes = POSIX::Termios->new;
    $modes->getattr(fileno $terminal);
    return $modes;
}

sub get_size {
    return -s $ENV{LABS_RECORD} // 0;
}

# Return whether the last event is the start of a line.
sub is_program_running {
    my $size = get_size();
    if ($size > $seen_size + 2 && open my $lines, '<', $ENV{LABS_RECORD}) {
        seek $lines, $seen_size, 0;
        local $/;
        my $events = "\x1e\n" . <$lines>;
        while ($events =~ /\x1e\n(start|end|prompt|typed)\x1f(\d+)/g) {
            ($seen_event, $seen_shell) = ($1, $2);
            $misses_lines = 0 if $1 eq 'start' || $1 eq 'end';
        }
        # The next event may follow on this one's separator.
        $seen_size = $size - 2;
    }
    return $seen_event eq 'start' || $seen_event eq 'typed';
}
