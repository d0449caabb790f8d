#include "npy.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const unsigned char magic[6] = {0x93, 'N', 'U', 'M', 'P', 'Y'};

static ock_status fail(const char **why, ock_status status, const char *text)
{
    *why = text;
    return status;
}

/* ---- The header, which is a dictionary in Python's notation ---- */

static bool take(const char **at, const char *token)
{
    *at += strspn(*at, " \t\r\n");
    const size_t length = strlen(token);
    if (strncmp(*at, token, length) != 0)
        return false;
    *at += length;
    return true;
}

static bool take_text(const char **at, char *text, size_t size)
{
    const char quote = take(at, "'") ? '\'' : take(at, "\"") ? '"' : '\0';
    const char *end = quote ? strchr(*at, quote) : NULL;
    if (!end || (size_t)(end - *at) >= size)
        return false;
    memcpy(text, *at, (size_t)(end - *at));
    text[end - *at] = '\0';
    *at = end + 1;
    return true;
}

static bool take_extent(const char **at, size_t *extent)
{
    char *end;
    *at += strspn(*at, " ");
    if (!isdigit((unsigned char)**at))
        return false;
    unsigned long long value = strtoull(*at, &end, 10);
    *at = end;
    take(at, "L"); /* Python 2 wrote it after long integers */
    *extent = value < SIZE_MAX ? (size_t)value : SIZE_MAX; /* more than any file has */
    return true;
}

static bool take_shape(const char **at, npy_array *out)
{
    if (!take(at, "("))
        return false;
    for (out->dimensions = 0; !take(at, ")"); out->dimensions++) {
        if (out->dimensions == NPY_DIMENSIONS || !take_extent(at, &out->shape[out->dimensions]) ||
            (!take(at, ",") && **at != ')'))
            return false;
    }
    return true;
}

static bool is_big_endian(void)
{
    const uint16_t one = 1;
    return !*(const unsigned char *)&one;
}

/* As "<f4"; a list is that of a structured array. */
static bool take_type(const char **at, npy_array *out)
{
    char text[8], order, rest;
    if (!take_text(at, text, sizeof text) ||
        sscanf(text, "%c%c%zu%c", &order, &out->kind, &out->size, &rest) != 3 ||
        !strchr("<>|=", order))
        return false;
    out->big_endian = order == '>' || (order == '=' && is_big_endian());
    return true;
}

static bool take_member(const char **at, npy_array *out)
{
    char key[16];
    if (!take_text(at, key, sizeof key) || !take(at, ":"))
        return false;
    if (strcmp(key, "descr") == 0)
        return take_type(at, out);
    if (strcmp(key, "shape") == 0)
        return take_shape(at, out);
    if (strcmp(key, "fortran_order") != 0)
        return false;
    out->fortran = take(at, "True");
    return out->fortran || take(at, "False");
}

static bool take_header(const char *at, npy_array *out)
{
    if (!take(&at, "{"))
        return false;
    for (int members = 0; members < 3; members++)
        if (!take_member(&at, out) || (!take(&at, ",") && members < 2))
            return false;
    return take(&at, "}") && !*(at + strspn(at, " \n"));
}

static bool is_number(const npy_array *array)
{
    const size_t size = array->size;
    switch (array->kind) {
    case 'b':
        return size == 1;
    case 'i':
    case 'u':
        return size == 1 || size == 2 || size == 4 || size == 8;
    case 'f':
        return size == sizeof(float) || size == sizeof(double);
    default:
        return false;
    }
}

/* Whether so many bytes are what the shape asks for. */
static ock_status check_shape(npy_array *out, size_t bytes, const char **why)
{
    size_t count = 1;
    for (size_t d = 0; d < out->dimensions; d++)
        if (out->shape[d] == 0)
            return fail(why, OCK_BAD_FILE, "its array is empty");
    for (size_t d = 0; d < out->dimensions; d++) {
        if (count > bytes / out->shape[d])
            return fail(why, OCK_BAD_FILE, "cut short: its shape has more than the file");
        count *= out->shape[d];
    }
    if (out->dimensions == 0)
        return fail(why, OCK_BAD_FILE, "its array is a single number");
    if (count > bytes / out->size)
        return fail(why, OCK_BAD_FILE, "cut short: its shape has more than the file");
    if (count * out->size != bytes)
        return fail(why, OCK_BAD_FILE, "oversized, goes on after its array");
    out->rows = out->shape[0];
    out->columns = count / out->rows;
    return OCK_OK;
}

static ock_status parse(npy_array *out, size_t size, const char **why)
{
    unsigned char *bytes = out->file;
    if (size < 12 || memcmp(bytes, magic, sizeof magic) != 0)
        return fail(why, OCK_BAD_FILE, "is none of NumPy's .npy files");
    if (bytes[6] < 1 || bytes[6] > 3)
        return fail(why, OCK_BAD_FILE, "is of another .npy version than 1 to 3");
    const size_t prefix = bytes[6] == 1 ? 10 : 12;
    uint64_t length = (uint64_t)bytes[8] | (uint64_t)bytes[9] << 8;
    if (prefix == 12)
        length |= (uint64_t)bytes[10] << 16 | (uint64_t)bytes[11] << 24;
    if (length > size - prefix)
        return fail(why, OCK_BAD_FILE, "cut short within its header");
    out->data = bytes + prefix + length;
    /* in a copy of its own, since a header that ends where the file does has no room for a 0 */
    char *header = strndup((const char *)bytes + prefix, (size_t)length);
    if (!header)
        return fail(why, OCK_OUT_OF_MEMORY, "no memory for its header");
    const bool taken = take_header(header, out);
    free(header);
    if (!taken || !is_number(out))
        return fail(why, OCK_BAD_FILE,
                    "is no array of bool, integers, float32 or float64; .astype('float32') makes "
                    "one before it is saved");
    return check_shape(out, size - prefix - (size_t)length, why);
}

/* ---- Reading ---- */

static ock_status slurp(FILE *in, npy_array *out, size_t *size, const char **why)
{
    struct stat about;
    if (fstat(fileno(in), &about) != 0)
        return fail(why, OCK_FILE_FAILED, strerror(errno));
    if (!S_ISREG(about.st_mode))
        return fail(why, OCK_FILE_FAILED, "is not a regular file");
    *size = (size_t)about.st_size;
    out->file = (uint64_t)about.st_size < SIZE_MAX ? malloc(*size + 1) : NULL;
    if (!out->file)
        return fail(why, OCK_OUT_OF_MEMORY, "no memory for its bytes");
    errno = 0;
    if (fread(out->file, 1, *size, in) != *size)
        return fail(why, OCK_FILE_FAILED, ferror(in) ? strerror(errno) : "was cut meanwhile");
    return OCK_OK;
}

ock_status npy_read(const char *path, npy_array *out, const char **why)
{
    size_t size = 0;
    *out = (npy_array){0};
    FILE *in = fopen(path, "rb");
    if (!in)
        return fail(why, OCK_FILE_FAILED, strerror(errno));
    ock_status status = slurp(in, out, &size, why);
    fclose(in);
    if (status == OCK_OK)
        status = parse(out, size, why);
    if (status != OCK_OK)
        npy_free(out);
    return status;
}

void npy_free(npy_array *array)
{
    free(array->file);
    *array = (npy_array){0};
}

/* ---- Elements ---- */

static size_t offset(const npy_array *array, size_t row, size_t column)
{
    if (!array->fortran)
        return row * array->columns + column;
    size_t at = 0;
    for (size_t d = array->dimensions; --d > 0; column /= array->shape[d])
        at = at * array->shape[d] + column % array->shape[d];
    return at * array->shape[0] + row;
}

static double number(char kind, size_t size, uint64_t bits)
{
    const uint64_t sign = (uint64_t)1 << (8 * size - 1);
    const uint32_t word = (uint32_t)bits;
    float single;
    double value;
    if (kind == 'f' && size == sizeof single) {
        memcpy(&single, &word, sizeof single);
        return (double)single;
    }
    if (kind == 'f') {
        memcpy(&value, &bits, sizeof value);
        return value;
    }
    return kind == 'i' ? (double)(int64_t)((bits ^ sign) - sign) : (double)bits;
}

double npy_at(const npy_array *array, size_t row, size_t column)
{
    const unsigned char *bytes = array->data + offset(array, row, column) * array->size;
    uint64_t bits = 0;
    for (size_t i = 0; i < array->size; i++)
        bits = bits << 8 | bytes[array->big_endian ? i : array->size - 1 - i];
    return number(array->kind, array->size, bits);
}

/* ---- Writing ---- */

void npy_header(size_t rows, size_t columns, unsigned char header[NPY_HEADER])
{
    memset(header, ' ', NPY_HEADER);
    memcpy(header, magic, sizeof magic);
    memcpy(header + 6, (const unsigned char[]){1, 0, NPY_HEADER - 10, 0}, 4);
    int length = snprintf((char *)header + 10, NPY_HEADER - 10,
                          "{'descr': '%cf4', 'fortran_order': False, 'shape': (%zu, %zu), }",
                          is_big_endian() ? '>' : '<', rows, columns);
    header[10 + length] = ' ';
    header[NPY_HEADER - 1] = '\n';
}
