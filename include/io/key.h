/*
 * key.h - names for contents: 128 bits of SHA-256.
 *
 * Equal contents have equal keys, on every machine and for ever; so a result
 * is found again by what was simulated and not by a file's name.
 */
#ifndef IO_KEY_H
#define IO_KEY_H
#include <stddef.h>

#define KEY_ROOM 33             /* 32 hexadecimal digits and NUL */

/* The key of len bytes: the first half of their SHA-256, in lower-case
 * hexadecimal.  Returns room. */
char *key_of(char room[KEY_ROOM], const void *data, size_t len);

#endif
