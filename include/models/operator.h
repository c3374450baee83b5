/*
 * operator.h - operators: control loops for custom resources (scenario:
 * cluster.operators).
 *
 * An operator keeps the objects that its manifests describe, filled in from
 * each custom resource of its kind, and brings a change of the resource about
 * phase by phase.  See models/control/operator.c.
 */
#ifndef MODELS_OPERATOR_H
#define MODELS_OPERATOR_H
#include "kernel/dist.h"
#include "models/custom.h"
#include "models/guard.h"

struct world;
struct spec;
struct operators;

enum operator_trigger { TRIGGER_LEVEL, TRIGGER_EDGE };
enum operator_failure { FAILURE_STOP, FAILURE_ROLLBACK };

/* A step on the way to what a resource asks for. */
struct operator_phase {
    const char *name;
    bool roll;                  /* write the objects, wait until all have
                                 * rolled out; else work that takes time */
    struct dist takes;
    double fails;               /* chance that a try comes to nothing */
    int backoff_limit;          /* tries after the first */
    const char *fails_when;     /* as written, NULL: a condition over what is
                                 * seen while it runs */
    struct guard_condition condition;
    sim_time timeout;           /* of the phase as a whole; 0: none */
    int on_failure;             /* enum operator_failure */
};

struct operator_finalizer {
    const char *name;           /* "example.com/backup" */
    struct dist takes;          /* the work before a resource may go */
};

struct operator_spec {
    const char *name;
    const char *kind;           /* that it is for: "Database", or
                                 * "Database.example.com" */
    const char *type;           /* of its resources: "database.example.com" */
    int trigger;                /* enum operator_trigger */
    int workers;
    sim_time resync;            /* 0: never */
    struct dist reconcile;      /* its own work before its first call */
    struct field_list phases;   /* struct operator_phase */
    struct operator_finalizer *finalizer;       /* NULL: none */
    const struct value *owns;   /* as written: a list of manifests */
    const struct value *const *manifests;
    size_t nmanifests;
    struct mark mark;
};

/* The objects that the manifests of an operator say for one resource, read as
 * the API server reads them: $(spec.version) and the like are what the resource
 * says there, a missing name and namespace its own.  nmanifests objects of a;
 * NULL after an error. */
const struct meta *const *operator_objects(struct arena *a,
                                           const struct operator_spec *o,
                                           const struct value *resource,
                                           struct err_list *errors);

/* Start the operators of w's spec.  Called once by world_new. */
void operators_new(struct world *w);

/* The process of the operator called name ends, or is there again. */
void operator_stop(struct world *w, const char *name, bool stopped);
const struct operator_spec *operator_named(const struct spec *s,
                                           const char *name);

#endif
