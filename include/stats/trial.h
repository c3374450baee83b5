/*
 * trial.h - canary gates and A/B tests: how long, how sure.
 *
 * The units are requests (or users): each fails (converts) or not.
 */
#ifndef STATS_TRIAL_H
#define STATS_TRIAL_H
#include <stdbool.h>
#include <stddef.h>

/* Observations that the new version needs until a difference between the
 * rates p1 (old) and p2 (new) is seen with this power at error alpha; w is
 * its share of the traffic (0 < w < 1; 0.5: equal arms).  Infinite if
 * p1 = p2.  The old version sees (1 - w) / w times as many. */
double trial_size(double p1, double p2, double alpha, bool two_sided,
                  double power, double w);

/* The probability that a gate over n requests that allows at most limit
 * failures aborts when each fails with probability p. */
double trial_gate(size_t n, size_t limit, double p);

/* Wald's sequential test of failure rate p0 (acceptable) against p1 (bad). */
struct sprt {
    double llr;                 /* log likelihood ratio so far */
    double fail, pass;          /* its change per failure, per success */
    double accept, abort;       /* bounds: accept < 0 < abort */
};

enum sprt_state { SPRT_OPEN, SPRT_ACCEPT, SPRT_ABORT };

/* 0 < p0 < p1 < 1.  alpha: chance to abort a good version; beta: to accept a
 * bad one. */
struct sprt sprt_start(double p0, double p1, double alpha, double beta);

/* Count observations and say whether the test has ended.  May be asked after
 * each, or after each batch. */
enum sprt_state sprt_add(struct sprt *t, size_t failures, size_t successes);

/* Mean number of observations when the true rate is p0 (bad false) or p1
 * (bad true), by Wald's formula, which ignores the overshoot: real tests take
 * a few per cent more. */
double sprt_mean(double p0, double p1, double alpha, double beta, bool bad);

#endif
