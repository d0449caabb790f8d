#include <ockham/status.h>
#include <ockham/version.h>

#define STRING(x) #x
#define VERSION(major, minor, patch) STRING(major) "." STRING(minor) "." STRING(patch)

const char *ock_version(void)
{
    return VERSION(OCK_VERSION_MAJOR, OCK_VERSION_MINOR, OCK_VERSION_PATCH);
}

const char *ock_status_name(ock_status status)
{
    switch (status) {
#define STATUS_NAME(name, code, message)                                                           \
    case OCK_##name:                                                                               \
        return "OCK_" #name;
        OCK_STATUS_LIST(STATUS_NAME)
    }
    return "not a status";
}

const char *ock_status_message(ock_status status)
{
    switch (status) {
#define STATUS_MESSAGE(name, code, message)                                                        \
    case OCK_##name:                                                                               \
        return message;
        OCK_STATUS_LIST(STATUS_MESSAGE)
    }
    return "a code that is not one of ock_status";
}
