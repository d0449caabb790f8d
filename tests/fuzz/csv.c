/* Comma-separated values. */
#include <stdlib.h>
#include <string.h>

#include "csv.h"
#include "fuzz.h"

/* Each field lies in the file's text, and the fields of a record one after the other. */
static void check_record(const csv_file *csv, size_t size)
{
    const char *from = csv->text;
    FUZZ_EXPECT(csv->count > 0 && csv->count <= csv->room && csv->line <= csv->next_line);
    for (size_t i = 0; i < csv->count; i++) {
        FUZZ_EXPECT(csv->fields[i] >= from);
        from = csv->fields[i] + strlen(csv->fields[i]);
        FUZZ_EXPECT(from <= csv->text + size);
    }
    FUZZ_EXPECT(csv->next > from || !*csv->next);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char *path;
    csv_file csv;
    if (!path)
        path = fuzz_path("table.csv");
    fuzz_write(path, data, size);
    if (csv_open(path, &csv) == OCK_OK) {
        while (csv_next(&csv))
            check_record(&csv, size);
        FUZZ_EXPECT(csv.error || !*csv.next);
    } else {
        FUZZ_EXPECT(csv.error && memchr(data, 0, size));
    }
    csv_close(&csv);
    return 0;
}
