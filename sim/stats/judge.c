/*
 * judge.c - Kayenta's judge: statistics, outliers, labels, scores.
 *
 * A metric is High if the whole interval of its shift lies above a share
 * (tolerance) of the estimated shift and its effect is at least what is
 * allowed; Low likewise.  A side whose values are all the same gets a little
 * scatter first if the other one is constant too, as Kayenta adds noise of
 * 1e-5 of the value; here it is the expected normal scores, so that a judgement
 * is a function of its samples.
 *
 * Not there: Nemenyi's test, report-only metrics.
 * Source: Kayenta a69573be; reference (progressive delivery) 3.1.
 */
#include "stats/judge.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include "base/bug.h"

/* ---- statistics --------------------------------------------------------- */

double judge_mean(struct sample s)
{
    return s.n > 0 ? gsl_stats_mean(s.x, 1, s.n) : NAN;
}

double judge_deviation(struct sample s)
{
    return s.n > 1 ? gsl_stats_sd(s.x, 1, s.n) : 0;
}

double judge_quantile(double p)
{
    return gsl_cdf_ugaussian_Pinv(p);
}

/* The values sorted; to be freed. */
static double *sorted(struct sample s)
{
    double *x = malloc((s.n + 1) * sizeof(*x));

    CHECK(x);
    if (s.n > 0) {
        memcpy(x, s.x, s.n * sizeof(*x));
        gsl_sort(x, 1, s.n);
    }
    return x;
}

static double percentile_of(const double *sorted_x, size_t n, double p)
{
    return gsl_stats_quantile_from_sorted_data(sorted_x, 1, n, p / 100);
}

double judge_percentile(struct sample s, double p)
{
    double *x = sorted(s), result = NAN;

    if (s.n > 0)
        result = percentile_of(x, s.n, p);
    free(x);
    return result;
}

double judge_mean_ratio(struct sample control, struct sample experiment)
{
    double c = judge_mean(control), e = judge_mean(experiment);

    return c == 0 || e == 0 ? NAN : e / c;
}

double judge_cles(struct sample control, struct sample experiment)
{
    double wins = 0;

    for (size_t i = 0; i < experiment.n; i++)
        for (size_t k = 0; k < control.n; k++)
            wins += experiment.x[i] > control.x[k] ? 1
                    : experiment.x[i] == control.x[k] ? 0.5 : 0;
    return wins / ((double)experiment.n * (double)control.n);
}

double judge_cohen_d(struct sample control, struct sample experiment)
{
    double nc = (double)control.n, ne = (double)experiment.n;
    double c = judge_deviation(control), e = judge_deviation(experiment);
    double pooled = sqrt(((nc - 1) * c * c + (ne - 1) * e * e) /
                         (nc + ne - 2));

    return fabs(judge_mean(experiment) - judge_mean(control)) / pooled;
}

/* ---- outliers ----------------------------------------------------------- */

void judge_outliers_iqr(struct sample s, double factor, bool *flags)
{
    double *x = sorted(s), q1, q3, low, high;

    if (s.n > 0) {
        q1 = percentile_of(x, s.n, 25);
        q3 = percentile_of(x, s.n, 75);
        low = fmin(percentile_of(x, s.n, 1), q1 - factor * (q3 - q1));
        high = fmax(percentile_of(x, s.n, 99), q3 + factor * (q3 - q1));
        for (size_t i = 0; i < s.n; i++)
            flags[i] = s.x[i] < low || s.x[i] > high;
    }
    free(x);
}

void judge_outliers_sigma(struct sample s, double factor, bool *flags)
{
    double mean = judge_mean(s), limit = factor * judge_deviation(s);

    for (size_t i = 0; i < s.n; i++)
        flags[i] = fabs(s.x[i] - mean) > limit;
}

/* ---- samples made ready ------------------------------------------------- */

/* Without NaN, and perhaps without outliers. */
static struct sample cleaned(const struct judge_metric *m, struct sample s,
                             struct arena *a)
{
    double *x = arena_many(a, double, s.n + 1);
    bool *far = arena_many(a, bool, s.n + 1);
    size_t n = 0, kept = 0;

    for (size_t i = 0; i < s.n; i++) {
        if (!isnan(s.x[i]))
            x[n++] = s.x[i];
        else if (m->replace)
            x[n++] = 0;
    }
    if (!m->outliers)
        return (struct sample){ x, n };
    judge_outliers_iqr((struct sample){ x, n }, m->outlier_factor, far);
    for (size_t i = 0; i < n; i++)
        if (!far[i])
            x[kept++] = x[i];
    return (struct sample){ x, kept };
}

static bool is_constant(struct sample s)
{
    for (size_t i = 1; i < s.n; i++)
        if (s.x[i] != s.x[0])
            return false;
    return true;
}

/* The same values in any order? */
static bool same_values(struct sample a, struct sample b)
{
    double *x, *y;
    bool same = true;

    if (a.n != b.n)
        return false;
    x = sorted(a);
    y = sorted(b);
    for (size_t i = 0; i < a.n; i++)
        same &= x[i] == y[i];
    free(x);
    free(y);
    return same;
}

/* The expected order statistics of noise of 1e-5 of the (constant) value. */
static struct sample scattered(struct sample s, struct arena *a)
{
    double *x = arena_many(a, double, s.n);

    for (size_t i = 0; i < s.n; i++)
        x[i] = s.x[i] + 1e-5 * fabs(s.x[i]) *
               judge_quantile(((double)i + 0.5) / (double)s.n);
    return (struct sample){ x, s.n };
}

/* ---- one metric --------------------------------------------------------- */

const char *const judge_labels[] = { "Pass", "High", "Low", "Nodata",
                                     "NodataFailMetric", "Error" };

struct judge_metric judge_metric_defaults(void)
{
    return (struct judge_metric){
        .tolerance = 0.25, .confidence = 0.98, .direction = JUDGE_EITHER,
        .allowed_low = 1, .allowed_high = 1,
        .critical_low = 1, .critical_high = 1, .outlier_factor = 3,
    };
}

static struct judgement without_data(const struct judge_metric *m)
{
    if (m->replace)
        return (struct judgement){ JUDGE_PASS, false };
    if (m->must_have_data && !m->critical)
        return (struct judgement){ JUDGE_NODATA_FAIL, false };
    return (struct judgement){ JUDGE_NODATA, m->critical };
}

static struct judgement compare(const struct judge_metric *m, struct sample c,
                                struct sample e, struct arena *a)
{
    double effect = m->cles ? judge_cles(c, e) : judge_mean_ratio(c, e);
    bool both = is_constant(c) && is_constant(e), unknown = isnan(effect);
    struct shift s = judge_shift(both ? scattered(c, a) : c,
                                 both ? scattered(e, a) : e, m->confidence);
    double bound = m->tolerance * fabs(s.estimate);

    if (m->direction != JUDGE_DECREASE && s.low > bound &&
        (unknown || effect >= m->allowed_high))
        return (struct judgement){ JUDGE_HIGH, m->critical &&
            (unknown || effect >= m->critical_high) };
    if (m->direction != JUDGE_INCREASE && s.high < -bound &&
        (unknown || effect <= m->allowed_low))
        return (struct judgement){ JUDGE_LOW, m->critical &&
            (unknown || effect <= m->critical_low) };
    return (struct judgement){ JUDGE_PASS, false };
}

struct judgement judge_classify(const struct judge_metric *m,
                                struct sample control,
                                struct sample experiment, struct arena *a)
{
    struct sample c = cleaned(m, control, a), e = cleaned(m, experiment, a);

    if (c.n == 0 || e.n == 0)
        return without_data(m);
    if (same_values(c, e) ||
        (is_constant(c) && is_constant(e) && c.x[0] == e.x[0]))
        return (struct judgement){ JUDGE_PASS, false };
    return compare(m, c, e, a);
}

/* ---- all of them -------------------------------------------------------- */

static bool is_first_of_group(const struct judge_result *r, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (strcmp(r[k].group, r[i].group) == 0)
            return false;
    return true;
}

/* 100 * Pass / (all with data). */
static double group_score(const struct judge_result *r, size_t n,
                          const char *group)
{
    size_t pass = 0, all = 0;

    for (size_t i = 0; i < n; i++) {
        if (strcmp(r[i].group, group) != 0 || r[i].label == JUDGE_NODATA ||
            r[i].label == JUDGE_ERROR)
            continue;
        all++;
        pass += r[i].label == JUDGE_PASS;
    }
    return all > 0 ? 100 * (double)pass / (double)all : 100;
}

static const struct judge_weight *weight_of(const struct judge_weight *w,
                                            size_t n, const char *group)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(w[i].group, group) == 0)
            return &w[i];
    return NULL;
}

/* Does the canary fail whatever its score? */
static bool fails_outright(const struct judge_result *r, size_t n)
{
    size_t blind = 0;

    for (size_t i = 0; i < n; i++) {
        if (r[i].critical && r[i].label != JUDGE_PASS)
            return true;
        blind += r[i].label == JUDGE_NODATA;
    }
    return n > 0 && 2 * blind >= n;
}

double judge_score(const struct judge_result *results, size_t n,
                   const struct judge_weight *weights, size_t nweights)
{
    double rest = 100, sum = 0;
    size_t unweighted = 0;

    if (fails_outright(results, n))
        return 0;
    for (size_t i = 0; i < nweights; i++)
        rest -= weights[i].weight;
    for (size_t i = 0; i < n; i++)
        unweighted += is_first_of_group(results, i) &&
                      !weight_of(weights, nweights, results[i].group);
    for (size_t i = 0; i < n; i++) {
        const struct judge_weight *w = weight_of(weights, nweights,
                                                 results[i].group);

        if (is_first_of_group(results, i))
            sum += group_score(results, n, results[i].group) / 100 *
                   (w ? w->weight : rest / (double)unweighted);
    }
    return round(sum * 100) / 100;
}

enum judge_verdict judge_verdict(double score, double pass, double marginal)
{
    return score >= pass       ? JUDGE_VERDICT_PASS
           : score >= marginal ? JUDGE_VERDICT_MARGINAL
                               : JUDGE_VERDICT_FAIL;
}
