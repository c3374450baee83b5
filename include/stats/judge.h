/*
 * judge.h - Kayenta's judge: is a canary's metric like its baseline's?
 *
 * Each metric has samples of the control (baseline) and of the experiment
 * (canary), usually one a minute.  A Mann-Whitney test gives an interval for
 * the shift between them; a shift that is large enough makes the metric High
 * or Low; groups of metrics are scored.  Where there are too few samples for the
 * confidence, the interval ends at the least and the greatest difference: then
 * samples that are wholly apart are told apart, whatever the confidence.
 *
 * Functions are pure; samples are borrowed, in any order, and may hold NaN
 * only where it says so.
 */
#ifndef STATS_JUDGE_H
#define STATS_JUDGE_H
#include <stdbool.h>
#include <stddef.h>
#include "base/arena.h"

struct sample {
    const double *x;
    size_t n;
};

/* ---- statistics --------------------------------------------------------- */

/* The p-th percentile, 0 <= p <= 100, by linear interpolation at (n - 1) p /
 * 100 of the sorted values; NaN if there are none. */
double judge_percentile(struct sample s, double p);
double judge_mean(struct sample s);             /* NaN if empty */
double judge_deviation(struct sample s);        /* of n - 1; 0 below two */

/* The p-quantile of the standard normal distribution, 0 < p < 1. */
double judge_quantile(double p);

/* Effects.  Ratio of means, experiment / control: NaN if either is 0. */
double judge_mean_ratio(struct sample control, struct sample experiment);
/* P(a value of the experiment is greater than one of the control), ties
 * half. */
double judge_cles(struct sample control, struct sample experiment);
/* Difference of means in pooled standard deviations, without its sign. */
double judge_cohen_d(struct sample control, struct sample experiment);

/* ---- Mann-Whitney ------------------------------------------------------- */

struct shift {                  /* of the experiment against the control */
    double low, high;           /* interval; NaN: all values are tied */
    double estimate;
};

/* The shift with this confidence; both samples hold a value.  Found by Brent's
 * method to 1e-4, as the real one: with many ties the digits beyond are of no
 * meaning. */
struct shift judge_shift(struct sample control, struct sample experiment,
                         double confidence);

/* ---- outliers ----------------------------------------------------------- */

/* flags[i]: does x[i] lie outside the fences min(p1, Q1 - factor IQR) and
 * max(p99, Q3 + factor IQR)? */
void judge_outliers_iqr(struct sample s, double factor, bool *flags);
/* flags[i]: is x[i] more than factor standard deviations from the mean? */
void judge_outliers_sigma(struct sample s, double factor, bool *flags);

/* ---- one metric --------------------------------------------------------- */

enum judge_label { JUDGE_PASS, JUDGE_HIGH, JUDGE_LOW, JUDGE_NODATA,
                   JUDGE_NODATA_FAIL, JUDGE_ERROR };
extern const char *const judge_labels[];        /* "Pass", "High", ... */

enum judge_direction { JUDGE_INCREASE, JUDGE_DECREASE, JUDGE_EITHER };

struct judge_metric {           /* how a metric is judged */
    double tolerance;           /* of the estimated shift: 0.25 */
    double confidence;          /* 0.98 */
    bool cles;                  /* effect: CLES instead of the mean ratio */
    double allowed_low, allowed_high;   /* effects: 1, 1; CLES 0.5, 0.5 */
    double critical_low, critical_high; /* effects beyond which a critical
                                         * metric fails the canary: 1, 1 */
    enum judge_direction direction;     /* what counts as a problem */
    bool replace;               /* NaN becomes 0; else it is left out */
    bool outliers;              /* leave outliers out (IQR, factor) */
    double outlier_factor;      /* 3 */
    bool critical;
    bool must_have_data;
};

/* The standard judge: either direction, mean ratio, nothing critical. */
struct judge_metric judge_metric_defaults(void);

struct judgement {
    enum judge_label label;
    bool fails;                 /* critical: the whole canary fails */
};

/* NaN in a sample is removed or replaced; a is for the call. */
struct judgement judge_classify(const struct judge_metric *m,
                                struct sample control,
                                struct sample experiment, struct arena *a);

/* ---- all of them -------------------------------------------------------- */

struct judge_result {
    const char *group;
    enum judge_label label;
    bool critical;              /* it is judge_classify's `fails` */
};

struct judge_weight {
    const char *group;
    double weight;              /* of 100 */
};

/* 0 to 100, rounded to two decimals.  Groups without a weight share what the
 * others leave; a group without data counts as 100.  0 if a critical metric is
 * not Pass, or if half of the metrics or more have no data. */
double judge_score(const struct judge_result *results, size_t n,
                   const struct judge_weight *weights, size_t nweights);

enum judge_verdict { JUDGE_VERDICT_PASS, JUDGE_VERDICT_MARGINAL,
                     JUDGE_VERDICT_FAIL };

/* pass, marginal: 95, 75 as a rule. */
enum judge_verdict judge_verdict(double score, double pass, double marginal);

#endif
