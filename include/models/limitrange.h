/*
 * limitrange.h - the LimitRange object: defaults and bounds of what pods,
 * containers and claims of a namespace ask for.
 */
#ifndef MODELS_LIMITRANGE_H
#define MODELS_LIMITRANGE_H
#include "models/amounts.h"
#include "models/object.h"

enum limit_type { LIMIT_CONTAINER, LIMIT_POD, LIMIT_CLAIM };
extern const char *const limit_type_names[4];   /* NULL-terminated */

struct limit_item {
    enum limit_type type;
    struct amounts min, max, ratio;     /* ratio: maxLimitRequestRatio */
    struct amounts limit, request;      /* of CONTAINER: default and
                                         * defaultRequest, completed */
};

struct limit_range {
    struct meta meta;
    const struct limit_item *items;
    size_t len;
    const struct value *raw;
};

#define limit_range_of(m) ((struct limit_range *)(m))
#define limit_range_seen(m) ((const struct limit_range *)(m))

#endif
