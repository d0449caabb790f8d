/* Runs other programs. */
#ifndef OCKHAM_TOOLS_PROCESS_H
#define OCKHAM_TOOLS_PROCESS_H

/* Runs a program to its end, found by the PATH unless its name has a slash, with these files as
 * standard input and output. Returns its exit status, or -1 with errno set where it did not start
 * or was ended by a signal. */
int process_run(const char *const arguments[], int input, int output);

#endif
