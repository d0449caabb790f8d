#define _GNU_SOURCE /* fopencookie() */

#include "memory.h"

#include <errno.h>
#include <locale.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A driver's threads may run the library's callbacks. */
static struct {
    atomic_bool armed, lasting;
    atomic_size_t position, calls, injected, live;
} state;

void memory_arm(size_t position, bool lasting)
{
    state.position = position;
    state.lasting = lasting;
    state.calls = state.injected = 0;
    state.armed = true;
}

void memory_disarm(void)
{
    state.armed = false;
}

size_t memory_calls(void)
{
    return state.calls;
}

size_t memory_injected(void)
{
    return state.injected;
}

size_t memory_live(void)
{
    return state.live;
}

/* Whether this allocation is to fail. */
static bool fails(void)
{
    if (!state.armed)
        return false;
    size_t call = ++state.calls, position = state.position;
    if (!position || (state.lasting ? call < position : call != position))
        return false;
    state.injected++;
    errno = ENOMEM;
    return true;
}

static void *counted(void *made)
{
    state.live += made != NULL;
    return made;
}

/* ---- Blocks ---- */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void __real_free(void *block);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
void __wrap_free(void *block);

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : counted(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : counted(__real_calloc(count, size));
}

void *__wrap_realloc(void *block, size_t size)
{
    if (fails())
        return NULL;
    void *made = __real_realloc(block, size);
    return block ? made : counted(made);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    return fails() ? NULL : counted(__real_aligned_alloc(alignment, size));
}

void __wrap_free(void *block)
{
    state.live -= block != NULL;
    __real_free(block);
}

void *memory_allocate(size_t size)
{
    return __wrap_malloc(size);
}

void memory_release(void *block)
{
    __wrap_free(block);
}

/* ---- What the C library allocates for its caller ---- */

char *__real_strdup(const char *text);
char *__real_realpath(const char *path, char *resolved);
FILE *__real_fdopen(int file, const char *mode);
FILE *__real_fopen(const char *path, const char *mode);
FILE *__real_fopen64(const char *path, const char *mode);
int __real_fclose(FILE *stream);
locale_t __real_newlocale(int mask, const char *name, locale_t base);
void __real_freelocale(locale_t locale);
char *__wrap_strdup(const char *text);
char *__wrap_realpath(const char *path, char *resolved);
FILE *__wrap_fdopen(int file, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode);
FILE *__wrap_fopen64(const char *path, const char *mode);
FILE *__wrap_open_memstream(char **text, size_t *length);
int __wrap_fclose(FILE *stream);
locale_t __wrap_newlocale(int mask, const char *name, locale_t base);
void __wrap_freelocale(locale_t locale);

char *__wrap_strdup(const char *text)
{
    return fails() ? NULL : counted(__real_strdup(text));
}

char *__wrap_realpath(const char *path, char *resolved)
{
    if (resolved)
        return __real_realpath(path, resolved);
    return fails() ? NULL : counted(__real_realpath(path, NULL));
}

FILE *__wrap_fdopen(int file, const char *mode)
{
    return fails() ? NULL : counted(__real_fdopen(file, mode));
}

FILE *__wrap_fopen(const char *path, const char *mode)
{
    return fails() ? NULL : counted(__real_fopen(path, mode));
}

/* The name that fopen() has where offsets are of 64 bits by a macro. */
FILE *__wrap_fopen64(const char *path, const char *mode)
{
    return fails() ? NULL : counted(__real_fopen64(path, mode));
}

int __wrap_fclose(FILE *stream)
{
    state.live--;
    return __real_fclose(stream);
}

locale_t __wrap_newlocale(int mask, const char *name, locale_t base)
{
    return fails() ? (locale_t)0 : counted(__real_newlocale(mask, name, base));
}

void __wrap_freelocale(locale_t locale)
{
    state.live--;
    __real_freelocale(locale);
}

/* ---- A stream into memory, which grows by what may fail ---- */

typedef struct text_stream {
    char **text;
    size_t *length, room;
} text_stream;

static ssize_t text_write(void *cookie, const char *bytes, size_t count)
{
    text_stream *to = cookie;
    if (to->room - *to->length <= count) {
        size_t room = 2 * to->room + count + 1;
        char *grown = __wrap_realloc(*to->text, room);
        if (!grown)
            return 0;
        *to->text = grown;
        to->room = room;
    }
    memcpy(*to->text + *to->length, bytes, count);
    *to->length += count;
    (*to->text)[*to->length] = '\0';
    return (ssize_t)count;
}

static int text_close(void *cookie)
{
    __wrap_free(cookie);
    return 0;
}

/* The C library's own allocates as it grows, out of reach: this one does it in sight. */
FILE *__wrap_open_memstream(char **text, size_t *length)
{
    const cookie_io_functions_t functions = {.write = text_write, .close = text_close};
    text_stream *to = __wrap_malloc(sizeof *to);
    *text = NULL;
    *length = 0;
    if (!to || fails()) {
        __wrap_free(to);
        return NULL;
    }
    *to = (text_stream){text, length, 0};
    FILE *stream = counted(fopencookie(to, "w", functions));
    if (!stream)
        __wrap_free(to);
    return stream;
}
