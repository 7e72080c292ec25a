// The C library's allocator settings, which Swift's Glibc module leaves out.
#ifndef REGULUS_CMALLOC_H
#define REGULUS_CMALLOC_H

#include <malloc.h>

#endif
