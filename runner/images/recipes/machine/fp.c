/*
 * Preloaded into the UML kernel, between it and the host's ptrace.
 *
 * Linux up to 6.12 keeps 2696 bytes of floating-point state for each process of a user-mode kernel. On a host whose
 * processor has more (AMX makes it 11 kB) the host refuses to take back so short a state, and the first process of the
 * machine dies. So what the kernel writes is completed here with zeros, the initial state of what it does not know.
 *
 * The kernel also writes this state back whenever a process goes on, though it has mostly just read it. A state that is
 * the same as what the stopped process holds is not written again: a quarter of the time of every system call.
 *
 * And a kernel that panics ends itself by SIGABRT, again and again until it works. As the first process of its namespace
 * it is spared that signal, and would go on for ever instead.
 *
 * It uses no header, so that the smallest of compilers can make it.
 */
typedef unsigned long word;
struct span { void *start; word size; };

extern long syscall(long number, ...);
extern int *__errno_location(void);

/* From asm/unistd_64.h, linux/ptrace.h and linux/elf.h. */
enum { SYS_PTRACE = 101, PEEKTEXT = 1, PEEKUSER = 3, CONT = 7, SYSCALL = 24, SYSEMU = 31, SYSEMU_SINGLESTEP = 32 };
enum { GETREGSET = 0x4204, SETREGSET = 0x4205, NT_X86_XSTATE = 0x202 };
enum { SYS_KILL = 62, SYS_EXIT_GROUP = 231, SIGABRT = 6 };

static word whole[8192] __attribute__((aligned(64)));
static long whole_size;
static word held[1024] __attribute__((aligned(64)));
static word held_size;
static long holder;

static void copy(word *to, const word *from, word size)
{
    for (word i = 0; i < size / sizeof(word); i++)
        to[i] = from[i];
}

static int same(const word *one, const word *other, word size)
{
    for (word i = 0; i < size / sizeof(word); i++)
        if (one[i] != other[i])
            return 0;
    return 1;
}

static long host(long request, long process, long address, void *data)
{
    return syscall(SYS_PTRACE, request, process, address, data);
}

static long get_state(long process, struct span *state)
{
    long result = host(GETREGSET, process, NT_X86_XSTATE, state);
    if (result >= 0 && state->size <= sizeof held) {
        copy(held, state->start, state->size);
        held_size = state->size;
        holder = process;
    }
    return result;
}

static long set_state(long process, struct span *state)
{
    struct span full = { whole, sizeof whole };

    if (holder == process && held_size == state->size && same(held, state->start, held_size))
        return 0;
    holder = 0;
    if (!whole_size) {
        long asked = host(GETREGSET, process, NT_X86_XSTATE, &full);
        whole_size = asked < 0 ? -1 : (long)full.size;
        for (word i = 0; i < sizeof whole / sizeof *whole; i++)
            whole[i] = 0;
    }
    if (whole_size <= (long)state->size)
        return host(SETREGSET, process, NT_X86_XSTATE, state);
    copy(whole, state->start, state->size);
    full.size = whole_size;
    return host(SETREGSET, process, NT_X86_XSTATE, &full);
}

long ptrace(long request, long process, long address, void *data)
{
    if (request >= PEEKTEXT && request <= PEEKUSER) {
        /* The C library's function returns the word, the system call stores it. */
        word seen;
        if (host(request, process, address, &seen) < 0)
            return -1;
        *__errno_location() = 0;
        return seen;
    }
    if (address == NT_X86_XSTATE && request == GETREGSET)
        return get_state(process, data);
    if (address == NT_X86_XSTATE && request == SETREGSET)
        return set_state(process, data);
    if (request == CONT || request == SYSCALL || request == SYSEMU || request == SYSEMU_SINGLESTEP)
        holder = 0;
    return host(request, process, address, data);
}

int kill(int process, int number)
{
    if (number == SIGABRT)
        syscall(SYS_EXIT_GROUP, 128 + SIGABRT);
    return syscall(SYS_KILL, process, number);
}
