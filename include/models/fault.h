/*
 * fault.h - what goes wrong by itself (scenario: faults).
 *
 * A fault strikes at its time and, if it lasts, heals after it.  To add one: a
 * file in models/fault/ that ends in `const struct fault_ops fault_<id>`, and
 * a line in include/models/faults.list.
 */
#ifndef MODELS_FAULT_H
#define MODELS_FAULT_H
#include "base/field.h"
#include "kernel/rng.h"
#include "models/spec.h"

struct world;

struct fault_ops {
    const char *name;           /* the key that chooses it: "kill" */
    const char *doc;            /* one sentence */
    const struct field *fields; /* of the item, without `at` and `for` */
    size_t spec_size;
    /* Something that the fields cannot say is wrong: a sentence, or NULL. */
    const char *(*check)(const struct spec *s, const void *fault);
    /* luck: the fault's own stream. */
    void (*strike)(struct world *w, const void *fault, struct stream *luck);
    void (*heal)(struct world *w, const void *fault);   /* NULL: at once over */
};

#define FAULT(id) extern const struct fault_ops fault_##id;
#include "models/faults.list"
#undef FAULT

/* All of them; *n is their number. */
const struct fault_ops *const *fault_table(size_t *n);

/* Is this "node/NAME" of a pool of the cluster?  And that node now; NULL if it
 * is not there. */
bool fault_node_known(const struct spec *s, const char *node);
bool fault_pool_node(const struct spec *s, const char *node);
const struct meta *fault_node(const struct world *w, const char *node);

/* Schedule the faults of w->spec.  Called once by world_new. */
void faults_start(struct world *w);

#endif
