/*
 * arms.h - two versions under test: which one is better, and how sure is it?
 *
 * Arm a is the old version (baseline), b the new one.  Their units (requests,
 * users) succeed or not, independently.  Four ways to decide: a test with a
 * size planned beforehand (trial_size), one that may be looked at at any time,
 * a Bayesian one, and a bandit that shifts traffic while it learns.  Wald's
 * sequential test against a known rate is in stats/trial.h.
 */
#ifndef STATS_ARMS_H
#define STATS_ARMS_H
#include <stdint.h>
#include "kernel/rng.h"

struct arm {
    uint64_t n;                 /* units seen */
    uint64_t good;              /* of them, successes */
};

/* ---- fixed size --------------------------------------------------------- */

/* Two-sided p-value of "both have the same rate", by the pooled z-test; 1 if
 * an arm is empty or both are all good or all bad. */
double arms_p_value(struct arm a, struct arm b);

/* The power of that test with error alpha when the true rates are pa and pb. */
double arms_power(double pa, double pb, uint64_t na, uint64_t nb,
                  double alpha);

/* p-value of "b gets this share of the units" (chi square): a split that is
 * off makes every comparison void; alarm below 0.001. */
double arms_split_p(uint64_t na, uint64_t nb, double share);

/* ---- at any time -------------------------------------------------------- */

/* Mixture SPRT of "both have the same rate": an always-valid p-value, which may
 * be looked at as often as one likes. */
struct msprt {
    double tau;                 /* size of the differences that matter */
    double p;                   /* so far; never rises */
};
struct msprt msprt_start(double tau);
/* The arms as they are now; returns p. */
double msprt_look(struct msprt *t, struct arm a, struct arm b);

/* ---- Bayes -------------------------------------------------------------- */

/* P(rate of b > rate of a) with uniform priors.  Time grows with the smaller of
 * b's successes and failures. */
double arms_better(struct arm a, struct arm b);

/* What choosing b costs on average in rate: E max(a - b, 0). */
double arms_loss(struct arm a, struct arm b);

/* ---- bandit ------------------------------------------------------------- */

/* Thompson: of `draws` pairs from the posteriors, the share that b wins, but
 * at least floor and at most 1 - floor (0 <= floor <= 0.5; draws >= 1). */
double arms_thompson(struct arm a, struct arm b, unsigned draws, double floor,
                     struct stream *s);

#endif
