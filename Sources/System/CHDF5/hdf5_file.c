#include "hdf5_file.h"

#include "loading.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

// Debian has a folder for HDF5 without MPI.
#if __has_include(<hdf5/serial/hdf5.h>)
#include <hdf5/serial/hdf5.h>
#else
#include <hdf5.h>
#endif

// The version of the library's interface, which its file is named by.
#if H5_VERSION_GE(1, 14, 0)
#define HDF5_INTERFACE "310"
#elif H5_VERSION_GE(1, 12, 0)
#define HDF5_INTERFACE "200"
#else
#define HDF5_INTERFACE "103"
#endif

#if H5_VERSION_GE(1, 12, 0)
#define HDF5_LINKS(use) use(H5Lget_info2)
typedef H5L_info2_t link_info;
#else
#define HDF5_LINKS(use) use(H5Lget_info)
typedef H5L_info_t link_info;
#endif
#define HDF5_FUNCTIONS(use) \
    use(H5Dget_create_plist) use(H5Dget_offset) use(H5Dget_space) use(H5Dget_type) use(H5Dread) use(H5Eset_auto2) use(H5Fclose) use(H5Fopen) \
    use(H5Gget_info) use(H5Iget_type) use(H5Lget_name_by_idx) use(H5Oclose) use(H5Oopen) use(H5PLset_loading_state) use(H5Pclose) \
    use(H5Pget_chunk) use(H5Pget_external_count) use(H5Pget_filter2) use(H5Pget_layout) use(H5Pget_nfilters) use(H5Zfilter_avail) use(H5dont_atexit) use(H5Sclose) use(H5Screate_simple) use(H5Sget_simple_extent_dims) \
    use(H5Sget_simple_extent_ndims) use(H5Sget_simple_extent_type) use(H5Sselect_hyperslab) use(H5Tclose) use(H5Tget_class) use(H5Tget_fields) \
    use(H5Tget_order) use(H5Tget_sign) use(H5Tget_size) use(H5Tis_variable_str) use(H5free_memory) use(H5get_libversion) HDF5_LINKS(use)

// The library's functions under their own names, once it is open.
static struct {
#define HDF5_POINTER(name) __typeof__(&name) name;
    HDF5_FUNCTIONS(HDF5_POINTER)
#undef HDF5_POINTER
} hdf5;

int regulus_h5_load(const char *folder, char *reason, size_t size) {
    static const char *const names[] = {"libhdf5_serial.so." HDF5_INTERFACE, "libhdf5.so." HDF5_INTERFACE, "libhdf5_serial.so", "libhdf5.so"};
    void *library = NULL;
    char first[512] = "";
    for (size_t index = 0; !library && index < sizeof names / sizeof *names; index++) {
        library = regulus_open_library(folder, names[index], reason, size);
        // What is said of the name that should be there, and not of the last one that might.
        if (!library && index == 0) snprintf(first, sizeof first, "%s", reason);
    }
    if (!library) {
        snprintf(reason, size, "%s", first);
        return 0;
    }
#define FIND(name) \
    if (!regulus_find_function(library, #name, (void **)&hdf5.name, reason, size)) return 0;
    HDF5_FUNCTIONS(FIND)
    // What is only read needs no closing when the process ends. After a damaged file the library finds what it cannot close, and says so.
    hdf5.H5dont_atexit();
    unsigned major = 0, minor = 0, release = 0;
    hdf5.H5get_libversion(&major, &minor, &release);
    if (major == H5_VERS_MAJOR && minor == H5_VERS_MINOR) return 1;
    snprintf(reason, size, "version %u.%u in place of %d.%d", major, minor, H5_VERS_MAJOR, H5_VERS_MINOR);
    return 0;
}

long long regulus_h5_open(const char *path) {
    // Errors are told by results and nothing is printed; filters that would be loaded as libraries stay out.
    hdf5.H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    hdf5.H5PLset_loading_state(0);
    return hdf5.H5Fopen(path, 0 /* H5F_ACC_RDONLY, which compares versions in its own way */, H5P_DEFAULT);
}

void regulus_h5_close(long long file) { hdf5.H5Fclose(file); }

long long regulus_h5_object(long long place, const char *path) { return hdf5.H5Oopen(place, path, H5P_DEFAULT); }

void regulus_h5_close_object(long long object) { hdf5.H5Oclose(object); }

long long regulus_h5_links(long long group) {
    H5G_info_t info;
    return hdf5.H5Gget_info(group, &info) < 0 ? -1 : (long long)info.nlinks;
}

long long regulus_h5_name(long long group, long long index, char *name, size_t size) {
    return hdf5.H5Lget_name_by_idx(group, ".", H5_INDEX_NAME, H5_ITER_INC, (hsize_t)index, name, size, H5P_DEFAULT);
}

int regulus_h5_member(long long group, const char *name, long long *object) {
    link_info info;
#if H5_VERSION_GE(1, 12, 0)
    if (hdf5.H5Lget_info2(group, name, &info, H5P_DEFAULT) < 0) return -1;
#else
    if (hdf5.H5Lget_info(group, name, &info, H5P_DEFAULT) < 0) return -1;
#endif
    if (info.type != H5L_TYPE_HARD) return 0;
    *object = hdf5.H5Oopen(group, name, H5P_DEFAULT);
    if (*object < 0) return -1;
    switch (hdf5.H5Iget_type(*object)) {
    case H5I_GROUP: return 1;
    case H5I_DATASET: return 2;
    default: hdf5.H5Oclose(*object); return 0;
    }
}

int regulus_h5_describe(long long dataset, struct regulus_h5_array *array) {
    memset(array, 0, sizeof *array);
    array->offset = -1;
    hid_t space = hdf5.H5Dget_space(dataset), type = hdf5.H5Dget_type(dataset), plist = hdf5.H5Dget_create_plist(dataset);
    int good = space >= 0 && type >= 0 && plist >= 0;
    if (good) {
        array->axes = hdf5.H5Sget_simple_extent_ndims(space);
        hsize_t extents[REGULUS_H5_AXES];
        good = array->axes >= 0 && array->axes <= REGULUS_H5_AXES && hdf5.H5Sget_simple_extent_dims(space, extents, NULL) >= 0
            && hdf5.H5Sget_simple_extent_type(space) != H5S_NULL;
        for (int axis = 0; good && axis < array->axes; axis++) array->extents[axis] = extents[axis];
    }
    if (good) {
        array->size = hdf5.H5Tget_size(type);
        array->is_big_endian = hdf5.H5Tget_order(type) == H5T_ORDER_BE;
        switch (hdf5.H5Tget_class(type)) {
        case H5T_INTEGER:
            array->kind = REGULUS_H5_INTEGER;
            array->is_signed = hdf5.H5Tget_sign(type) == H5T_SGN_2;
            break;
        case H5T_FLOAT: {
            size_t sign, exponent, mantissa, mantissa_bits;
            array->kind = REGULUS_H5_FLOAT;
            if (hdf5.H5Tget_fields(type, &sign, &exponent, &array->exponent_bits, &mantissa, &mantissa_bits) < 0) good = 0;
            break;
        }
        // Truth values are written as an enumeration of FALSE and TRUE.
        case H5T_ENUM: array->kind = array->size == 1 ? REGULUS_H5_BOOL : REGULUS_H5_OTHER; break;
        case H5T_STRING: array->kind = hdf5.H5Tis_variable_str(type) > 0 ? REGULUS_H5_VARIABLE_TEXT : REGULUS_H5_TEXT; break;
        default: break;
        }
        array->is_elsewhere = hdf5.H5Pget_external_count(plist) > 0 || hdf5.H5Pget_layout(plist) == H5D_VIRTUAL;
        if (hdf5.H5Pget_layout(plist) == H5D_CONTIGUOUS && !array->is_elsewhere) {
            haddr_t offset = hdf5.H5Dget_offset(dataset);
            if (offset != HADDR_UNDEF) array->offset = (long long)offset;
        } else if (hdf5.H5Pget_layout(plist) == H5D_CHUNKED) {
            hsize_t chunk[REGULUS_H5_AXES];
            int axes = hdf5.H5Pget_chunk(plist, REGULUS_H5_AXES, chunk);
            if (axes < 0 || axes > REGULUS_H5_AXES) good = 0;
            int filters = hdf5.H5Pget_nfilters(plist);
            for (int place = 0; good && place < filters && !array->missing_filter[0]; place++) {
                unsigned flags, configuration;
                size_t values = 0;
                H5Z_filter_t filter = hdf5.H5Pget_filter2(
                    plist, (unsigned)place, &flags, &values, NULL, sizeof array->missing_filter, array->missing_filter, &configuration);
                if (filter >= 0 && hdf5.H5Zfilter_avail(filter) > 0) array->missing_filter[0] = 0;
                else if (!array->missing_filter[0]) strcpy(array->missing_filter, "an unnamed filter");
                array->missing_filter[sizeof array->missing_filter - 1] = 0;
            }
            array->chunk_bytes = array->size;
            for (int axis = 0; good && axis < axes; axis++) {
                if (__builtin_mul_overflow(array->chunk_bytes, (unsigned long long)chunk[axis], &array->chunk_bytes)) good = 0;
            }
        }
    }
    if (plist >= 0) hdf5.H5Pclose(plist);
    if (type >= 0) hdf5.H5Tclose(type);
    if (space >= 0) hdf5.H5Sclose(space);
    return good;
}

int regulus_h5_read(long long dataset, unsigned long long first, unsigned long long count, void *target) {
    hid_t space = hdf5.H5Dget_space(dataset), type = hdf5.H5Dget_type(dataset), memory = -1;
    int good = space >= 0 && type >= 0;
    int axes = good ? hdf5.H5Sget_simple_extent_ndims(space) : -1;
    hsize_t start[REGULUS_H5_AXES] = {0}, extents[REGULUS_H5_AXES];
    if (good && axes > 0 && axes <= REGULUS_H5_AXES) {
        good = hdf5.H5Sget_simple_extent_dims(space, extents, NULL) >= 0;
        start[0] = first;
        extents[0] = count;
        good = good && hdf5.H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, extents, NULL) >= 0;
        memory = good ? hdf5.H5Screate_simple(axes, extents, NULL) : -1;
        good = good && memory >= 0;
    } else if (axes != 0) {
        good = 0;
    }
    good = good && hdf5.H5Dread(dataset, type, axes > 0 ? memory : H5S_ALL, axes > 0 ? space : H5S_ALL, H5P_DEFAULT, target) >= 0;
    if (memory >= 0) hdf5.H5Sclose(memory);
    if (type >= 0) hdf5.H5Tclose(type);
    if (space >= 0) hdf5.H5Sclose(space);
    return good;
}

void regulus_h5_free_text(char *text) { hdf5.H5free_memory(text); }
