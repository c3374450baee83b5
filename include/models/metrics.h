/*
 * metrics.h - the table of metrics.
 */
#ifndef MODELS_METRICS_H
#define MODELS_METRICS_H

struct world;

enum metric {
#define METRIC(id, name, unit, better, doc) METRIC_##id,
#include "models/metrics.list"
#undef METRIC
    METRIC_COUNT
};

enum metric_better { BETTER_NONE, BETTER_LOWER, BETTER_HIGHER };

struct metric_row {
    const char *name, *unit, *doc;
    enum metric_better better;
};

/* The row of a metric; and the metric called name, METRIC_COUNT if none. */
const struct metric_row *metric_row(enum metric m);
enum metric metric_find(const char *name);

/* All metrics of a finished run (after world_run); NaN where undefined. */
void metrics_of(const struct world *w, double out[METRIC_COUNT]);

#endif
