#include "fields.h"

#include <errno.h>
#include <float.h>
#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- Bytes of a record ---- */

static size_t size_of(field_kind kind)
{
    static const size_t sizes[] = {
        [FIELD_FLOAT] = sizeof(float),  [FIELD_DOUBLE] = sizeof(double),
        [FIELD_BOOL] = sizeof(bool),    [FIELD_NOT] = sizeof(bool),
        [FIELD_INT] = sizeof(int),      [FIELD_U32] = sizeof(uint32_t),
        [FIELD_U64] = sizeof(uint64_t), [FIELD_SIZE] = sizeof(size_t),
        [FIELD_NAME] = sizeof(int),     [FIELD_TEXT] = sizeof(const char *),
    };
    return sizes[kind];
}

typedef union field_value {
    float single;
    double number;
    bool truth;
    int integer;
    uint32_t u32;
    uint64_t u64;
    size_t size;
    const char *text;
    unsigned char bytes[8];
} field_value;

static bool is_zero(const field_value *value, field_kind kind)
{
    static const field_value zero;
    return !memcmp(value, &zero, size_of(kind));
}

/* ---- Writing ---- */

/* The locale's decimal sign, one byte or several, stands between the first digit and the other
 * eight. */
static void put_float(FILE *out, double value)
{
    char text[48];
    snprintf(text, sizeof text, "%.8e", fabs(value));
    fprintf(out, "%s%c.%s", value < 0 ? "-" : "", text[0], strchr(text, 'e') - 8);
}

/* Without a decimal sign: a whole number times a power of 2. */
static void put_double(FILE *out, double value)
{
    int exponent;
    const char *sign = signbit(value) ? "-" : "";
    if (!isfinite(value)) {
        fprintf(out, "\"%s%s\"", sign, isnan(value) ? "nan" : "inf");
        return;
    }
    uint64_t digits = (uint64_t)ldexp(fabs(frexp(value, &exponent)), DBL_MANT_DIG);
    fprintf(out, "\"%s0x%" PRIx64 "p%d\"", sign, digits, exponent - DBL_MANT_DIG);
}

static const char *name_of(const char *const *names, int value)
{
    int i = 0;
    while (names[i] && i != value)
        i++;
    return names[i];
}

static void put_text(FILE *out, const char *text)
{
    fprintf(out, text ? "\"%s\"" : "null", text);
}

static void put_value(FILE *out, const record_field *field, const field_value *value)
{
    switch (field->kind) {
    case FIELD_FLOAT:
        put_float(out, (double)value->single);
        break;
    case FIELD_DOUBLE:
        put_double(out, value->number);
        break;
    case FIELD_BOOL:
    case FIELD_NOT:
        fputs(value->truth == (field->kind == FIELD_BOOL) ? "true" : "false", out);
        break;
    case FIELD_INT:
        fprintf(out, "%d", value->integer);
        break;
    case FIELD_U32:
        fprintf(out, "%" PRIu32, value->u32);
        break;
    case FIELD_U64:
        fprintf(out, "\"%" PRIu64 "\"", value->u64);
        break;
    case FIELD_SIZE:
        fprintf(out, "%zu", value->size);
        break;
    case FIELD_NAME:
        put_text(out, name_of(field->names, value->integer));
        break;
    case FIELD_TEXT:
        put_text(out, value->text);
        break;
    }
}

void fields_put(FILE *out, const char *before, const record_fields *fields, const void *record)
{
    for (size_t i = 0; i < fields->count; i++) {
        const record_field *field = &fields->list[i];
        field_value value;
        memcpy(&value, (const char *)record + field->offset, size_of(field->kind));
        /* JSON has no such number; only options without effect are not checked, and may be so */
        if (field->kind == FIELD_FLOAT && !isfinite(value.single))
            value.single = 0;
        if (field->optional && is_zero(&value, field->kind))
            continue;
        fprintf(out, "%s\"%s\":", before, field->name);
        before = ",";
        put_value(out, field, &value);
    }
}

/* ---- Reading ---- */

/* cJSON takes the locale's decimal sign, of one byte at most, for the point. It does not tell a
 * refused allocation from an error of syntax, but malloc() does. */
ock_status json_parse(const char *text, size_t length, cJSON **parsed)
{
    locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    *parsed = NULL;
    if (!plain)
        return OCK_OUT_OF_MEMORY;
    locale_t before = uselocale(plain);
    errno = 0;
    *parsed = cJSON_ParseWithLengthOpts(text, length + 1, NULL, true);
    bool refused = !*parsed && errno == ENOMEM;
    uselocale(before);
    freelocale(plain);
    return refused ? OCK_OUT_OF_MEMORY : OCK_OK;
}

bool json_whole(const cJSON *item, uint64_t most, uint64_t *value)
{
    if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0 && item->valuedouble <= 0x1p53))
        return false;
    *value = (uint64_t)item->valuedouble;
    return *value <= most && (double)*value == item->valuedouble;
}

const char *json_text(const cJSON *object, const char *key)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
    return text ? text : "";
}

static bool take_float(const cJSON *item, float *value)
{
    if (!cJSON_IsNumber(item) || !(fabs(item->valuedouble) <= (double)FLT_MAX))
        return false;
    *value = (float)item->valuedouble;
    return true;
}

static bool take_double(const cJSON *item, double *value)
{
    const char *text = cJSON_GetStringValue(item);
    char *end = NULL;
    if (text)
        *value = strtod(text, &end);
    return text && *text && !*end;
}

static bool take_u64(const cJSON *item, uint64_t *value)
{
    const char *text = cJSON_GetStringValue(item);
    size_t digits = text ? strspn(text, "0123456789") : 0;
    if (!digits || text[digits])
        return false;
    errno = 0;
    *value = strtoull(text, NULL, 10);
    return !errno;
}

static bool take_int(const cJSON *item, int *value)
{
    if (!cJSON_IsNumber(item) || !(fabs(item->valuedouble) <= INT32_MAX))
        return false;
    *value = (int)item->valuedouble;
    return (double)*value == item->valuedouble;
}

static bool take_name(const cJSON *item, const char *const *names, int *value)
{
    const char *text = cJSON_GetStringValue(item);
    for (*value = 0; text && names[*value]; ++*value)
        if (!strcmp(text, names[*value]))
            return true;
    return false;
}

static bool take_value(const cJSON *item, const record_field *field, field_value *value)
{
    uint64_t whole = 0;
    bool taken;
    switch (field->kind) {
    case FIELD_FLOAT:
        return take_float(item, &value->single);
    case FIELD_DOUBLE:
        return take_double(item, &value->number);
    case FIELD_BOOL:
    case FIELD_NOT:
        value->truth = cJSON_IsTrue(item) == (field->kind == FIELD_BOOL);
        return cJSON_IsBool(item);
    case FIELD_INT:
        return take_int(item, &value->integer);
    case FIELD_U32:
        taken = json_whole(item, UINT32_MAX, &whole);
        value->u32 = (uint32_t)whole;
        return taken;
    case FIELD_U64:
        return take_u64(item, &value->u64);
    case FIELD_SIZE:
        taken = json_whole(item, INT32_MAX, &whole);
        value->size = (size_t)whole;
        return taken;
    case FIELD_NAME:
        return take_name(item, field->names, &value->integer);
    case FIELD_TEXT:
        break;
    }
    return false;
}

bool fields_take(const cJSON *object, const record_fields *fields, void *record)
{
    for (size_t i = 0; i < fields->count; i++) {
        const record_field *field = &fields->list[i];
        const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, field->name);
        field_value value = {.bytes = {0}};
        if (!(field->optional && !item) && !take_value(item, field, &value))
            return false;
        memcpy((char *)record + field->offset, &value, size_of(field->kind));
    }
    return true;
}
