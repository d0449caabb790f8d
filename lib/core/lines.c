/* What a helper reports, line by line, none of which it may keep us waiting for too long. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ockham/version.h>

#include "backend.h"
#include "core/helper.h"

double ock_helper_limit(double seconds)
{
    const char *text = getenv("OCKHAM_PROBE_SECONDS");
    double wished = text ? strtod(text, NULL) : 0;
    return wished > 0 && wished < 1e6 ? wished : seconds;
}

bool ock_helper_greets(const char *line)
{
    char greeting[64];
    snprintf(greeting, sizeof greeting, "ockham-probe %s", ock_version());
    return strcmp(line, greeting) == 0;
}

/* False: nothing more will come. */
static bool take(ock_helper *helper)
{
    ssize_t got =
        read(helper->output, helper->text + helper->length, sizeof helper->text - helper->length);
    if (got > 0)
        helper->length += (size_t)got;
    return got > 0 || (got < 0 && errno == EINTR);
}

static bool cut_line(ock_helper *helper, char line[OCK_HELPER_LINE])
{
    char *end = memchr(helper->text, '\n', helper->length);
    if (!end)
        return false;
    size_t length = (size_t)(end - helper->text);
    memcpy(line, helper->text, length);
    line[length] = '\0';
    helper->length -= length + 1;
    memmove(helper->text, end + 1, helper->length);
    return true;
}

ock_helper_news ock_helper_read(ock_helper *helper, double seconds, char line[OCK_HELPER_LINE])
{
    struct pollfd output = {.fd = helper->output, .events = POLLIN};
    double until = ock_seconds_now() + seconds;
    while (!cut_line(helper, line)) {
        double left = until - ock_seconds_now();
        int ready = poll(&output, 1, left > 0 ? (int)(1e3 * left) + 1 : 0);
        if (ready == 0 && left <= 0)
            return OCK_HELPER_LATE;
        if (ready < 0 && errno != EINTR)
            return OCK_HELPER_ENDED;
        if (ready > 0 && (helper->length == sizeof helper->text || !take(helper)))
            return OCK_HELPER_ENDED;
    }
    return OCK_HELPER_TOLD;
}
