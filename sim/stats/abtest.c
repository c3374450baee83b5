/*
 * abtest.c - fixed-horizon, sequential and Bayesian stopping of A/B tests.
 *
 * Who looks at a fixed-horizon test before its end errs more often (reference
 * 3.4: 34 % instead of 5 % with forty looks), so it has one look.  The mixture
 * SPRT is tuned to differences of the size baseline * lift.  With uniform
 * priors and without a least size a Bayesian test would end with the first
 * successes of one arm.
 *
 * Source: Fleiss, Levin & Paik (sizes); Johari et al. 2017; reference
 * (progressive delivery) 3.3, 3.4.
 */
#include "stats/abtest.h"
#include <math.h>
#include "base/bug.h"
#include "stats/trial.h"

/* Units of b that the planned lift needs; the fall of the same size if the
 * rise is impossible. */
static double size_of(const struct abtest_plan *p)
{
    double other = p->baseline * (1 + p->lift);

    if (other >= 1)
        other = p->baseline * (1 - fmin(p->lift, 0.999));
    return trial_size(p->baseline, other, p->alpha, true, p->power, p->share);
}

struct abtest abtest_start(struct abtest_plan plan)
{
    struct abtest t = { .plan = plan, .evidence = NAN };

    CHECK(plan.baseline > 0 && plan.baseline < 1 && plan.lift > 0);
    CHECK(plan.share > 0 && plan.share < 1);
    t.need_a = t.need_b = plan.least > 0 ? plan.least : 1;
    if (plan.method == ABTEST_FIXED) {
        double b = size_of(&plan);

        t.need_b = (uint64_t)ceil(b);
        t.need_a = (uint64_t)ceil(b * (1 - plan.share) / plan.share);
    }
    t.msprt = msprt_start(plan.baseline * plan.lift);
    return t;
}

/* The side to which a difference points that is there. */
static enum abtest_answer side(struct arm a, struct arm b)
{
    double rate_a = (double)a.good / (double)a.n;
    double rate_b = (double)b.good / (double)b.n;

    return rate_b > rate_a ? ABTEST_BETTER : ABTEST_WORSE;
}

static enum abtest_answer look_bayesian(struct abtest *t, struct arm a,
                                        struct arm b)
{
    const struct abtest_plan *p = &t->plan;

    t->evidence = arms_better(a, b);
    if (t->evidence >= p->certainty && arms_loss(a, b) <= p->loss)
        return ABTEST_BETTER;
    if (t->evidence <= 1 - p->certainty && arms_loss(b, a) <= p->loss)
        return ABTEST_WORSE;
    return ABTEST_OPEN;
}

enum abtest_answer abtest_look(struct abtest *t, struct arm a, struct arm b)
{
    if (a.n < t->need_a || b.n < t->need_b)
        return ABTEST_OPEN;
    switch (t->plan.method) {
    case ABTEST_FIXED:
        t->evidence = arms_p_value(a, b);
        return t->evidence <= t->plan.alpha ? side(a, b) : ABTEST_NEITHER;
    case ABTEST_SEQUENTIAL:
        t->evidence = msprt_look(&t->msprt, a, b);
        return t->evidence <= t->plan.alpha ? side(a, b) : ABTEST_OPEN;
    case ABTEST_BAYESIAN:
        break;
    }
    return look_bayesian(t, a, b);
}
