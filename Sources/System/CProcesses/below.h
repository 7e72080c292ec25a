// The processes below this one, by plain system calls alone: nothing here takes memory or a lock, which a thread that was stopped may hold.
#ifndef REGULUS_CPROCESSES_BELOW_H
#define REGULUS_CPROCESSES_BELOW_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// An entry of a folder, as the system call writes it.
struct regulus_entry {
    uint64_t inode;
    int64_t place;
    uint16_t size;
    uint8_t kind;
    char name[];
};

// The number that a text is; 0 where it is none.
static inline int regulus_number(const char *text) {
    int number = 0;
    for (; *text; ++text) {
        if (*text < '0' || *text > '9' || number > 100000000) return 0;
        number = 10 * number + (*text - '0');
    }
    return number;
}

// The parent of a process; 0 where there is no such process any more.
static inline pid_t regulus_parent(const char *process) {
    char text[512] = "/proc/";
    strncat(text, process, 16);
    strcat(text, "/stat");
    int file = open(text, O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    ssize_t size = read(file, text, sizeof text - 1);
    close(file);
    if (size <= 0) return 0;
    text[size] = 0;
    // `number (name) state parent …`, and the name may hold anything.
    const char *end = strrchr(text, ')');
    if (!end || strlen(end) < 5) return 0;
    pid_t parent = 0;
    for (const char *digit = end + 4; *digit >= '0' && *digit <= '9'; ++digit) parent = 10 * parent + (*digit - '0');
    return parent;
}

// Writes the numbers that a folder of the system has entries for into `numbers`, up to `most`: all of them, or only the children of `parent` where that
// is not 0. Returns how many there are.
static inline int regulus_numbers(const char *folder, pid_t parent, pid_t *numbers, int most) {
    int directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), count = 0;
    if (directory < 0) return 0;
    _Alignas(struct regulus_entry) char entries[4096];
    long size;
    while ((size = syscall(SYS_getdents64, directory, entries, sizeof entries)) > 0) {
        for (long place = 0; place < size;) {
            const struct regulus_entry *entry = (const struct regulus_entry *)(entries + place);
            place += entry->size;
            pid_t number = regulus_number(entry->name);
            if (number > 0 && count < most && (parent == 0 || regulus_parent(entry->name) == parent)) numbers[count++] = number;
        }
    }
    close(directory);
    return count;
}

// The children of this process, also those that have ended and that nobody has waited for: up to `most` of them. Returns how many were written.
static inline int regulus_children(pid_t *children, int most) { return regulus_numbers("/proc", getpid(), children, most); }

static int regulus_stopped_threads = 0;

static inline void regulus_stop_thread(int signal) {
    (void)signal;
    __atomic_fetch_add(&regulus_stopped_threads, 1, __ATOMIC_RELAXED);
    for (;;) pause();
}

// Stops all other threads of this process for good, where they do not block the signal that does it; waits a fifth of a second at most.
static inline void regulus_stop_other_threads(void) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = regulus_stop_thread;
    sigfillset(&action.sa_mask);
    int signal = SIGRTMAX - 1, told = 0;
    if (sigaction(signal, &action, NULL) != 0) return;
    pid_t known[1024], present[1024], own = (pid_t)syscall(SYS_gettid);
    for (int tries = 0; tries < 200; ++tries) {
        int count = regulus_numbers("/proc/self/task", 0, present, 1024), isNew = 0;
        for (int index = 0; index < count; ++index) {
            int isKnown = present[index] == own;
            for (int other = 0; other < told && !isKnown; ++other) isKnown = known[other] == present[index];
            if (isKnown || told == 1024) continue;
            known[told++] = present[index];
            isNew = 1;
            syscall(SYS_tgkill, getpid(), present[index], signal);
        }
        if (!isNew && __atomic_load_n(&regulus_stopped_threads, __ATOMIC_RELAXED) >= told) return;
        usleep(1000);
    }
}

// Ends this process with an exit code, and everything below it before that. Its other threads stop first: one that starts a program meanwhile would leave
// it behind.
static inline void regulus_end_with_all_below(int code) {
    regulus_stop_other_threads();
    pid_t children[256];
    for (int tries = 0, none = 0; tries < 2000 && none < 2; ++tries) {
        int count = regulus_children(children, 256);
        none = count == 0 ? none + 1 : 0;
        for (int index = 0; index < count; ++index) kill(children[index], SIGKILL);
        for (int index = 0; index < count; ++index) waitpid(children[index], NULL, WNOHANG);
        usleep(1000);
    }
    _exit(code);
}

#endif
