// OpenSSL's libcrypto: SHA-256.
#ifndef REGULUS_COPENSSL_H
#define REGULUS_COPENSSL_H

#include <openssl/evp.h>

#endif
