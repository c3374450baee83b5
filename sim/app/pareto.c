/*
 * pareto.c - the efficient set.
 */
#include "app/pareto.h"
#include <math.h>

const enum metric pareto_metrics[PARETO_METRICS] = {
    METRIC_FAILED_REQUESTS, METRIC_ROLLOUT_SECONDS, METRIC_EXTRA_POD_SECONDS
};

/* The mean over replications 0 .. n - 1; infinite if one is undefined. */
static double mean_of(const struct experiment *e, size_t v, size_t n,
                      enum metric m)
{
    double sum = 0;

    for (size_t r = 0; r < n; r++)
        sum += experiment_value(e, v, r, m);
    return n == 0 || isnan(sum) ? INFINITY : sum / (double)n;
}

/* Is x better than y somewhere and nowhere worse? */
static bool beats(const struct experiment *e, size_t x, size_t y,
                  const enum metric *metrics, size_t d)
{
    size_t nx = e->columns[x].n, ny = e->columns[y].n;
    bool better = false;

    for (size_t i = 0; i < d; i++) {
        double a = mean_of(e, x, nx < ny ? nx : ny, metrics[i]);
        double b = mean_of(e, y, nx < ny ? nx : ny, metrics[i]);

        if (a > b)
            return false;
        better |= a < b;
    }
    return better;
}

void pareto_front(const struct experiment *e, const enum metric *metrics,
                  size_t d, bool *front)
{
    size_t k = e->scenario->nvariants;

    for (size_t v = 0; v < k; v++) {
        front[v] = true;
        for (size_t i = 0; i < d; i++)
            front[v] &= isfinite(mean_of(e, v, e->columns[v].n, metrics[i]));
        for (size_t w = 0; w < k && front[v]; w++)
            front[v] = w == v || !beats(e, w, v, metrics, d);
    }
}
