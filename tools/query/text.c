#include "text.h"

#include <stdbool.h>
#include <string.h>

#include "../json.h"

enum {
    WIDTH = 80
};

/* Among the controls are C1's, of which one begins sequences as ESC [ does. */
static size_t printable_length(const char *text)
{
    size_t length = json_character_length(text);
    unsigned char first = (unsigned char)text[0], second = (unsigned char)text[1];
    bool control = first < ' ' || first == 0x7f || (first == 0xc2 && second < 0xa0);
    return control && first != '\n' ? 0 : length;
}

static size_t print_character(FILE *out, const char *text)
{
    size_t length = printable_length(text);
    if (length > 0)
        fwrite(text, 1, length, out);
    else
        fputc('?', out);
    return length > 0 ? length : 1;
}

void text_print(FILE *out, const char *text)
{
    while (*text)
        text += print_character(out, text);
}

static int columns_of(const char *word, size_t length)
{
    int columns = 0;
    for (size_t at = 0; at < length; columns++) {
        size_t step = json_character_length(word + at);
        at += step ? step : 1;
    }
    return columns;
}

static int new_line(FILE *out, int indent)
{
    fprintf(out, "\n%*s", indent, "");
    return indent;
}

void text_wrap(FILE *out, const char *text, int column, int indent)
{
    bool begun = false; /* a line */
    while (*text) {
        size_t length = strcspn(text, " \n");
        int columns = columns_of(text, length);
        if (begun && length > 0 && column + 1 + columns > WIDTH) {
            column = new_line(out, indent);
            begun = false;
        }
        if (begun && length > 0)
            fputc(' ', out);
        column += columns + (begun && length > 0);
        for (const char *end = text + length; text < end;)
            text += print_character(out, text);
        begun = begun || length > 0;
        if (*text == '\n' && text[1]) {
            column = new_line(out, indent);
            begun = false;
        }
        text += *text != '\0';
    }
    fputc('\n', out);
}
