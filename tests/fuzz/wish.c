/* Wishes for a device, as --device, OCKHAM_DEVICE and ock_context_options have them. */
#include <stdlib.h>
#include <string.h>

#include "core/core.h"
#include "fuzz.h"

static const ock_device devices[] = {
    {.type = OCK_DEVICE_SCALAR, .id = "scalar", .name = "plain C", .platform_name = "none"},
    {.type = OCK_DEVICE_CPU,
     .id = "0:0",
     .stable_name = "portable/pthread-x86",
     .name = "pthread-x86",
     .platform_name = "Portable"},
    {.type = OCK_DEVICE_GPU, .id = "1:10", .name = "Radeon (TM) \xc3\xa9", .platform_name = "AMD"},
    {.type = OCK_DEVICE_NONE, .id = "2:0", .name = "", .platform_name = "Clover"},
};

/* A wish that nothing meets is an error that repeats it. */
static void check_refusal(const char *wish)
{
    char message[512];
    ock_context *context;
    ock_context_options options = ock_context_defaults();
    options.device = wish;
    options.message = message;
    options.message_size = sizeof message;
    FUZZ_EXPECT(ock_context_create(&options, &context) == OCK_DEVICE_NOT_FOUND);
    FUZZ_EXPECT(!context && strlen(message) < sizeof message);
    FUZZ_EXPECT(strlen(wish) > 256 || strstr(message, wish));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *wish = fuzz_text(data, size);
    const ock_device scalar = ock_scalar_device();
    const ock_context_options options = {.device = wish};
    FUZZ_EXPECT(ock_wish_of(&options) == (*wish ? wish : NULL));
    for (size_t i = 0; i < sizeof devices / sizeof *devices; i++) {
        bool met = ock_device_meets(&devices[i], wish);
        FUZZ_EXPECT(ock_device_meets(&devices[i], NULL));
        FUZZ_EXPECT(met || strcmp(wish, devices[i].id) != 0);
        FUZZ_EXPECT(met || !*wish || strcmp(wish, devices[i].stable_name) != 0);
        FUZZ_EXPECT(!met || wish[strspn(wish, " \t\r\n")]);
    }
    if (*wish && !ock_device_meets(&scalar, wish))
        check_refusal(wish);
    free(wish);
    return 0;
}
