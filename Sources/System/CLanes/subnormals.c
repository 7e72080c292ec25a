#include "lanes.h"

#if defined(__x86_64__)
#include <xmmintrin.h>

void regulus_flush_subnormals(void) {
    // Results that are subnormal become 0, and so do operands: the bits "flush to zero" and "denormals are zeros".
    enum { flush = 0x8000, denormals = 0x0040 };
    _mm_setcsr(_mm_getcsr() | flush | denormals);
}
#elif defined(__aarch64__)
void regulus_flush_subnormals(void) {
    uint64_t control;
    __asm__ volatile("mrs %0, fpcr" : "=r"(control));
    __asm__ volatile("msr fpcr, %0" : : "r"(control | UINT64_C(1) << 24));
}
#else
void regulus_flush_subnormals(void) {}
#endif
