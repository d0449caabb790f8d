/* The C library's allocators without what is large: a number in a small file cannot get much. */
#include <stdlib.h>

enum {
    MOST_MEMORY = 48 << 20
};

#ifndef __has_feature /* clang's; gcc defines the macros */
#define __has_feature(feature) 0
#endif
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__ ||                                 \
    __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZER 1 /* with allocators of its own */
#else
#define SANITIZER 0
#endif

#if defined __GLIBC__ && !SANITIZER
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);

void *malloc(size_t size)
{
    return size > MOST_MEMORY ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return count > 0 && size > MOST_MEMORY / count ? NULL : __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size)
{
    return size > MOST_MEMORY ? NULL : __libc_realloc(memory, size);
}
#endif
