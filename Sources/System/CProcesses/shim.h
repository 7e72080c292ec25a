// What Swift's Glibc module leaves out: functions with variable numbers of arguments, and what only Linux has.
#ifndef REGULUS_CPROCESSES_H
#define REGULUS_CPROCESSES_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>

// The number of processors that this process may run on; 0 where the system has more than the C library's type for a mask has room for.
static inline int regulus_affinity_count(void) {
    cpu_set_t mask;
    return sched_getaffinity(0, sizeof mask, &mask) == 0 ? CPU_COUNT(&mask) : 0;
}

// A file without a name that lies in memory, for processes that share it; closed in programs that are started. Returns -1 where there is none.
static inline int regulus_memory_file(void) { return memfd_create("regulus", MFD_CLOEXEC); }

// Makes this process the parent of all processes below it whose own parent ends. Returns 0, or -1 where the system cannot.
static inline int regulus_adopt_orphans(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }

// Refuses every attempt of any thread of this process to start another process, from now on and for good. Threads may still be started: whoever cannot may
// end the process. Returns 0, or another number where the system cannot.
long regulus_refuse_processes(void);

#endif
