/*
 * config.h - ConfigMap, Secret and Namespace objects.
 */
#ifndef MODELS_CONFIG_H
#define MODELS_CONFIG_H
#include "models/object.h"

struct config {
    struct meta meta;
    const struct value *data;   /* keys and values, as pods see them; NULL */
    bool immutable;
    const struct value *raw;    /* the object as stored */
};

#define config_seen(m) ((const struct config *)(m))

#endif
