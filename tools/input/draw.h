/* Pictures as text. */
#ifndef OCKHAM_TOOLS_DRAW_H
#define OCKHAM_TOOLS_DRAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef struct draw_sheet {
    const float *x;        /* count x (height * width); what is outside 0 .. 1 is clipped */
    const float *below;    /* as x, drawn under it, such as the same pictures augmented; or NULL */
    const int32_t *labels; /* count, or NULL */
    size_t count, height, width;
    size_t columns; /* pictures side by side; 0: as many as 80 characters hold */
    bool unicode;   /* half blocks; else ASCII */
} draw_sheet;

/* Whether the environment's locale is a UTF-8 one. */
bool draw_unicode(void);

/* Two rows of pixels a line. Returns false where the stream failed. */
bool draw_pictures(FILE *stream, const draw_sheet *sheet);

/* Writes the pictures, enlarged, ten side by side, without labels; false with *why, a static text,
 * where that failed. */
bool draw_png(FILE *stream, const draw_sheet *sheet, const char **why);

#endif
