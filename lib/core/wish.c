/* Which devices a wish means. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/core.h"

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
bool ock_wish_met(const char *wish, const ock_device *device)
{
    if (!wish)
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
