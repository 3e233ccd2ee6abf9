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
use strict;
use warnings;
use Errno qw(EAGAIN EINTR);
use Fcntl qw(:DEFAULT :flock);
use POSIX qw(:termios_h :sys_wait_h dup2 setsid);
use Time::HiRes qw(time);

# From asm-generic/ioctls.h and asm-generic/termbits.h of Linux.
my %IOCTL = (TIOCSPTLCK => 0x40045431, TIOCGPTN => 0x80045430, TIOCSCTTY => 0x540E, TIOCGWINSZ => 0x5413,
    TIOCSWINSZ => 0x5414);
my $IUTF8 = 0x4000;
# A line is forwarded only after the shell has recorded what it did with the line before: only then is it known whether
# the shell reads it, or the program that the shell started. A shell whose prompts were changed records less.
my $HOLD_SECONDS = 2;
my $MAX_BYTES = 256 << 10;
# How much of the shell's record was read, the kind of its last event, and whether the shell edits lines itself.
my ($seen_size, $seen_event, $edits_lines) = (0, 'end', 1);
my $PASTE = qr/\e\[200~(?:(?!\e\[201~).)*\z/s;

my ($folder, @shell) = @ARGV;
mkdir $folder, 0700;
my $name = sprintf '%s/%.6f-%d', $folder, time, $$;
sysopen my $record, "$name.input", O_WRONLY | O_APPEND | O_CREAT, 0600 or die "cannot write to $folder: $!\n";
flock $record, LOCK_EX;
$ENV{LABS_RECORD} = "$name.lines";
my $recorded = 0;

sub record {
    my ($kind, $data) = @_;
    $recorded += length $data;
    syswrite $record, sprintf "%.6f %s %s\n", time, $kind, unpack 'H*', $data if $recorded <= $MAX_BYTES;
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
        if (length $queue && is_reader_known($terminal, \$hold)) { forward($terminal, \$queue, \$hold) }
        my ($readable, $writable) = ('', '');
        vec($readable, fileno $terminal, 1) = 1;
        vec($readable, 0, 1) = 1 if length $queue < 1 << 16;
        vec($writable, fileno $terminal, 1) = 1 if length $queue && !$hold;
        my $wait = defined $status ? 0 : $hold && length $queue ? 0.005 : 1;
        my $ready = select $readable, $writable, undef, $wait;
        next if $ready < 0 && $! == EINTR;
        last if defined $status && !vec $readable, fileno $terminal, 1;
        if (vec $readable, fileno $terminal, 1) {
            my $length = sysread $terminal, my $data, 1 << 16;
            # The terminal cannot be read once no process has it open.
            last unless $length || (!defined $length && $! == EAGAIN);
            write_all($data) if $length;
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

# Forward and record as much of the queue as is known to go to the same reader.
sub forward {
    my ($terminal, $queue, $hold) = @_;
    my $modes = get_modes($terminal);
    my $is_running = is_program_running();
    my $reads_lines = $modes->getlflag & ICANON;
    my $length = length $$queue;
    my $starts_line = !$is_running && !$reads_lines && $$queue !~ $PASTE && $$queue =~ /^.*?[\r\n]/s;
    $length = $+[0] if $starts_line;
    my $size = -s $ENV{LABS_RECORD} // 0;
    my $written = syswrite $terminal, $$queue, $length;
    return unless $written;
    my $data = substr $$queue, 0, $written, '';
    if ($starts_line && $written == $length) { $$hold = { size => $size, until => time + $HOLD_SECONDS } }
    if    (!$reads_lines)           { record($is_running ? 'keys' : 'line', $data) }
    elsif ($modes->getlflag & ECHO) { record('text', $data) }
    else                            { record('hidden', '') }
}

# Return whether it is known who reads the next input, or it has been waited for long enough.
sub is_reader_known {
    my ($terminal, $hold) = @_;
    my $is_at_prompt = !is_program_running();
    my $reads_lines = get_modes($terminal)->getlflag & ICANON;
    $edits_lines = 1 if $is_at_prompt && !$reads_lines;
    my $is_unanswered = $$hold && (-s $ENV{LABS_RECORD} // 0) == $$hold->{size};
    # Between its record and its prompt, a shell that edits lines itself has not begun to read.
    my $is_between = $is_at_prompt && $reads_lines && $edits_lines;
    if ($is_unanswered || $is_between) {
        $$hold //= { size => -1, until => time + $HOLD_SECONDS };
        return 0 if time < $$hold->{until};
        $edits_lines = 0 if $is_between;
    }
    $$hold = undef;
    return 1;
}

sub get_modes {
    my ($terminal) = @_;
    my $modes = POSIX::Termios->new;
    $modes->getattr(fileno $terminal);
    return $modes;
}

# Return whether the shell's last event is the start of a line.
sub is_program_running {
    my $size = -s $ENV{LABS_RECORD} // 0;
    if ($size > $seen_size && open my $lines, '<', $ENV{LABS_RECORD}) {
        seek $lines, $seen_size, 0;
        local $/;
        my $events = "\x1e\n" . <$lines>;
        $seen_event = $1 while $events =~ /\x1e\n(start|end)\x1f/g;
        # The next event may follow on this one's separator.
        $seen_size = $size - 2;
    }
    return $seen_event eq 'start';
}
