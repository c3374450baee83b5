/*
 * source.h - the bytes of a file as text that everything here can read.
 *
 * Whatever people save comes out as UTF-8 with LF at the end of each line:
 * UTF-16 with a byte-order mark is converted, byte-order marks are dropped,
 * and CR LF, CR, NEL, LS and PS (line breaks to YAML 1.1) become LF.  Lines
 * and columns of messages refer to that text.
 */
#ifndef IO_SOURCE_H
#define IO_SOURCE_H
#include <stddef.h>
#include "base/arena.h"
#include "base/err.h"

/* Decode len bytes into *out, which lives in a and keeps name.  Returns
 * SIM_INVALID, and adds the first fault with its place, if bytes are not
 * UTF-8 (or UTF-16), or hold control characters other than tab and line
 * breaks.  *out is set in any case: what could not be decoded shows as
 * U+FFFD. */
enum sim_code source_decode(struct arena *a, const char *name,
                            const char *bytes, size_t len,
                            const struct source **out,
                            struct err_list *errors);

/* A line of a text, without its LF. */
struct source_line {
    const char *text;
    size_t len;                 /* bytes */
};

/* Line number of s, counted from 1; empty if there is no such line.
 * O(bytes before it). */
struct source_line source_line(const struct source *s, int number);

#endif
