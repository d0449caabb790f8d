/* Texts that others wrote, on a terminal. */
#ifndef OCKHAM_TOOLS_QUERY_TEXT_H
#define OCKHAM_TOOLS_QUERY_TEXT_H

#include <stdio.h>

/* Prints '?' for what is not UTF-8 or controls terminals, but line ends stay. */
void text_print(FILE *out, const char *text);

/* Likewise, in lines of at most 80 columns if its words allow. The first begins at column `column`,
 * to which it was printed before; the others are indented. */
void text_wrap(FILE *out, const char *text, int column, int indent);

#endif
