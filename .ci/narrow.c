// A library that is loaded before others (LD_PRELOAD) and hides the 512-bit vectors of the processor: the instruction CPUID, which programs ask, is answered
// without them. Linux makes it a fault for a process that wishes so, where the processor can.
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

enum { set_cpuid = 0x1012 };  // ARCH_SET_CPUID: whether this thread, and those that it starts, may ask

static void without(uint32_t *features, const int *bits, int count) {
    for (int index = 0; index < count; ++index) *features &= ~(UINT32_C(1) << bits[index]);
}
#define WITHOUT(features, ...) without(&(features), (const int[]){__VA_ARGS__}, sizeof((const int[]){__VA_ARGS__}) / sizeof(int))

// What the processor says of a leaf, without AVX-512 and what is built on it: its own extensions, and those of AVX with their encoding or newer.
static void answer(uint32_t leaf, uint32_t part, uint32_t *eax, uint32_t *ebx, uint32_t *ecx, uint32_t *edx) {
    syscall(SYS_arch_prctl, set_cpuid, 1);
    __asm__ volatile("cpuid" : "=a"(*eax), "=b"(*ebx), "=c"(*ecx), "=d"(*edx) : "a"(leaf), "c"(part));
    syscall(SYS_arch_prctl, set_cpuid, 0);
    if (leaf == 7 && part == 0) {
        WITHOUT(*ebx, 16, 17, 21, 26, 27, 28, 30, 31);
        WITHOUT(*ecx, 1, 6, 11, 12, 14);
        WITHOUT(*edx, 2, 3, 8, 22, 23, 24, 25);
    }
    if (leaf == 7 && part == 1) {
        WITHOUT(*eax, 4, 5, 21, 23);
        WITHOUT(*edx, 4, 5, 19);
    }
}

static void fault(int number, siginfo_t *info, void *context) {
    (void)info;
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    const uint8_t *instruction = (const uint8_t *)registers[REG_RIP];
    if (instruction[0] != 0x0f || instruction[1] != 0xa2) {
        signal(number, SIG_DFL);
        raise(number);
        return;
    }
    uint32_t eax, ebx, ecx, edx;
    answer((uint32_t)registers[REG_RAX], (uint32_t)registers[REG_RCX], &eax, &ebx, &ecx, &edx);
    registers[REG_RAX] = eax;
    registers[REG_RBX] = ebx;
    registers[REG_RCX] = ecx;
    registers[REG_RDX] = edx;
    registers[REG_RIP] += 2;
}

__attribute__((constructor(101))) static void hide(void) {
    struct sigaction action = {.sa_sigaction = fault, .sa_flags = SA_SIGINFO | SA_NODEFER};
    if (sigaction(SIGSEGV, &action, NULL) != 0 || syscall(SYS_arch_prctl, set_cpuid, 0) != 0) {
        perror("narrow: this processor or system cannot hide what the processor has");
        _exit(2);
    }
}
