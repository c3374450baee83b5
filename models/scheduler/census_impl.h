/*
 * census_impl.h - how many pods match a selector, by node and by domain.
 *
 * The scheduler keeps its censuses from one cycle to the next and tells them of
 * every pod that is placed, leaves or begins to; a cycle without a book of
 * censuses (conformance tables, nodes as they might be) counts them anew.
 */
#ifndef SCHEDULER_CENSUS_IMPL_H
#define SCHEDULER_CENSUS_IMPL_H
#include "base/map.h"
#include "models/scheduler.h"

/* One value of a topology key. */
struct domain {
    int64_t pods;               /* that match, on its nodes that count */
    uint64_t mark;              /* the census's: seen */
};

/* What is counted.  A node counts for its domain if node_matches(spec) and it
 * has all `keys`. */
struct census_what {
    const char *space;
    const struct selector *selector;
    const char *key;
    const struct pod_spec *spec;        /* NULL: every node matches */
    const char *const *keys;
    size_t nkeys;
};

struct census {
    struct census_what what;
    struct map domains;         /* value -> struct domain: those of nodes that
                                 * count */
    /* By sched_node.slot: */
    struct domain **domain;     /* NULL: it has none */
    bool *counts;
    int32_t *pods;              /* matching ones, whether the node counts or
                                 * not */
    struct {
        const struct labels *labels;
        bool matches;
    } found[3];                 /* the last two; pods share their labels */
    uint64_t mark;              /* raised by who counts domains */
};

/* The census of what: that of the cycle's book, or a new one. */
struct census *census_find(const struct sched_cycle *c,
                         const struct census_what *what);

/* ---- a book of them, for a scheduler ------------------------------------ */

struct census_book;

struct census_book *census_book_new(struct arena *owner);

/* The nodes, their order or labels have changed: count anew. */
void census_book_clear(struct census_book *b);

/* A cycle begins, which holds no census yet: clear a full book. */
void census_book_begin(struct census_book *b);

/* p, which is not being deleted, has come to n (by 1) or goes (by -1). */
void census_book_add(struct census_book *b, const struct sched_node *n,
                    const struct placed *p, int by);

#endif
