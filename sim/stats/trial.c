/*
 * trial.c - sizes of A/B tests, error rates of gates, Wald's sequential test.
 *
 * Source: Fleiss, Levin & Paik, Statistical Methods for Rates and Proportions
 * (2003), 4 (pooled formula); Wald, Sequential Analysis (1947).
 */
#include "stats/trial.h"
#include <math.h>
#include <gsl/gsl_cdf.h>
#include "base/bug.h"

double trial_size(double p1, double p2, double alpha, bool two_sided,
                  double power, double w)
{
    double k = w / (1 - w);     /* new observations per old one */
    double pooled = (p1 + k * p2) / (1 + k);
    double za = gsl_cdf_ugaussian_Qinv(two_sided ? alpha / 2 : alpha);
    double zb = gsl_cdf_ugaussian_Pinv(power);
    double a = za * sqrt(pooled * (1 - pooled) * (1 + 1 / k));
    double b = zb * sqrt(p1 * (1 - p1) + p2 * (1 - p2) / k);

    CHECK(w > 0 && w < 1);
    return k * (a + b) * (a + b) / ((p2 - p1) * (p2 - p1));
}

double trial_gate(size_t n, size_t limit, double p)
{
    return gsl_cdf_binomial_Q((unsigned)limit, p, (unsigned)n);
}

struct sprt sprt_start(double p0, double p1, double alpha, double beta)
{
    CHECK(0 < p0 && p0 < p1 && p1 < 1);
    return (struct sprt){
        .fail = log(p1 / p0),
        .pass = log((1 - p1) / (1 - p0)),
        .accept = log(beta / (1 - alpha)),
        .abort = log((1 - beta) / alpha),
    };
}

enum sprt_state sprt_add(struct sprt *t, size_t failures, size_t successes)
{
    t->llr += (double)failures * t->fail + (double)successes * t->pass;
    if (t->llr >= t->abort)
        return SPRT_ABORT;
    return t->llr <= t->accept ? SPRT_ACCEPT : SPRT_OPEN;
}

double sprt_mean(double p0, double p1, double alpha, double beta, bool bad)
{
    struct sprt t = sprt_start(p0, p1, alpha, beta);
    double abort = bad ? 1 - beta : alpha;
    double p = bad ? p1 : p0;

    return (abort * t.abort + (1 - abort) * t.accept)
           / (p * t.fail + (1 - p) * t.pass);
}
