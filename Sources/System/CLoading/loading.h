// Libraries that are opened when they are first used.
//
// A program that is linked with OpenBLAS, HDF5 and FFmpeg has the loader map some 170 libraries before it prints its help, because
// each of them brings others. Here they are opened by name, and their functions are called through pointers.
#ifndef REGULUS_CLOADING_H
#define REGULUS_CLOADING_H

#include <stddef.h>

// Opens a library for the rest of the process's life, in `folder`, or where the loader finds it if `folder` is null. Its names serve
// whoever asks for them here, and no other library.
//
// Returns null where that fails, with the reason as the loader puts it in the `size` bytes of `reason`, always terminated.
void *regulus_open_library(const char *folder, const char *name, char *reason, size_t size);

// Whether this process may map so many bytes more: a limit on its address space (`ulimit -v`), and a system that promises no more memory
// than it has, refuse that long before memory runs out. Nothing stays mapped.
int regulus_has_room(size_t bytes);

// Finds a function of an open library. Returns 0 where it has none of this name, with the reason as above.
int regulus_find_function(void *library, const char *name, void **function, char *reason, size_t size);

#endif
