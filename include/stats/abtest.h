/*
 * abtest.h - when an A/B test has an answer, and which.
 *
 * Three rules over the same two arms (stats/arms.h):
 *
 *   fixed       the sizes are planned for a lift that is to be seen; one look,
 *               when both arms have them
 *   sequential  mixture SPRT: a look whenever one likes, at the same error
 *   bayesian    the posterior probability that b is better; looking often
 *               makes it err more often than 1 - certainty
 */
#ifndef STATS_ABTEST_H
#define STATS_ABTEST_H
#include "stats/arms.h"

enum abtest_method { ABTEST_FIXED, ABTEST_SEQUENTIAL, ABTEST_BAYESIAN };

struct abtest_plan {
    enum abtest_method method;
    double alpha;               /* two-sided error of FIXED, SEQUENTIAL */
    double power;               /* FIXED: to see the lift */
    double lift;                /* relative change of the rate that matters,
                                 * > 0 */
    double baseline;            /* expected rate of a, 0 < baseline < 1 */
    double share;               /* of the units that are in b, 0 < share < 1 */
    double certainty;           /* BAYESIAN: P(better) that decides */
    double loss;                /* ... and the mean loss that the choice may
                                 * have, in rate; 1: any */
    uint64_t least;             /* SEQUENTIAL, BAYESIAN: units of either arm
                                 * before the first look */
};

struct abtest {
    struct abtest_plan plan;
    uint64_t need_a, need_b;    /* units before the (first) look */
    struct msprt msprt;
    double evidence;            /* of the last look: a p-value; BAYESIAN:
                                 * P(b better); NaN before */
};

enum abtest_answer {
    ABTEST_OPEN,                /* go on */
    ABTEST_BETTER,              /* b has the higher rate of successes */
    ABTEST_WORSE,
    ABTEST_NEITHER,             /* FIXED: the size is reached, no difference
                                 * is seen */
};

struct abtest abtest_start(struct abtest_plan plan);

/* The arms as they are now (their counts never fall). */
enum abtest_answer abtest_look(struct abtest *t, struct arm a, struct arm b);

#endif
