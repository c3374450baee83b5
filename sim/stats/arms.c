/*
 * arms.c - two arms: z-test, always-valid p-value, posteriors, Thompson.
 *
 * The mixture SPRT puts a normal prior of variance tau^2 on the difference;
 * with the variance v of the observed one its likelihood ratio is
 * sqrt(v / (v + tau^2)) exp(tau^2 d^2 / (2 v (v + tau^2))), and 1 over its
 * greatest value so far is a p-value at any time.  v is estimated from rates
 * with half a success and half a failure added, or the first failure of all
 * would end the test.
 *
 * Not there: weights for units that come in clusters.  Requests of one user
 * are no independent units: test users where users are assigned.
 * Source: Johari, Koomen, Pekelis & Walsh, Peeking at A/B tests, 2017; Evan
 * Miller, Formulas for Bayesian A/B testing (the sum over beta functions);
 * reference (progressive delivery) 3.3, 3.4, 3.7.
 */
#include "stats/arms.h"
#include <math.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_sf_gamma.h>
#include "base/bug.h"

/* ---- fixed size --------------------------------------------------------- */

static double rate_of(struct arm a)
{
    return (double)a.good / (double)a.n;
}

double arms_p_value(struct arm a, struct arm b)
{
    double na = (double)a.n, nb = (double)b.n, p, sd;

    if (a.n == 0 || b.n == 0)
        return 1;
    p = (double)(a.good + b.good) / (na + nb);
    sd = sqrt(p * (1 - p) * (1 / na + 1 / nb));
    if (sd == 0)
        return 1;
    return 2 * gsl_cdf_ugaussian_Q(fabs(rate_of(b) - rate_of(a)) / sd);
}

double arms_power(double pa, double pb, uint64_t na, uint64_t nb,
                  double alpha)
{
    double a = (double)na, b = (double)nb;
    double p = (a * pa + b * pb) / (a + b);
    double null_sd = sqrt(p * (1 - p) * (1 / a + 1 / b));
    double sd = sqrt(pa * (1 - pa) / a + pb * (1 - pb) / b);
    double limit = gsl_cdf_ugaussian_Qinv(alpha / 2) * null_sd;

    return gsl_cdf_ugaussian_Q((limit - (pb - pa)) / sd) +
           gsl_cdf_ugaussian_P((-limit - (pb - pa)) / sd);
}

double arms_split_p(uint64_t na, uint64_t nb, double share)
{
    double n = (double)(na + nb), off = (double)nb - share * n;

    if (n == 0)
        return 1;
    return gsl_cdf_chisq_Q(off * off / (n * share * (1 - share)), 1);
}

/* ---- at any time -------------------------------------------------------- */

struct msprt msprt_start(double tau)
{
    CHECK(tau > 0);
    return (struct msprt){ .tau = tau, .p = 1 };
}

static double variance_of(struct arm a)
{
    double p = ((double)a.good + 0.5) / ((double)a.n + 1);

    return p * (1 - p) / (double)a.n;
}

double msprt_look(struct msprt *t, struct arm a, struct arm b)
{
    double v, d, tau2 = t->tau * t->tau, log_ratio;

    if (a.n == 0 || b.n == 0)
        return t->p;
    v = variance_of(a) + variance_of(b);
    d = rate_of(b) - rate_of(a);
    log_ratio = 0.5 * log(v / (v + tau2)) +
                tau2 * d * d / (2 * v * (v + tau2));
    t->p = fmin(t->p, exp(-log_ratio));
    return t->p;
}

/* ---- Bayes -------------------------------------------------------------- */

struct posterior {              /* a beta distribution */
    double good, bad;
};

static struct posterior posterior_of(struct arm a)
{
    return (struct posterior){ 1 + (double)a.good,
                               1 + (double)(a.n - a.good) };
}

/* P(y > x); the good of y is a whole number. */
static double sum_over_good(struct posterior x, struct posterior y)
{
    double sum = 0, base = gsl_sf_lnbeta(x.good, x.bad);

    for (double i = 0; i < y.good; i++)
        sum += exp(gsl_sf_lnbeta(x.good + i, x.bad + y.bad) -
                   log(y.bad + i) - gsl_sf_lnbeta(1 + i, y.bad) - base);
    return sum;
}

/* P(y > x), over the shorter of two sums: y > x just where 1 - x > 1 - y. */
static double exceeds(struct posterior x, struct posterior y)
{
    struct posterior fx = { x.bad, x.good }, fy = { y.bad, y.good };

    if (y.good <= y.bad)
        return fmin(sum_over_good(x, y), 1);
    return fmax(1 - sum_over_good(fx, fy), 0);
}

double arms_better(struct arm a, struct arm b)
{
    return exceeds(posterior_of(a), posterior_of(b));
}

double arms_loss(struct arm a, struct arm b)
{
    struct posterior x = posterior_of(a), y = posterior_of(b);
    struct posterior x1 = { x.good + 1, x.bad }, y1 = { y.good + 1, y.bad };
    double mx = x.good / (x.good + x.bad), my = y.good / (y.good + y.bad);

    /* E[a; a > b] - E[b; a > b], each by a beta with one success more. */
    return fmax(mx * exceeds(y, x1) - my * exceeds(y1, x), 0);
}

/* ---- bandit ------------------------------------------------------------- */

double arms_thompson(struct arm a, struct arm b, unsigned draws, double floor,
                     struct stream *s)
{
    gsl_rng r = { rng_philox, s };
    struct posterior x = posterior_of(a), y = posterior_of(b);
    unsigned won = 0;

    CHECK(draws > 0 && floor >= 0 && floor <= 0.5);
    for (unsigned i = 0; i < draws; i++)
        won += gsl_ran_beta(&r, y.good, y.bad) >
               gsl_ran_beta(&r, x.good, x.bad);
    return fmin(fmax((double)won / draws, floor), 1 - floor);
}
