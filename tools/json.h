/* What cJSON leaves open. As its own, what adds returns NULL where memory is refused. */
#ifndef OCKHAM_TOOLS_JSON_H
#define OCKHAM_TOOLS_JSON_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

/* Bytes of the UTF-8 sequence at text, or 0. */
size_t json_character_length(const char *text);

/* A driver may name its device in any encoding: bytes that are not UTF-8 become '?'. */
cJSON *json_add_text(cJSON *object, const char *key, const char *text);

/* All 64 bits; a cJSON number has 53. */
cJSON *json_add_whole(cJSON *object, const char *key, uint64_t value);

/* Writes the document as cli_write_file() does, with errno set on failure. */
bool json_write(const char *path, const cJSON *document);

#endif
