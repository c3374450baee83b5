/*
 * priority.h - the PriorityClass object: who may push whom off a node.
 */
#ifndef MODELS_PRIORITY_H
#define MODELS_PRIORITY_H
#include "models/object.h"

struct priority_class {
    struct meta meta;
    int value;
    bool global_default;        /* of pods that name no class */
    bool never;                 /* preemptionPolicy Never */
    const struct value *raw;
};

#define priority_class_of(m) ((struct priority_class *)(m))
#define priority_class_seen(m) ((const struct priority_class *)(m))

#endif
