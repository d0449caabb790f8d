/* A folder of a test's own. */
#ifndef FOLDER_H
#define FOLDER_H

#include <stddef.h>

/* Around each test: an empty folder, which goes with what is in it. */
void make_folder(void);
void remove_folder(void);

/* "FOLDER/NAME", and the folder itself for ""; good for four at a time. */
char *in_folder(const char *name);

void write_bytes(const char *name, const void *bytes, size_t size);

/* Reads at most `size` bytes, and returns how many. */
size_t read_bytes(const char *name, void *bytes, size_t size);

/* Returns how many files a subfolder has, and copies the names of at most `most`, in no order. */
int list_folder(const char *name, char names[][256], int most);

#endif
