/* A locale that writes a decimal comma, made for the test, since few machines have one. */
#ifndef COMMA_H
#define COMMA_H

#include <check.h>
#include <locale.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

/* False where the system cannot make it, which is a failure in the CI, for which tools/packages
 * installs what it takes. */
static inline bool write_decimal_commas(void)
{
    char folder[] = "/tmp/ockham-locale-XXXXXX", command[128];
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(command, sizeof command, "localedef -f UTF-8 -i de_DE %s/de_DE.UTF-8 >%s/log 2>&1",
             folder, folder);
    bool made = system(command) == 0 && setenv("LOCPATH", folder, 1) == 0 &&
                setlocale(LC_ALL, "de_DE.UTF-8");
    snprintf(command, sizeof command, "rm -r %s", folder);
    ck_assert_int_eq(system(command), 0);
    ck_assert_msg(made || !getenv("CI"), "no locale can be made: Debian's package is locales");
    if (!made)
        fputs("no locale with a decimal comma: not tested\n", stderr);
    return made;
}

#endif
