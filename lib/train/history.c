#include <stdlib.h>

#include "history.h"
#include "sizes.h"

ock_status history_append(ock_context *context, ock_history *history, const ock_epoch *epoch)
{
    ock_epoch *grown = array_grow(history->epochs, history->count + 1, sizeof *grown);
    if (!grown)
        return ock_context_report(context, OCK_OUT_OF_MEMORY,
                                  "no memory for the history of epoch %u", (unsigned)epoch->epoch);
    history->epochs = grown;
    grown[history->count++] = *epoch;
    return OCK_OK;
}

void ock_history_clear(ock_history *history)
{
    if (!history)
        return;
    free(history->epochs);
    *history = (ock_history){0};
}
