/*
 * search.h - the best of many cells for a given number of replications.
 *
 * A search has three parts.  First it finds a few finalists: by successive
 * halving, by optimal computing budget allocation, or not at all (KN: every
 * cell is one).  Then Kim and Nelson's procedure compares the finalists on
 * replications that played no part in choosing them, so that its guarantee
 * holds among them: the winner is the best finalist, or within delta of it,
 * with the given confidence, if the budget lasts until it is finished.  What
 * is left is spent on whether the winner keeps its promises.
 *
 * Cells may have to keep promises.  One that surely breaks them is out; one
 * that seems to is behind all that seem to keep them, and rules none of them
 * out; among those, the one that breaks them least is first.  While finalists
 * are sought, half an interval beyond a promise is forgiven.
 */
#ifndef STATS_SEARCH_H
#define STATS_SEARCH_H
#include <stdbool.h>
#include <stddef.h>
#include "base/arena.h"
#include "stats/select.h"

#define SEARCH_FINALISTS 3      /* at most, but for KN */

enum search_method { SEARCH_HALVING, SEARCH_OCBA, SEARCH_KN };

/* Does a cell keep its promises, as far as its first n replications tell? */
enum fit { FIT_YES, FIT_LIKELY, FIT_UNLIKELY, FIT_NO };

struct search {
    size_t k;                   /* cells; at least 1 */
    size_t budget;              /* replications in all; at least 2 a cell */
    double delta;               /* indifference, in the metric's unit */
    double relative;            /* if delta is 0: as a share of the mean of
                                 * the best finalist */
    double confidence;
    enum search_method method;
    void *ctx;
    /* Run replications 0 .. until[i] - 1 of each cell i; false: it was ended
     * early, and so is the search. */
    bool (*extend)(void *ctx, const size_t *until);
    /* A result; smaller is better; NaN is worse than anything. */
    double (*value)(void *ctx, size_t cell, size_t replication);
    /* Sets *excess: by how much the promises seem broken, in half-widths of
     * the intervals that tell.  NULL: all FIT_YES. */
    enum fit (*fit)(void *ctx, size_t cell, size_t n, double *excess);
};

struct found {
    size_t best;                /* k if every cell is FIT_NO */
    bool confirmed;             /* the guarantee holds among the finalists, and
                                 * the best one is FIT_YES */
    bool ended;                 /* extend returned false */
    double delta;               /* that was used */
    size_t used;                /* replications */
    size_t *n;                  /* of each cell */
    size_t nfinalists;
    size_t *finalists;          /* best first */
    enum standing *standing;    /* of each finalist, beside the best one, on
                                 * the replications that only they have */
};

/* Search.  Everything in *out is in a. */
void search_run(struct arena *a, const struct search *s, struct found *out);

#endif
