#include "input.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

pictures_options pictures_defaults(void)
{
    return (pictures_options){.classes = 10, .count = 10000, .seed = 128};
}

ock_status pictures_load(const char *source, const pictures_options *options, pictures *out,
                         char *message, size_t message_size)
{
    (void)options;
    memset(out, 0, sizeof *out);
    snprintf(message, message_size, "%s: not supported yet", source ? source : "digits");
    return OCK_UNSUPPORTED;
}

void pictures_free(pictures *set)
{
    free(set->x);
    free(set->labels);
    memset(set, 0, sizeof *set);
}
