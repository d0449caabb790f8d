/* Names of devices, and which of them a wish means. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/core.h"

enum {
    PLATFORM_SIZE = 32,
    DEVICE_SIZE = 48,
    NAME_SIZE = PLATFORM_SIZE + DEVICE_SIZE
};

/* ---- Stable names ---- */

/* Bytes of a mark that says nothing, as in "Intel(R) Xeon(R)". */
static size_t mark_length(const char *text)
{
    static const char *const marks[] = {"(r)", "(tm)", "(c)"};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (strncasecmp(text, marks[i], strlen(marks[i])) == 0)
            return strlen(marks[i]);
    return 0;
}

/* Small letters, digits, and a dash for whatever is between. The locale has no say. */
static void write_words(const char *text, char *words, size_t size)
{
    size_t length = 0;
    bool between = false;
    for (; *text && length + 2 < size; text++) {
        size_t mark = mark_length(text);
        char c = *text >= 'A' && *text <= 'Z' ? (char)(*text - 'A' + 'a') : *text;
        bool word = !mark && ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'));
        if (word && between && length > 0)
            words[length++] = '-';
        if (word)
            words[length++] = c;
        between = !word;
        text += mark ? mark - 1 : 0;
    }
    words[length] = '\0';
    if (length == 0)
        snprintf(words, size, "unnamed");
}

static void write_name(const ock_device *device, char name[NAME_SIZE])
{
    char platform[PLATFORM_SIZE], words[DEVICE_SIZE];
    write_words(device->platform_name, platform, sizeof platform);
    write_words(device->name, words, sizeof words);
    snprintf(name, NAME_SIZE, "%s/%s", platform, words);
}

void ock_name_devices(ock_device *devices, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char name[NAME_SIZE], other[NAME_SIZE];
        size_t same = 1;
        if (devices[i].type == OCK_DEVICE_NONE)
            continue;
        write_name(&devices[i], name);
        for (size_t j = 0; j < i; j++) {
            write_name(&devices[j], other);
            same += devices[j].type != OCK_DEVICE_NONE && strcmp(name, other) == 0;
        }
        if (same > 1)
            snprintf(devices[i].stable_name, sizeof devices->stable_name, "%s/%zu", name, same);
        else
            snprintf(devices[i].stable_name, sizeof devices->stable_name, "%s", name);
    }
}

/* ---- Wishes ---- */

const char *ock_wish_of(const ock_context_options *options)
{
    const char *wish = options->device ? options->device : getenv("OCKHAM_DEVICE");
    return wish && *wish ? wish : NULL;
}

static bool contains(const char *text, const char *part)
{
    size_t length = strlen(part);
    for (; *text; text++)
        if (strncasecmp(text, part, length) == 0)
            return true;
    return false;
}

static bool is_type_name(const char *wish)
{
    for (int type = OCK_DEVICE_SCALAR; type <= OCK_DEVICE_ACCELERATOR; type++)
        if (strcasecmp(wish, ock_device_type_name((ock_device_type)type)) == 0)
            return true;
    return false;
}

static bool is_blank(const char *wish)
{
    return wish[strspn(wish, " \t\r\n")] == '\0';
}

static bool is_id(const char *wish)
{
    return strspn(wish, "0123456789:") == strlen(wish) && strchr(wish, ':');
}

/* The scalar path's platform is "none", which nobody means by a wish. */
bool ock_device_meets(const ock_device *device, const char *wish)
{
    if (!device)
        return false;
    if (!wish || (*wish && strcasecmp(wish, device->stable_name) == 0))
        return true;
    if (is_type_name(wish))
        return strcasecmp(wish, ock_device_type_name(device->type)) == 0;
    if (is_id(wish))
        return strcmp(wish, device->id) == 0;
    if (is_blank(wish))
        return false;
    return contains(device->name, wish) ||
           (device->type != OCK_DEVICE_SCALAR && contains(device->platform_name, wish));
}
