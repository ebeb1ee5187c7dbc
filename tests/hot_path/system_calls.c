/* A seccomp filter turns each system call of the thread into SIGSYS. The handler counts it and makes it after all, from the one
 * instruction that the filter lets pass. So the thread goes on as if nothing were there, only slowly. Clock readings through the vDSO are
 * no system calls, and are not seen. */
#define _GNU_SOURCE
#include "system_calls.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

/* long system_call(number, a, b, c, d, e, f): answers a negative errno, as the kernel does. `system_call_made` is the address that the
 * kernel sees as the caller's: the one after the instruction. */
long system_call(long number, long a, long b, long c, long d, long e, long f);
extern const char system_call_made[];

#if defined(__x86_64__)
#define THIS_ARCHITECTURE AUDIT_ARCH_X86_64
__asm__(".text\n.globl system_call\n.type system_call, @function\nsystem_call:\n"
        "movq %rdi, %rax\nmovq %rsi, %rdi\nmovq %rdx, %rsi\nmovq %rcx, %rdx\nmovq %r8, %r10\nmovq %r9, %r8\nmovq 8(%rsp), %r9\n"
        "syscall\n.globl system_call_made\nsystem_call_made:\nret\n.size system_call, .-system_call\n");
#elif defined(__aarch64__)
#define THIS_ARCHITECTURE AUDIT_ARCH_AARCH64
__asm__(".text\n.globl system_call\n.type system_call, %function\nsystem_call:\n"
        "mov x8, x0\nmov x0, x1\nmov x1, x2\nmov x2, x3\nmov x3, x4\nmov x4, x5\nmov x5, x6\n"
        "svc #0\n.globl system_call_made\nsystem_call_made:\nret\n.size system_call, .-system_call\n");
#else
#error "not written for this architecture"
#endif

static __thread system_calls counts __attribute__((tls_model("initial-exec"))) = { 0, 0, 0, 0, -1 };

static void count(long number)
{
    counts.all++;
    if (number == SYS_futex) counts.futex++;
    else if (number == SYS_clock_gettime) counts.clock++;
    else if (number == SYS_sched_yield || number == SYS_clock_nanosleep) counts.rests++;
    else counts.last_other = number;
}

static void on_system_call(int signal, siginfo_t *info, void *context)
{
    (void)signal;
    ucontext_t *thread = context;
    long number = info->si_syscall;
    count(number);
#if defined(__x86_64__)
    greg_t *registers = thread->uc_mcontext.gregs;
    registers[REG_RAX] = system_call(number, registers[REG_RDI], registers[REG_RSI], registers[REG_RDX], registers[REG_R10],
                                     registers[REG_R8], registers[REG_R9]);
#else
    unsigned long long *registers = thread->uc_mcontext.regs;
    registers[0] = (unsigned long long)system_call(number, (long)registers[0], (long)registers[1], (long)registers[2],
                                                   (long)registers[3], (long)registers[4], (long)registers[5]);
#endif
}

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

void system_calls_begin(void)
{
    struct sigaction action = { .sa_sigaction = on_system_call, .sa_flags = SA_SIGINFO | SA_NODEFER };
    if (sigaction(SIGSYS, &action, NULL) != 0) fail("sigaction");
    uint64_t passes = (uint64_t)(uintptr_t)system_call_made;
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, THIS_ARCHITECTURE, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        /* The handler itself returns by a system call. */
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_rt_sigreturn, 4, 0),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, instruction_pointer)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)passes, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, instruction_pointer) + 4),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(passes >> 32), 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
    };
    struct sock_fprog program = { .len = sizeof filter / sizeof filter[0], .filter = filter };
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) fail("PR_SET_NO_NEW_PRIVS");
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) fail("PR_SET_SECCOMP");
}

system_calls system_calls_now(void) { return counts; }

void system_calls_forget_last(void) { counts.last_other = -1; }
