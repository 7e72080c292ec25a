// HDF5: groups, data sets, and rows of them. Versions 1.10 to 1.14.
//
// What Swift cannot import (macros with casts and side effects) and what changed between versions is given one name here.
#ifndef REGULUS_CHDF5_H
#define REGULUS_CHDF5_H

#include <hdf5.h>
#include <string.h>

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
};

static inline hid_t regulus_h5_open(const char *path) {
    // Errors are told by results and nothing is printed; filters that would be loaded as libraries stay out.
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    H5PLset_loading_state(0);
    return H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
}

// The number of links in a group, or -1.
static inline long long regulus_h5_links(hid_t group) {
    H5G_info_t info;
    return H5Gget_info(group, &info) < 0 ? -1 : (long long)info.nlinks;
}

// The name of a link, by the alphabet; returns its length, or -1. At most `size` bytes are written.
static inline long long regulus_h5_name(hid_t group, long long index, char *name, size_t size) {
    return H5Lget_name_by_idx(group, ".", H5_INDEX_NAME, H5_ITER_INC, (hsize_t)index, name, size, H5P_DEFAULT);
}

// Opens what a link inside the file names: 1 a group, 2 a data set, 0 anything else (links to other files too), -1 a damaged one.
static inline int regulus_h5_member(hid_t group, const char *name, hid_t *object) {
#if H5_VERSION_GE(1, 12, 0)
    H5L_info2_t info;
    if (H5Lget_info2(group, name, &info, H5P_DEFAULT) < 0) return -1;
#else
    H5L_info_t info;
    if (H5Lget_info(group, name, &info, H5P_DEFAULT) < 0) return -1;
#endif
    if (info.type != H5L_TYPE_HARD) return 0;
    *object = H5Oopen(group, name, H5P_DEFAULT);
    if (*object < 0) return -1;
    switch (H5Iget_type(*object)) {
    case H5I_GROUP: return 1;
    case H5I_DATASET: return 2;
    default: H5Oclose(*object); return 0;
    }
}

static inline int regulus_h5_describe(hid_t dataset, struct regulus_h5_array *array) {
    memset(array, 0, sizeof *array);
    array->offset = -1;
    hid_t space = H5Dget_space(dataset), type = H5Dget_type(dataset), plist = H5Dget_create_plist(dataset);
    int good = space >= 0 && type >= 0 && plist >= 0;
    if (good) {
        array->axes = H5Sget_simple_extent_ndims(space);
        hsize_t extents[REGULUS_H5_AXES];
        good = array->axes >= 0 && array->axes <= REGULUS_H5_AXES && H5Sget_simple_extent_dims(space, extents, NULL) >= 0
            && H5Sget_simple_extent_type(space) != H5S_NULL;
        for (int axis = 0; good && axis < array->axes; axis++) array->extents[axis] = extents[axis];
    }
    if (good) {
        array->size = H5Tget_size(type);
        array->is_big_endian = H5Tget_order(type) == H5T_ORDER_BE;
        switch (H5Tget_class(type)) {
        case H5T_INTEGER:
            array->kind = REGULUS_H5_INTEGER;
            array->is_signed = H5Tget_sign(type) == H5T_SGN_2;
            break;
        case H5T_FLOAT: {
            size_t sign, exponent, mantissa, mantissa_bits;
            array->kind = REGULUS_H5_FLOAT;
            if (H5Tget_fields(type, &sign, &exponent, &array->exponent_bits, &mantissa, &mantissa_bits) < 0) good = 0;
            break;
        }
        // Truth values are written as an enumeration of FALSE and TRUE.
        case H5T_ENUM: array->kind = array->size == 1 ? REGULUS_H5_BOOL : REGULUS_H5_OTHER; break;
        case H5T_STRING: array->kind = H5Tis_variable_str(type) > 0 ? REGULUS_H5_VARIABLE_TEXT : REGULUS_H5_TEXT; break;
        default: break;
        }
        array->is_elsewhere = H5Pget_external_count(plist) > 0 || H5Pget_layout(plist) == H5D_VIRTUAL;
        if (H5Pget_layout(plist) == H5D_CONTIGUOUS && !array->is_elsewhere) {
            haddr_t offset = H5Dget_offset(dataset);
            if (offset != HADDR_UNDEF) array->offset = (long long)offset;
        } else if (H5Pget_layout(plist) == H5D_CHUNKED) {
            hsize_t chunk[REGULUS_H5_AXES];
            int axes = H5Pget_chunk(plist, REGULUS_H5_AXES, chunk);
            if (axes < 0 || axes > REGULUS_H5_AXES) good = 0;
            array->chunk_bytes = array->size;
            for (int axis = 0; good && axis < axes; axis++) {
                if (__builtin_mul_overflow(array->chunk_bytes, (unsigned long long)chunk[axis], &array->chunk_bytes)) good = 0;
            }
        }
    }
    if (plist >= 0) H5Pclose(plist);
    if (type >= 0) H5Tclose(type);
    if (space >= 0) H5Sclose(space);
    return good;
}

// Reads `count` rows from `first` on, in the file's own type; all of it where there are no axes.
static inline int regulus_h5_read(hid_t dataset, unsigned long long first, unsigned long long count, void *target) {
    hid_t space = H5Dget_space(dataset), type = H5Dget_type(dataset), memory = -1;
    int good = space >= 0 && type >= 0;
    int axes = good ? H5Sget_simple_extent_ndims(space) : -1;
    hsize_t start[REGULUS_H5_AXES] = {0}, extents[REGULUS_H5_AXES];
    if (good && axes > 0 && axes <= REGULUS_H5_AXES) {
        good = H5Sget_simple_extent_dims(space, extents, NULL) >= 0;
        start[0] = first;
        extents[0] = count;
        good = good && H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, extents, NULL) >= 0;
        memory = good ? H5Screate_simple(axes, extents, NULL) : -1;
        good = good && memory >= 0;
    } else if (axes != 0) {
        good = 0;
    }
    good = good && H5Dread(dataset, type, axes > 0 ? memory : H5S_ALL, axes > 0 ? space : H5S_ALL, H5P_DEFAULT, target) >= 0;
    if (memory >= 0) H5Sclose(memory);
    if (type >= 0) H5Tclose(type);
    if (space >= 0) H5Sclose(space);
    return good;
}

// Gives back the texts that `regulus_h5_read` allocated.
static inline void regulus_h5_free_text(char *text) { H5free_memory(text); }

#endif
