/*
 * psp.h - PodSecurityPolicy, of clusters before 1.25.
 */
#ifndef MODELS_PSP_H
#define MODELS_PSP_H
#include "models/object.h"

struct psp {
    struct meta meta;
    const struct value *raw;
    const struct value *spec;   /* of it, validated */
};

#define psp_seen(m) ((const struct psp *)(m))

#endif
