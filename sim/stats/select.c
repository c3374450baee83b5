/*
 * select.c - ranking and selection.
 *
 * Measured on a 6 x 6 lattice (tests/stats/test_select.c): halving on common
 * random numbers finds the best cell far more often than equal shares at the
 * same cost.  Annealing and Nelder-Mead take the noise for landscape and are
 * not offered.
 *
 * Source: Karnin, Koren & Somekh (2013); Chen, Lin, Yucesan & Chick (2000);
 * Kim & Nelson, ACM TOMACS 11 (2001) 251.
 */
#include "stats/select.h"
#include <math.h>
#include "base/bug.h"
#include "stats/ci.h"
#include "stats/pair.h"

static size_t halvings(size_t k)
{
    size_t rounds = 0;

    for (size_t alive = k; alive > 1; alive = (alive + 1) / 2)
        rounds++;
    return rounds;
}

size_t halving_share(size_t k, size_t alive, size_t budget)
{
    size_t share;

    CHECK(alive >= 2 && alive <= k);
    share = budget / halvings(k) / alive;
    return share > 0 ? share : 1;
}

/* Cell a before cell b: by mean, NaN last, ties by number. */
static bool better(const double *mean, size_t a, size_t b)
{
    if (mean[a] < mean[b] || (!isnan(mean[a]) && isnan(mean[b])))
        return true;
    if (mean[b] < mean[a] || (isnan(mean[a]) && !isnan(mean[b])))
        return false;
    return a < b;
}

size_t halving_cut(const double *mean, size_t *cells, size_t alive)
{
    for (size_t i = 1; i < alive; i++) {
        size_t cell = cells[i], j = i;
        for (; j > 0 && better(mean, cell, cells[j - 1]); j--)
            cells[j] = cells[j - 1];
        cells[j] = cell;
    }
    return (alive + 1) / 2;
}

static size_t best_of(const double *mean, size_t k)
{
    size_t best = 0;

    for (size_t i = 1; i < k; i++)
        if (better(mean, i, best))
            best = i;
    return best;
}

/* The unscaled share of cell i.  A cell that ties with the best is taken as
 * a thousandth of a standard deviation apart, so that shares stay finite. */
static double ocba_share(const double *mean, const double *sd, size_t i,
                         size_t best)
{
    double gap = fmax(mean[i] - mean[best], sd[i] / 1000);

    return sd[i] > 0 ? sd[i] / gap * (sd[i] / gap) : 0;
}

void ocba_targets(const double *mean, const double *sd, size_t k,
                  size_t total, size_t *target)
{
    size_t best = best_of(mean, k);
    double squares = 0, sum = 0, before = 0, after = 0;
    double best_share;

    for (size_t i = 0; i < k; i++) {
        double share = ocba_share(mean, sd, i, best);
        if (i == best || !(sd[i] > 0))
            continue;
        sum += share;
        squares += share / sd[i] * (share / sd[i]);
    }
    best_share = sd[best] * sqrt(squares);
    sum += best_share;
    /* Rounded so that the cumulated targets are exact, hence also the sum. */
    for (size_t i = 0; i < k; i++, before = after) {
        double share = i == best ? best_share : ocba_share(mean, sd, i, best);
        after += sum > 0 ? share / sum : 1 / (double)k;
        target[i] = (size_t)llround(fmin(after, 1) * (double)total)
                    - (size_t)llround(fmin(before, 1) * (double)total);
    }
}

/* Sample variance of x - y. */
static double difference_variance(const double *x, const double *y, size_t n)
{
    double mean = 0, s = 0;

    for (size_t i = 0; i < n; i++)
        mean += (x[i] - y[i]) / (double)n;
    for (size_t i = 0; i < n; i++)
        s += (x[i] - y[i] - mean) * (x[i] - y[i] - mean);
    return s / (double)(n - 1);
}

struct kn kn_start(struct arena *a, const double *const *x, size_t k,
                   size_t first, double alpha, double delta)
{
    struct kn p = {.k = k, .first = first, .alpha = alpha, .delta = delta};
    double eta;

    CHECK(k >= 2 && first >= 2 && delta > 0);
    eta = (pow(2 * alpha / (double)(k - 1), -2 / (double)(first - 1)) - 1) / 2;
    p.h2 = 2 * eta * (double)(first - 1);
    p.s2 = arena_many(a, double, k * k);
    for (size_t i = 0; i < k; i++)
        for (size_t l = 0; l < i; l++)
            p.s2[i * k + l] = p.s2[l * k + i] =
                difference_variance(x[i], x[l], first);
    return p;
}

/* How far cell i may trail cell l after r replications and stay. */
static double slack(const struct kn *p, size_t i, size_t l, size_t r)
{
    double n = p->h2 * p->s2[i * p->k + l] / (p->delta * p->delta);

    return fmax(0, p->delta / (2 * (double)r) * (n - (double)r));
}

bool kn_screen(const struct kn *p, const double *mean, size_t r,
               const bool *rules, bool *alive)
{
    bool open = false;

    CHECK(r >= p->first);
    /* Only cells still alive rule others out, which keeps at most more. */
    for (size_t i = 0; i < p->k; i++)
        for (size_t l = 0; l < p->k && alive[i]; l++)
            if (l != i && alive[l] && (!rules || rules[l]) &&
                mean[i] > mean[l] + slack(p, i, l, r))
                alive[i] = false;
    for (size_t i = 0; i < p->k; i++)
        for (size_t l = 0; l < i; l++)
            open |= alive[i] && alive[l] && slack(p, i, l, r) > 0;
    return !open;
}

size_t kn_limit(const struct kn *p)
{
    double most = 0;

    for (size_t i = 0; i < p->k * p->k; i++)
        most = fmax(most, p->s2[i]);
    most = floor(p->h2 * most / (p->delta * p->delta)) + 1;
    return most > (double)p->first ? (size_t)most : p->first;
}

static enum standing stand(struct interval worse_by, double delta)
{
    if (worse_by.high <= delta)
        return STANDING_EQUAL;
    return worse_by.low > 0 ? STANDING_WORSE : STANDING_OPEN;
}

void select_standings(struct arena *scratch, const double *const *x, size_t k,
                      size_t best, size_t n, double delta, double confidence,
                      enum standing *out)
{
    double *d = arena_many(scratch, double, n);
    double each = pair_bonferroni(confidence, k > 1 ? k - 1 : 1);

    CHECK(best < k && n >= 2);
    for (size_t i = 0; i < k; i++) {
        for (size_t r = 0; r < n; r++)
            d[r] = x[i][r] - x[best][r];
        out[i] = i == best ? STANDING_BEST
                           : stand(ci_mean(d, n, each), delta);
    }
}
