#include "epoch_line.h"

#include <inttypes.h>
#include <math.h>

void epoch_line(FILE *stream, const char *row, uint32_t epochs, const ock_epoch *epoch)
{
    fprintf(stream, "%-10s %3" PRIu32 "/%" PRIu32 "  loss %.4f acc %.4f", row, epoch->epoch, epochs,
            epoch->loss, epoch->accuracy);
    if (isfinite(epoch->val_loss))
        fprintf(stream, "  val loss %.4f acc %.4f", epoch->val_loss, epoch->val_accuracy);
    fprintf(stream, "  %.1f s\n", epoch->seconds);
    fflush(stream);
}

void failover_line(FILE *stream, const char *row, const ock_failover *failover)
{
    fprintf(stream, "%-10s %s (%s) failed: %s; going on after epoch %" PRIu32 " on %s (%s)\n", row,
            failover->from.id, failover->from.name, failover->why, failover->epochs,
            failover->to.id, failover->to.name);
    fflush(stream);
}
