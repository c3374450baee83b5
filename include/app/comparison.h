/*
 * comparison.h - strategies against one of them: what was found, and how sure.
 *
 * Every strategy is compared with the baseline in each metric (mean of the
 * paired differences) and in each happening that varies (paired shares).  All
 * of these are one family: p-values by Holm, intervals by Bonferroni, so that
 * with the scenario's confidence not one of its findings is wrong.  A
 * happening that has no discordant pair at all cannot be significant and does
 * not count (Tarone 1990).
 */
#ifndef APP_COMPARISON_H
#define APP_COMPARISON_H
#include "app/happening.h"
#include "stats/pair.h"

enum finding {
    FINDING_SAME,               /* equal in every replication */
    FINDING_BETTER, FINDING_WORSE,
    FINDING_HIGHER, FINDING_LOWER,      /* where neither is better by itself */
    FINDING_EQUAL,              /* the interval lies within the tolerance,
                                 * significant or not */
    FINDING_NONE,               /* no difference shown */
    FINDING_UNDEFINED,          /* fewer than two pairs */
};
extern const char *const finding_words[];       /* "same", "better", ... */

/* A row: a metric, or (share) a happening. */
struct subject {
    const char *name;
    bool share;
    enum metric metric;
    enum happening happening;   /* of a share */
    enum metric_better better;
};

struct difference {
    const struct subject *subject;
    size_t variant;
    struct pairing pairing;     /* of a share: of 0 and 1; its interval is
                                 * Newcombe's, its p McNemar's */
    double adjusted;            /* Holm's p over all of the table */
    double unpaired;            /* replications that the same width would take
                                 * without pairing; NaN if unknown */
    enum finding finding;
};

struct comparison {
    const struct experiment *experiment;
    size_t baseline;
    double confidence;          /* of all together */
    double within;              /* tolerance, a share of the baseline's mean;
                                 * of an availability, of what fails */
    const struct subject *subjects;
    size_t nsubjects;
    const struct difference *differences;       /* subject by subject, then by
                                                 * variant, the baseline left
                                                 * out */
};

/* Compare in n metrics (0: the usual ones), in a.  e->n >= 2 and at least two
 * variants. */
struct comparison *compare_strategies(const struct experiment *e,
                                      struct arena *a, size_t baseline,
                                      const enum metric *metrics, size_t n,
                                      double within);

/* The difference of variant v (not the baseline) in subject i. */
const struct difference *comparison_of(const struct comparison *c, size_t i,
                                       size_t v);

/* "rolling is better than recreate in downtime, worse in peak_pods; no
 * difference shown in latency_p99." */
const char *comparison_verdict(struct arena *a, const struct comparison *c,
                               size_t v);

/* How strongly pairing correlates the first metric, and how many replications
 * would be needed without it, over all strategies; NULL if unknown. */
const char *comparison_pairing(struct arena *a, const struct comparison *c);

#endif
