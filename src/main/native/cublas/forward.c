// libcublas.so.12 for machines that have only CUDA 13's cuBLAS. JCublas asks for libcublas.so.12 with that version in its symbols, which a
// link to libcublas.so.13 cannot give it. Of the functions in functions.h none was removed in 13 and none has another signature.

#include <dlfcn.h>
#include <stddef.h>

#define FUNCTION(name) #name,
static const char* const names[] = {
#include "functions.h"
};
#undef FUNCTION

extern void* forward_slots[];

// The oldest names of both, so that a library that was built on a new glibc loads on an old one.
__asm__(".symver dlopen, dlopen@GLIBC_2.2.5");
__asm__(".symver dlsym, dlsym@GLIBC_2.2.5");

// CUBLAS_STATUS_NOT_SUPPORTED
static int missing(void) { return 15; }

// Weir opens libcublas.so.13 before this library, wherever it lies; the loader then finds it by its name.
__attribute__((constructor)) static void fill(void) {
    void* cublas = dlopen("libcublas.so.13", RTLD_LAZY | RTLD_LOCAL);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        void* function = cublas ? dlsym(cublas, names[i]) : NULL;
        forward_slots[i] = function ? function : (void*)missing;
    }
}
