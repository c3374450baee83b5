/*
 * judging.h - guards that judge as Kayenta does: new version against old.
 *
 * Once in `sample` every metric is read for both versions; once in `interval`
 * all samples since the release (or of the last `lookback`) are judged
 * (stats/judge.h).  A score below `marginal` ends it at once, and whoever the
 * guard stands for acts; at the end of `lifetime` a score below `pass` does.
 */
#ifndef MODELS_JUDGING_H
#define MODELS_JUDGING_H
#include "models/spec.h"
#include "stats/judge.h"

struct world;

/* One metric and how it is judged. */
struct judged_metric {
    enum seen what;             /* one with a window */
    struct judge_metric how;
    const char *group;          /* in which it counts */
    double weight;              /* of that group, of 100; 0: its share of what
                                 * the others leave */
};

struct judge_spec {
    const struct judged_metric *metrics;
    size_t n;
    sim_time sample, interval, delay, lookback, lifetime;
    double pass, marginal;      /* scores, of 100 */
};

/* Begin; failed(ctx) is called once, when the canary has failed.  Called by
 * guards_start; the spec has a release. */
void judging_start(struct world *w, const struct judge_spec *spec,
                   void (*failed)(void *ctx), void *ctx);

#endif
