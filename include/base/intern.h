/*
 * intern.h - one copy of each string.
 *
 * Two interned strings of one table are equal if and only if their pointers
 * are.  A table is written by one thread; read-only use may be shared.
 */
#ifndef BASE_INTERN_H
#define BASE_INTERN_H
#include "base/map.h"

struct intern {
    struct map table;
};

/* An empty table in a. */
void intern_init(struct intern *in, struct arena *a);

/* The one copy of s in the table, made if there is none yet. */
const char *intern(struct intern *in, const char *s);

/* The one copy of s, or NULL if s was never interned. */
const char *intern_find(const struct intern *in, const char *s);

#endif
