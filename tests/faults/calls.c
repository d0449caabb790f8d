#define _GNU_SOURCE

#include "calls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

const char *const call_fault_names[CALL_FAULTS] = {"half of it", "one byte", "EINTR",
                                                   "EIO",        "ENOSPC",   "EACCES"};
const int call_fault_errors[CALL_FAULTS] = {0, 0, EINTR, EIO, ENOSPC, EACCES};

/* What can befall a call. */
enum {
    CAN_BE_SHORT = 1 << CALL_SHORT | 1 << CALL_BYTE,
    CAN_BE_INTERRUPTED = 1 << CALL_INTERRUPTED,
    CAN_FAIL = 1 << CALL_FAILED,
    CAN_BE_FULL = 1 << CALL_FULL,
    CAN_BE_FORBIDDEN = 1 << CALL_FORBIDDEN,
    READS = CAN_BE_SHORT | CAN_BE_INTERRUPTED | CAN_FAIL,
    WRITES = READS | CAN_BE_FULL,
    NAMES = CAN_FAIL | CAN_BE_FORBIDDEN,
};

static const struct {
    int number;
    const char *name;
    unsigned faults;
} table[] = {
    {SYS_read, "read", READS},
    {SYS_pread64, "pread", READS},
    {SYS_write, "write", WRITES},
    {SYS_openat, "open", NAMES | CAN_BE_INTERRUPTED | CAN_BE_FULL},
    {SYS_close, "close", CAN_FAIL | CAN_BE_INTERRUPTED | CAN_BE_FULL},
    {SYS_fsync, "fsync", CAN_FAIL | CAN_BE_INTERRUPTED | CAN_BE_FULL},
    {SYS_ftruncate, "ftruncate", CAN_FAIL},
    {SYS_lseek, "lseek", CAN_FAIL},
    {SYS_newfstatat, "stat", NAMES},
    {SYS_fchmod, "fchmod", CAN_FAIL},
    {SYS_readlink, "readlink", NAMES},
    {SYS_mkdir, "mkdir", NAMES | CAN_BE_FULL},
    {SYS_rename, "rename", NAMES | CAN_BE_FULL},
    {SYS_renameat, "renameat", NAMES | CAN_BE_FULL},
    {SYS_unlink, "unlink", NAMES},
    {SYS_unlinkat, "unlinkat", NAMES},
    {SYS_flock, "flock", CAN_FAIL},
};

enum {
    CALLS = sizeof table / sizeof *table
};

static struct {
    bool armed, lasting;
    call_fault fault;
    size_t position, counted, injected;
    size_t last; /* in the table */
    bool removing;
} state;

/* In an argument that none of these calls has: the handler's own, to be let through. */
#define OWN 0x6f636b68

static long forward(const greg_t *at, greg_t count)
{
    long got = syscall(at[REG_RAX], at[REG_RDI], at[REG_RSI], count, at[REG_R10], at[REG_R8], OWN);
    return got < 0 ? -errno : got;
}

static bool befalls(size_t i, greg_t opens)
{
    bool reads = table[i].number == SYS_openat && !(opens & (O_WRONLY | O_RDWR));
    if (!state.armed || !(table[i].faults & 1u << state.fault) ||
        (reads && state.fault == CALL_FULL))
        return false;
    size_t call = ++state.counted;
    if (!state.position || (state.lasting ? call < state.position : call != state.position))
        return false;
    state.injected++;
    state.last = i;
    state.removing |= table[i].number == SYS_unlink || table[i].number == SYS_unlinkat;
    return true;
}

static void on_call(int signal_number, siginfo_t *info, void *context)
{
    greg_t *at = ((ucontext_t *)context)->uc_mcontext.gregs;
    const greg_t count = at[REG_RDX];
    const int before = errno;
    size_t i = 0;
    (void)signal_number;
    while (i < CALLS - 1 && table[i].number != info->si_syscall)
        i++;
    at[REG_RAX] = info->si_syscall;
    if (!befalls(i, count))
        at[REG_RAX] = forward(at, count);
    else if (state.fault <= CALL_BYTE)
        at[REG_RAX] = forward(at, state.fault == CALL_BYTE ? count > 0 : (count + 1) / 2);
    else {
        if (info->si_syscall == SYS_close) /* which it is, whatever it says */
            forward(at, count);
        at[REG_RAX] = -call_fault_errors[state.fault];
    }
    errno = before;
}

static bool install_filter(void)
{
    enum {
        HEAD = 4,
        LENGTH = HEAD + CALLS + 5
    };
    const uint32_t sixth = offsetof(struct seccomp_data, args) + 5 * sizeof(uint64_t);
    struct sock_filter filter[LENGTH] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
    };
    for (size_t i = 0; i < CALLS; i++)
        filter[HEAD + i] = (struct sock_filter)BPF_JUMP(
            BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)table[i].number, (uint8_t)(CALLS - i), 0);
    struct sock_filter *end = filter + HEAD + CALLS;
    end[0] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    end[1] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, sixth);
    end[2] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, OWN, 0, 1);
    end[3] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    end[4] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP);
    const struct sock_fprog program = {LENGTH, filter};
    return !prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) &&
           !prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

bool calls_begin(void)
{
    const struct sigaction action = {.sa_sigaction = on_call, .sa_flags = SA_SIGINFO};
    return !sigaction(SIGSYS, &action, NULL) && install_filter();
}

void calls_arm(call_fault fault, size_t position, bool lasting)
{
    state.fault = fault;
    state.position = position;
    state.lasting = lasting;
    state.counted = state.injected = 0;
    state.removing = false;
    state.armed = true;
}

void calls_disarm(void)
{
    state.armed = false;
}

size_t calls_counted(void)
{
    return state.counted;
}

size_t calls_injected(void)
{
    return state.injected;
}

const char *calls_last(void)
{
    return table[state.last].name;
}

bool calls_removing(void)
{
    return state.removing;
}
