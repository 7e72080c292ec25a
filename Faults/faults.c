// Makes one system call of a program fail. `Faults/run` loads it before the C library (LD_PRELOAD).
//
// Only calls on files below the folder FAULTS_UNDER count. FAULTS_COUNTERS names a file of counters that all processes of a run share, one for each kind of
// call. The call number FAULTS_AT of the kind FAULTS_CALL, counted from 1, is treated as FAULTS_MODE says:
//   once   it fails
//   from   it and all later ones of its kind fail, as on a full disk
//   short  it writes half of what it was given
//   kill   the process is killed before it
// FAULTS_CLOCK stops the clock at so many seconds since 1970, so that files which carry times can be compared.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum kind { CREATE, WRITE, SYNC, RENAME, LINK, MAP, TRUNCATE, MKDIR, UNLINK, KINDS };
static const char *const names[KINDS] = {"create", "write", "sync", "rename", "link", "map", "truncate", "mkdir", "unlink"};
static const int errors[KINDS] = {EMFILE, ENOSPC, EIO, EIO, EPERM, ENOMEM, EFBIG, ENOSPC, EIO};
enum effect { PASS, FAIL, SHORT };

static _Atomic uint64_t *counters;
static char under[PATH_MAX];
static size_t length;
static int chosen = -1;
static uint64_t at;
static char mode;
static time_t stopped;

#define REAL(name) \
  static __typeof__(&name) real; \
  if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

__attribute__((constructor)) static void start(void) {
  const char *folder = getenv("FAULTS_UNDER"), *file = getenv("FAULTS_COUNTERS"), *call = getenv("FAULTS_CALL"), *clock = getenv("FAULTS_CLOCK");
  if (clock) stopped = atoll(clock);
  if (!folder || !file) return;
  snprintf(under, sizeof under, "%s/", folder);
  length = strlen(under);
  for (int kind = 0; call && kind < KINDS; kind++)
    if (!strcmp(call, names[kind])) chosen = kind;
  if (getenv("FAULTS_AT")) at = strtoull(getenv("FAULTS_AT"), NULL, 10);
  mode = getenv("FAULTS_MODE") ? *getenv("FAULTS_MODE") : 'o';
  int descriptor = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor < 0 || ftruncate(descriptor, sizeof(uint64_t) * KINDS)) abort();
  void *map = mmap(NULL, sizeof(uint64_t) * KINDS, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  if (map == MAP_FAILED) abort();
  close(descriptor);
  counters = map;
}

/// What becomes of a call on a file that counts.
static enum effect effect(enum kind kind) {
  uint64_t count = atomic_fetch_add(&counters[kind], 1) + 1;
  if ((int)kind != chosen || count < at || (count > at && mode != 'f')) return PASS;
  if (mode == 'k') kill(getpid(), SIGKILL);
  if (mode == 's') return SHORT;
  errno = errors[kind];
  return FAIL;
}

static int is_under(const char *path) { return counters && path && !strncmp(path, under, length); }

static enum effect on_path(enum kind kind, int folder, const char *path) {
  char whole[2 * PATH_MAX], base[PATH_MAX];
  if (!counters || !path) return PASS;
  if (*path != '/') {
    char link[64];
    snprintf(link, sizeof link, folder == AT_FDCWD ? "/proc/self/cwd" : "/proc/self/fd/%d", folder);
    ssize_t size = readlink(link, base, sizeof base - 1);
    if (size < 0) return PASS;
    base[size] = 0;
    snprintf(whole, sizeof whole, "%s/%s", base, path);
    path = whole;
  }
  return is_under(path) ? effect(kind) : PASS;
}

static enum effect on_descriptor(enum kind kind, int descriptor) {
  char link[64], path[PATH_MAX];
  if (!counters || descriptor < 0) return PASS;
  int kept = errno;
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  ssize_t size = readlink(link, path, sizeof path - 1);
  errno = kept;
  if (size < 0) return PASS;
  path[size] = 0;
  return is_under(path) ? effect(kind) : PASS;
}

#define OPEN(name) \
  int name(const char *path, int flags, ...) { \
    REAL(name); \
    va_list more; va_start(more, flags); mode_t bits = va_arg(more, mode_t); va_end(more); \
    if ((flags & O_CREAT) && on_path(CREATE, AT_FDCWD, path) == FAIL) return -1; \
    return real(path, flags, bits); \
  }
OPEN(open)
OPEN(open64)

#define OPENAT(name) \
  int name(int folder, const char *path, int flags, ...) { \
    REAL(name); \
    va_list more; va_start(more, flags); mode_t bits = va_arg(more, mode_t); va_end(more); \
    if ((flags & O_CREAT) && on_path(CREATE, folder, path) == FAIL) return -1; \
    return real(folder, path, flags, bits); \
  }
OPENAT(openat)
OPENAT(openat64)

ssize_t write(int descriptor, const void *bytes, size_t count) {
  REAL(write);
  switch (on_descriptor(WRITE, descriptor)) {
    case FAIL: return -1;
    case SHORT: return real(descriptor, bytes, count > 1 ? count / 2 : count);
    default: return real(descriptor, bytes, count);
  }
}

#define PWRITE(name, offset_type) \
  ssize_t name(int descriptor, const void *bytes, size_t count, offset_type offset) { \
    REAL(name); \
    switch (on_descriptor(WRITE, descriptor)) { \
      case FAIL: return -1; \
      case SHORT: return real(descriptor, bytes, count > 1 ? count / 2 : count, offset); \
      default: return real(descriptor, bytes, count, offset); \
    } \
  }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

ssize_t writev(int descriptor, const struct iovec *parts, int count) {
  REAL(writev);
  return on_descriptor(WRITE, descriptor) == FAIL ? -1 : real(descriptor, parts, count);
}

// A call with a path, or with a descriptor, that either fails or goes through.
#define PATH_CALL(type, name, kind, folder, path, declared, given) \
  type name declared { REAL(name); return on_path(kind, folder, path) == FAIL ? -1 : real given; }
#define DESCRIPTOR_CALL(name, kind, declared, given) \
  int name declared { REAL(name); return on_descriptor(kind, descriptor) == FAIL ? -1 : real given; }

DESCRIPTOR_CALL(fsync, SYNC, (int descriptor), (descriptor))
DESCRIPTOR_CALL(fdatasync, SYNC, (int descriptor), (descriptor))
DESCRIPTOR_CALL(ftruncate, TRUNCATE, (int descriptor, off_t size), (descriptor, size))
DESCRIPTOR_CALL(ftruncate64, TRUNCATE, (int descriptor, off64_t size), (descriptor, size))
PATH_CALL(int, rename, RENAME, AT_FDCWD, new, (const char *old, const char *new), (old, new))
PATH_CALL(int, renameat, RENAME, there, new, (int here, const char *old, int there, const char *new), (here, old, there, new))
PATH_CALL(int, renameat2, RENAME, there, new, (int here, const char *old, int there, const char *new, unsigned flags), (here, old, there, new, flags))
PATH_CALL(int, link, LINK, AT_FDCWD, new, (const char *old, const char *new), (old, new))
PATH_CALL(int, linkat, LINK, there, new, (int here, const char *old, int there, const char *new, int flags), (here, old, there, new, flags))
PATH_CALL(int, symlink, LINK, AT_FDCWD, new, (const char *old, const char *new), (old, new))
PATH_CALL(int, mkdir, MKDIR, AT_FDCWD, path, (const char *path, mode_t bits), (path, bits))
PATH_CALL(int, mkdirat, MKDIR, folder, path, (int folder, const char *path, mode_t bits), (folder, path, bits))
PATH_CALL(int, unlink, UNLINK, AT_FDCWD, path, (const char *path), (path))
PATH_CALL(int, unlinkat, UNLINK, folder, path, (int folder, const char *path, int flags), (folder, path, flags))

#define MAP_CALL(name, offset_type) \
  void *name(void *address, size_t size, int protection, int flags, int descriptor, offset_type offset) { \
    REAL(name); \
    if (!(flags & MAP_ANONYMOUS) && on_descriptor(MAP, descriptor) == FAIL) return MAP_FAILED; \
    return real(address, size, protection, flags, descriptor, offset); \
  }
MAP_CALL(mmap, off_t)
MAP_CALL(mmap64, off64_t)

int clock_gettime(clockid_t clock, struct timespec *time) {
  REAL(clock_gettime);
  if (!stopped || (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE)) return real(clock, time);
  *time = (struct timespec){stopped, 0};
  return 0;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
  REAL(gettimeofday);
  if (!stopped) return real(now, zone);
  *now = (struct timeval){stopped, 0};
  return 0;
}

time_t time(time_t *result) {
  REAL(time);
  if (!stopped) return real(result);
  if (result) *result = stopped;
  return stopped;
}
