// zlib: DEFLATE decompression and CRC-32.
#ifndef REGULUS_CZLIB_H
#define REGULUS_CZLIB_H

#include <zlib.h>

#endif
