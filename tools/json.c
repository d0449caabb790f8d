#include "json.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/* What is overlong, a surrogate or over U+10FFFF is none (RFC 3629). */
size_t json_character_length(const char *bytes)
{
    const unsigned char *text = (const unsigned char *)bytes;
    size_t length = text[0] < 0x80   ? 1
                    : text[0] < 0xc2 ? 0
                    : text[0] < 0xe0 ? 2
                    : text[0] < 0xf0 ? 3
                    : text[0] < 0xf5 ? 4
                                     : 0;
    for (size_t i = 1; i < length; i++)
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    if ((text[0] == 0xe0 && text[1] < 0xa0) || (text[0] == 0xed && text[1] >= 0xa0) ||
        (text[0] == 0xf0 && text[1] < 0x90) || (text[0] == 0xf4 && text[1] >= 0x90))
        return 0;
    return length;
}

cJSON *json_add_text(cJSON *object, const char *key, const char *text)
{
    char *clean = strdup(text);
    if (!clean)
        return NULL;
    for (char *c = clean; *c;) {
        size_t length = json_character_length(c);
        if (length == 0)
            *c = '?';
        c += length ? length : 1;
    }
    cJSON *item = cJSON_AddStringToObject(object, key, clean);
    free(clean);
    return item;
}

cJSON *json_add_whole(cJSON *object, const char *key, uint64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, value);
    return cJSON_AddRawToObject(object, key, text);
}

bool json_write(const char *path, const cJSON *document)
{
    char *text = cJSON_Print(document);
    if (!text) {
        errno = ENOMEM;
        return false;
    }
    size_t length = strlen(text);
    char *line = realloc(text, length + 2);
    if (line)
        memcpy(line + length, "\n", 2);
    bool written = line && cli_write_file(path, line);
    free(line ? line : text);
    return written;
}
