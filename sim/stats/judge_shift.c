/*
 * judge_shift.c - Mann and Whitney's test, turned into an interval.
 *
 * For a shift m the ranks of (experiment - m) among the control's values give
 * a standardised sum z(m), with averaged ties and continuity correction; it
 * falls in steps as m grows.  The interval ends where z(m) is +-z of the
 * confidence, the estimate lies where it is 0 (for continuous data the median
 * of all pairwise differences).  Brent's method looks for these roots as R's
 * wilcox.test does, with its tolerance.
 *
 * Source: Kayenta a69573be, after R's wilcox.test; Brent 1973, 4; reference
 * (progressive delivery) 3.2.
 */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include "base/bug.h"
#include "stats/judge.h"

#define TOLERANCE 1e-4
#define STEPS 1000

struct valued {
    double x;
    bool experiment;
};

struct shifted {                /* both samples, room to rank them */
    struct sample control, experiment;
    struct valued *all;
};

static int by_value(const void *a, const void *b)
{
    const struct valued *x = a, *y = b;

    return (x->x > y->x) - (x->x < y->x);
}

/* Sum of the ranks of the experiment; *ties: sum of t^3 - t over groups of t
 * equal values. */
static double rank_sum(struct valued *all, size_t n, double *ties)
{
    double sum = 0;
    size_t end;

    qsort(all, n, sizeof(*all), by_value);
    *ties = 0;
    for (size_t i = 0; i < n; i = end) {
        double t;

        for (end = i; end < n && all[end].x == all[i].x; end++)
            ;
        t = (double)(end - i);
        *ties += t * t * t - t;
        for (size_t k = i; k < end; k++)
            if (all[k].experiment)
                sum += (double)(i + end + 1) / 2;
    }
    return sum;
}

/* z(m) - q; NaN if all values are tied. */
static double excess(const struct shifted *s, double m, double q)
{
    double n1 = (double)s->experiment.n, n2 = (double)s->control.n;
    double ties, d, sigma;
    size_t k = 0;

    for (size_t i = 0; i < s->experiment.n; i++)
        s->all[k++] = (struct valued){ s->experiment.x[i] - m, true };
    for (size_t i = 0; i < s->control.n; i++)
        s->all[k++] = (struct valued){ s->control.x[i], false };
    d = rank_sum(s->all, k, &ties) - n1 * (n1 + 1) / 2 - n1 * n2 / 2;
    d -= 0.5 * ((d > 0) - (d < 0));
    sigma = sqrt(n1 * n2 / 12 *
                 (n1 + n2 + 1 - ties / ((n1 + n2) * (n1 + n2 - 1))));
    return d / sigma - q;
}

/* Brent's step from b, the better end of [b, c]; a is where it was before. */
static double brent_step(double a, double fa, double b, double fb, double c,
                         double fc, double least)
{
    double half = (c - b) / 2, before = b - a, span = c - b, p, q;

    if (fabs(before) < least || fabs(fa) <= fabs(fb))
        return half;
    if (a == c) {               /* two points: the secant */
        p = span * (fb / fa);
        q = 1 - fb / fa;
    } else {                    /* three: inverse quadratic */
        double ac = fa / fc, bc = fb / fc, ba = fb / fa;

        p = ba * (span * ac * (ac - bc) - (b - a) * (bc - 1));
        q = (ac - 1) * (bc - 1) * (ba - 1);
    }
    if (p > 0)
        q = -q;
    else
        p = -p;
    if (p < 0.75 * span * q - fabs(least * q) / 2 &&
        p < fabs(before * q / 2))
        return p / q;
    return half;
}

/* The root of excess(., q) between a and b. */
static double root(const struct shifted *s, double a, double b, double q)
{
    double fa = excess(s, a, q), fb = excess(s, b, q), c = a, fc = fa;

    if (!(fa > 0))
        return a;
    if (!(fb < 0))
        return b;
    for (int i = 0; i < STEPS; i++) {
        double least, step;

        if (fabs(fc) < fabs(fb)) {      /* b is to be the better one */
            a = b; b = c; c = a;
            fa = fb; fb = fc; fc = fa;
        }
        least = 2 * DBL_EPSILON * fabs(b) + TOLERANCE / 2;
        if (fabs(c - b) / 2 <= least || fb == 0)
            break;
        step = brent_step(a, fa, b, fb, c, fc, least);
        if (fabs(step) < least)
            step = step > 0 ? least : -least;
        a = b;
        fa = fb;
        b += step;
        fb = excess(s, b, q);
        if ((fb > 0) == (fc > 0) && fb != 0) {
            c = a;
            fc = fa;
        }
    }
    return b;
}

static void range(struct sample s, double *min, double *max)
{
    *min = *max = s.x[0];
    for (size_t i = 1; i < s.n; i++) {
        *min = fmin(*min, s.x[i]);
        *max = fmax(*max, s.x[i]);
    }
}

struct shift judge_shift(struct sample control, struct sample experiment,
                         double confidence)
{
    struct shifted s = { control, experiment, NULL };
    struct shift out = { NAN, NAN, NAN };
    double q = judge_quantile(1 - (1 - confidence) / 2);
    double cmin, cmax, emin, emax, low, high;

    CHECK(control.n > 0 && experiment.n > 0);
    range(control, &cmin, &cmax);
    range(experiment, &emin, &emax);
    if (cmin == cmax && emin == emax)
        return out;
    s.all = malloc((control.n + experiment.n) * sizeof(*s.all));
    CHECK(s.all);
    low = emin - cmax;
    high = emax - cmin;
    out.low = root(&s, low, high, q);
    out.high = root(&s, low, high, -q);
    out.estimate = root(&s, low, high, 0);
    free(s.all);
    return out;
}
