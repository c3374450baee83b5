/*
 * cause.c - the names of the causes of failure.
 */
#include "models/request.h"

#include <stddef.h>

const char *const cause_names[CAUSE_COUNT + 1] = {
    "",
#define CAUSE(id, name, doc) #name,
#include "models/causes.list"
#undef CAUSE
    NULL,
};
