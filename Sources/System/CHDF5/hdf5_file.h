// HDF5: groups, data sets, and rows of them. Versions 1.10 to 1.14.
//
// The program is not linked with HDF5, which brings some thirty libraries. It is opened when the first file is. What Swift cannot import (macros
// with casts and side effects) and what changed between versions ends here; a file, a group and a data set are numbers.
#ifndef REGULUS_CHDF5_H
#define REGULUS_CHDF5_H

#include <stddef.h>

enum { REGULUS_H5_AXES = 32 };

// What the elements of a data set are.
enum regulus_h5_class { REGULUS_H5_OTHER, REGULUS_H5_INTEGER, REGULUS_H5_FLOAT, REGULUS_H5_BOOL, REGULUS_H5_TEXT, REGULUS_H5_VARIABLE_TEXT };

struct regulus_h5_array {
    enum regulus_h5_class kind;
    size_t size;
    int is_big_endian, is_signed;
    size_t exponent_bits;
    int axes;
    unsigned long long extents[REGULUS_H5_AXES];
    // Where the elements lie in the file, or -1 where they are in chunks, compressed, in other files or not written.
    long long offset;
    // Bytes of one chunk; 0 where there are none.
    unsigned long long chunk_bytes;
    int is_elsewhere;
    // The name of the first filter of its chunks that the library does not have, or empty.
    char missing_filter[32];
};

// Opens the library, in `folder` or where the loader finds it if that is null. Returns 0 where it is not there, with the reason in the `size` bytes
// of `reason`, always terminated. The functions below may be called once it has returned 1.
int regulus_h5_load(const char *folder, char *reason, size_t size);

// Opens a file to read it; less than 0 where it cannot be opened.
long long regulus_h5_open(const char *path);

void regulus_h5_close(long long file);

// Opens a group or a data set by its path; less than 0 where there is none.
long long regulus_h5_object(long long place, const char *path);

void regulus_h5_close_object(long long object);

// The number of links in a group, or -1.
long long regulus_h5_links(long long group);

// The name of a link, by the alphabet; returns its length, or -1. At most `size` bytes are written.
long long regulus_h5_name(long long group, long long index, char *name, size_t size);

// Opens what a link inside the file names: 1 a group, 2 a data set, 0 anything else (links to other files too), -1 a damaged one.
int regulus_h5_member(long long group, const char *name, long long *object);

// Describes a data set. Returns 0 where it cannot be described.
int regulus_h5_describe(long long dataset, struct regulus_h5_array *array);

// Reads `count` rows from `first` on, in the file's own type; all of it where there are no axes.
int regulus_h5_read(long long dataset, unsigned long long first, unsigned long long count, void *target);

// Gives back the texts that `regulus_h5_read` allocated.
void regulus_h5_free_text(char *text);

#endif
