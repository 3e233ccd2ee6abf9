/*
 * Preloaded into the user-mode Linux kernel. It replaces the C library's `ptrace` and `kill`, and fixes three things:
 *
 * Linux up to 6.12 keeps 2696 bytes of floating-point state for each process of a user-mode kernel. On a host whose
 * processor has more state (11 kB with AMX) the host refuses to restore such a short state, and the VM's first process
 * dies. So we pad what the kernel writes with zeros, which is the initial state of the components it does not know.
 *
 * The kernel also writes this state back whenever it resumes a process, although it has usually only read it. We skip
 * the write if the stopped process already holds the same state. That saves a quarter of the time of every system call.
 *
 * A kernel that panics ends itself with SIGABRT, and repeats the signal until it has worked. As PID 1 of its namespace
 * it is immune to that signal and would loop for ever, so we exit instead.
 *
 * It uses no headers, so that even the smallest compiler (tcc) can build it.
 */
typedef unsigned long word;
struct iovec { void *base; word length; };

extern long syscall(long number, ...);
extern int *__errno_location(void);

/* From asm/unistd_64.h, linux/ptrace.h and linux/elf.h. */
enum { SYS_PTRACE = 101, PEEKTEXT = 1, PEEKUSER = 3, CONT = 7, SYSCALL = 24, SYSEMU = 31, SYSEMU_SINGLESTEP = 32 };
enum { GETREGSET = 0x4204, SETREGSET = 0x4205, NT_X86_XSTATE = 0x202 };
enum { SYS_KILL = 62, SYS_EXIT_GROUP = 231, SIGABRT = 6 };

/* A state of the host's full size. full_size is 0 until the host was asked, and -1 if the host could not say. */
static word full_state[8192] __attribute__((aligned(64)));
static long full_size;
/* What the stopped process cached_process holds; no process if that is 0. */
static word cached_state[1024] __attribute__((aligned(64)));
static word cached_size;
static long cached_process;

static void copy(word *to, const word *from, word size)
{
    for (word i = 0; i < size / sizeof(word); i++)
        to[i] = from[i];
}

static int is_equal(const word *a, const word *b, word size)
{
    for (word i = 0; i < size / sizeof(word); i++)
        if (a[i] != b[i])
            return 0;
    return 1;
}

static long host_ptrace(long request, long process, long address, void *data)
{
    return syscall(SYS_PTRACE, request, process, address, data);
}

static long get_state(long process, struct iovec *state)
{
    long result = host_ptrace(GETREGSET, process, NT_X86_XSTATE, state);
    if (result >= 0 && state->length <= sizeof cached_state) {
        copy(cached_state, state->base, state->length);
        cached_size = state->length;
        cached_process = process;
    }
    return result;
}

static long set_state(long process, struct iovec *state)
{
    struct iovec full = { full_state, sizeof full_state };

    if (cached_process == process && cached_size == state->length && is_equal(cached_state, state->base, cached_size))
        return 0;
    cached_process = 0;
    if (!full_size) {
        long result = host_ptrace(GETREGSET, process, NT_X86_XSTATE, &full);
        full_size = result < 0 ? -1 : (long)full.length;
        for (word i = 0; i < sizeof full_state / sizeof *full_state; i++)
            full_state[i] = 0;
    }
    if (full_size <= (long)state->length)
        return host_ptrace(SETREGSET, process, NT_X86_XSTATE, state);
    copy(full_state, state->base, state->length);
    full.length = full_size;
    return host_ptrace(SETREGSET, process, NT_X86_XSTATE, &full);
}

long ptrace(long request, long process, long address, void *data)
{
    if (request >= PEEKTEXT && request <= PEEKUSER) {
        /* The C library's function returns the word; the system call stores it. */
        word value;
        if (host_ptrace(request, process, address, &value) < 0)
            return -1;
        *__errno_location() = 0;
        return value;
    }
    if (address == NT_X86_XSTATE && request == GETREGSET)
        return get_state(process, data);
    if (address == NT_X86_XSTATE && request == SETREGSET)
        return set_state(process, data);
    /* The process runs, so the state it holds will change. */
    if (request == CONT || request == SYSCALL || request == SYSEMU || request == SYSEMU_SINGLESTEP)
        cached_process = 0;
    return host_ptrace(request, process, address, data);
}

int kill(int process, int number)
{
    if (number == SIGABRT)
        syscall(SYS_EXIT_GROUP, 128 + SIGABRT);
    return syscall(SYS_KILL, process, number);
}
