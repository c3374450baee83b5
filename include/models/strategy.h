/*
 * strategy.h - ways to release a new version.
 *
 * A strategy of Kubernetes itself is a few fields of the Deployment: `patch`
 * gives them, app lays them over the manifests before anything runs, and the
 * release is `kubectl set image`.  One that needs a controller of its own
 * (blue/green, canary) sets it up in `start` and begins in `release`.
 *
 * To add one: a file in models/strategy/ that ends in `const struct
 * strategy_ops strategy_<id>`, and a line in include/models/strategies.list.
 */
#ifndef MODELS_STRATEGY_H
#define MODELS_STRATEGY_H
#include "base/field.h"
#include "base/vec.h"
#include "models/spec.h"

struct world;

/* What a strategy makes of the released Deployment. */
struct conversion {
    struct arena *arena;
    struct err_list *errors;
    const void *spec;           /* of the strategy */
    const struct value *given;  /* its block as written */
    struct mark mark;           /* of the strategy */
    const struct value *deployment;     /* after all patches */
    const char *name, *space;
    const struct spec *scenario;        /* all but its manifests */
    const struct value *const *services;        /* that select its pods */
    size_t nservices;
    VEC(const struct value *) out;      /* what stands in its place */
};

struct strategy_ops {
    const char *name;           /* its key in a scenario: "rollingUpdate" */
    const char *doc;            /* one sentence */
    enum kind workload;         /* that it releases; KIND_NONE: Deployment */
    const struct field *fields;
    size_t spec_size;
    /* What it writes into the released Deployment (strategic merge); NULL if
     * nothing.  given: the block as the user wrote it, for marks. */
    const struct value *(*patch)(struct arena *a, const void *spec,
                                 const struct value *given);
    /* Objects that stand in the place of the Deployment: c->out, one of them a
     * workload of its name.  NULL: the Deployment itself.  Faults go to
     * c->errors. */
    void (*convert)(struct conversion *c);
    /* Called once per world, after the manifests; NULL: nothing to set up. */
    void (*start)(struct world *w, const void *spec);
    /* Release spec->release at its time; NULL: kubectl set image. */
    void (*release)(struct world *w, const void *spec);
    /* Somebody, or something, types `rollout undo` of the released workload.
     * True: the strategy takes it back in its own way; false, or NULL: as
     * kubectl does. */
    bool (*undo)(struct world *w, const void *spec);
};

#define STRATEGY(id) extern const struct strategy_ops strategy_##id;
#include "models/strategies.list"
#undef STRATEGY

/* All of them; *n is their number. */
const struct strategy_ops *const *strategy_table(size_t *n);

/* The one with this name, or NULL. */
const struct strategy_ops *strategy_find(const char *name);

#endif
