/*
 * tally.c - what is counted while a run goes on.
 *
 * The histogram's index is the exponent of the number of microseconds and its
 * seven bits below the leading one; numbers below 128 have a bucket each.  A
 * bucket stands for its middle, at most 1/256 away from anything in it.
 * Source: Welford 1962; Chan, Golub, LeVeque 1983 for the merge.
 */
#include "kernel/tally.h"

#include <math.h>
#include <string.h>

#include "base/bug.h"

void tally_add(struct tally *t, double x)
{
    double delta = x - t->mean;

    if (t->n == 0 || x < t->min)
        t->min = x;
    if (t->n == 0 || x > t->max)
        t->max = x;
    t->n++;
    t->mean += delta / (double)t->n;
    t->m2 += delta * (x - t->mean);
}

void tally_merge(struct tally *t, const struct tally *other)
{
    double n = (double)t->n, m = (double)other->n;
    double delta = other->mean - t->mean;

    if (other->n == 0)
        return;
    if (t->n == 0) {
        *t = *other;
        return;
    }
    t->n += other->n;
    t->mean += delta * m / (n + m);
    t->m2 += other->m2 + delta * delta * n * m / (n + m);
    t->min = other->min < t->min ? other->min : t->min;
    t->max = other->max > t->max ? other->max : t->max;
}

double tally_variance(const struct tally *t)
{
    return t->n < 2 ? 0 : t->m2 / (double)(t->n - 1);
}

void level_start(struct level *l, sim_time now, double value)
{
    *l = (struct level){ value, value, value, 0, now, now };
}

static double area_since(const struct level *l, sim_time now)
{
    if (now < l->since)
        BUG("level read at %lld ns, before its last change",
            (long long)now);
    return l->value * ((double)(now - l->since) / 1e9);
}

void level_set(struct level *l, sim_time now, double value)
{
    l->area += area_since(l, now);
    l->since = now;
    l->value = value;
    if (value < l->min)
        l->min = value;
    if (value > l->max)
        l->max = value;
}

double level_area(const struct level *l, sim_time now)
{
    return l->area + area_since(l, now);
}

double level_mean(const struct level *l, sim_time now)
{
    double seconds = (double)(now - l->start) / 1e9;

    return seconds > 0 ? level_area(l, now) / seconds : l->value;
}

void hist_init(struct hist *h, struct arena *a)
{
    *h = (struct hist){ .buckets = arena_many(a, uint32_t, HIST_BUCKETS) };
}

/* The middle of a bucket, in microseconds. */
static uint64_t middle_of(size_t bucket)
{
    unsigned shift;

    if (bucket < HIST_SUB)
        return bucket;
    shift = (unsigned)(bucket >> HIST_SUB_BITS) - 1;
    return ((uint64_t)(HIST_SUB + (bucket & (HIST_SUB - 1))) << shift)
        + (((uint64_t)1 << shift) >> 1);
}

void hist_clear(struct hist *h)
{
    uint32_t *buckets = h->buckets;

    if (h->count) {
        size_t first = hist_bucket(h->min_us), last = hist_bucket(h->max_us);

        memset(buckets + first, 0, (last - first + 1) * sizeof *buckets);
    }
    *h = (struct hist){ .buckets = buckets };
}

void hist_refuse(sim_time t)
{
    BUG("a duration of %lld ns", (long long)t);
}

void hist_merge(struct hist *h, const struct hist *other)
{
    if (other->count == 0)
        return;
    for (size_t i = hist_bucket(other->min_us); i <= hist_bucket(other->max_us);
         i++)
        h->buckets[i] += other->buckets[i];
    if (h->count == 0 || other->min_us < h->min_us)
        h->min_us = other->min_us;
    if (other->max_us > h->max_us)
        h->max_us = other->max_us;
    h->count += other->count;
    h->sum_us += other->sum_us;
}

sim_time hist_quantile(const struct hist *h, double p)
{
    uint64_t rank, seen = 0, us;
    size_t i;

    if (h->count == 0)
        return -1;
    rank = (uint64_t)ceil(p * (double)h->count);
    if (rank < 1)
        rank = 1;
    if (rank >= h->count)
        return (sim_time)(h->max_us * 1000);
    i = hist_bucket(h->min_us);
    while ((seen += h->buckets[i]) < rank)
        i++;
    us = middle_of(i);
    us = us < h->min_us ? h->min_us : us > h->max_us ? h->max_us : us;
    return (sim_time)(us * 1000);
}

double hist_mean(const struct hist *h)
{
    return h->count ? (double)h->sum_us / (double)h->count * 1000 : 0;
}
