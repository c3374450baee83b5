/*
 * judge.c - do as many requests fail, for the same reasons, as recorded?
 *
 * The distribution of the mean of k simulated runs is taken from resamples of
 * the replications (no law is assumed: most counts are skewed); the recorded
 * mean must lie within its central 99 %.  Where nothing failed in any recorded
 * run, the simulated probability of that must be at least 1 %.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/csv.h"
#include "io/yaml.h"
#include "kernel/rng.h"
#include "requests.h"

#define RESAMPLES 20000
#define RATE 200.0              /* requests per second of all clients */
#define LEAD_S 4.0              /* recorded before t = 0 */

const char *const group_names[GROUP_COUNT] = {
    "total", "no endpoint", "refused", "hang", "cut",
};

/* The groups that recorded causes belong to. */
static const struct {
    const char *cause;
    enum group group;
} recorded_causes[] = {
    { "no_endpoint", GROUP_NO_ENDPOINT },
    { "no_endpoint_hang", GROUP_HANG },
    { "refused_old", GROUP_REFUSED },
    { "refused_starting", GROUP_REFUSED },
    { "refused_other", GROUP_REFUSED },
    { "hang_dead", GROUP_HANG },
    { "hang_stale_conntrack", GROUP_HANG },
    { "hang_answer", GROUP_HANG },
    { "cut_in_flight", GROUP_CUT },
    { "cut_after_term", GROUP_CUT },
};

/* And the metrics. */
static const struct {
    const char *metric;
    enum group group;
} metrics[] = {
    { "failed_requests", GROUP_TOTAL },
    { "failed_no_endpoint", GROUP_NO_ENDPOINT },
    { "failed_refused", GROUP_REFUSED },
    { "failed_hang", GROUP_HANG },
    { "failed_timeout", GROUP_HANG },
    { "failed_reset", GROUP_CUT },
};

double mean_of(const double *x, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += x[i];
    return n ? sum / (double)n : 0;
}

static double number(const struct value *v)
{
    return v && v->type == VALUE_SCALAR ? strtod(v->u.text, NULL) : 0;
}

bool requests_recorded(struct arena *a, const char *folder,
                       struct recorded *out)
{
    struct yaml_stream y = { 0 };
    struct err_list errors;
    const struct value *mean, *causes;

    err_init(&errors, a);
    *out = (struct recorded){ 0 };
    if (yaml_load_file(a, arena_printf(a, "%s/summary.json", folder), true,
                       NULL, &y, &errors) != SIM_OK || y.docs.len == 0)
        return false;
    mean = value_get(y.docs.items[0].root, "mean");
    causes = value_get(mean, "by_cause");
    out->mean[GROUP_TOTAL] = number(value_get(mean, "failed"));
    for (size_t i = 0; i < sizeof(recorded_causes) /
                               sizeof(recorded_causes[0]); i++)
        out->mean[recorded_causes[i].group] +=
            number(value_get(causes, recorded_causes[i].cause));
    out->runs = value_get(mean, "failed_runs")
                    ? value_get(mean, "failed_runs")->len : 1;
    out->seconds = number(value_get(mean, "requests")) / RATE - LEAD_S;
    return true;
}

bool requests_simulated(struct arena *a, const char *csv,
                        struct simulated *out, struct err_list *errors)
{
    struct csv_table t;
    int rep, metric, value;

    if (csv_read_file(a, arena_printf(a, "%s/metrics.csv", csv), true, NULL,
                      &t, errors) != SIM_OK)
        return false;
    rep = csv_column(&t, "replication");
    metric = csv_column(&t, "metric");
    value = csv_column(&t, "value");
    out->n = 0;
    for (size_t i = 0; i < t.len; i++) {
        size_t r = (size_t)atoi(csv_get(&t, i, (size_t)rep));

        out->n = r + 1 > out->n ? r + 1 : out->n;
    }
    for (int g = 0; g < GROUP_COUNT; g++)
        out->x[g] = arena_many(a, double, out->n);
    for (size_t i = 0; i < t.len; i++) {
        size_t r = (size_t)atoi(csv_get(&t, i, (size_t)rep));

        for (size_t k = 0; k < sizeof(metrics) / sizeof(metrics[0]); k++)
            if (strcmp(csv_get(&t, i, (size_t)metric),
                       metrics[k].metric) == 0)
                out->x[metrics[k].group][r] +=
                    strtod(csv_get(&t, i, (size_t)value), NULL);
    }
    return true;
}

/* ---- the judgement -------------------------------------------------------------------- */

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

/* Central 99 % of the mean of k replications. */
static void predict(struct arena *a, const double *x, size_t n, size_t k,
                    double *low, double *high)
{
    double *means = arena_many(a, double, RESAMPLES);
    struct stream s;

    stream_init(&s, 1, 200, k, 0);
    for (size_t i = 0; i < RESAMPLES; i++) {
        double sum = 0;

        for (size_t j = 0; j < k; j++)
            sum += x[stream_below(&s, (uint32_t)n)];
        means[i] = sum / (double)k;
    }
    qsort(means, RESAMPLES, sizeof(*means), by_size);
    *low = means[RESAMPLES / 200];
    *high = means[RESAMPLES - 1 - RESAMPLES / 200];
}

/* Summaries print one decimal. */
#define ROUNDING 0.06

const char *requests_judge(struct arena *a, const struct recorded *r,
                           const struct simulated *s)
{
    for (int g = 0; g < GROUP_COUNT; g++) {
        double low, high;
        size_t none = 0;

        for (size_t i = 0; i < s->n; i++)
            none += s->x[g][i] == 0;
        if (r->mean[g] == 0 &&
            pow((double)none / (double)s->n, (double)r->runs) >= 0.01)
            continue;
        predict(a, s->x[g], s->n, r->runs, &low, &high);
        if (r->mean[g] < low - ROUNDING || r->mean[g] > high + ROUNDING)
            return arena_printf(a, "%s: recorded %.1f, simulated %.1f "
                                   "[%.1f, %.1f]", group_names[g],
                                r->mean[g], mean_of(s->x[g], s->n), low,
                                high);
    }
    return NULL;
}
