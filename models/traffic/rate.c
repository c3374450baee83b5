/*
 * rate.c - the rate of arrivals over time, and its integral inverted.
 *
 * Arrivals of a Poisson process with rate r(t) are the arrivals S_1, S_2, ...
 * of one with rate 1, moved to t_i = L^-1(S_i) with L the integral of r.  So
 * the i-th request is the same one whatever the strategy, and moves
 * monotonically if the rate is scaled.  r is cut into stretches in which it
 * is linear; there L is a quadratic and is inverted directly.
 *
 * A sine is linear between points 1/64 of its period (at most 1 s) apart.
 * Before the first point of steps or a series, the first value holds.
 * Source: reference (statistics) 5.2; Çinlar, Introduction to Stochastic
 * Processes, 1975, chapter 4.
 */
#include <math.h>

#include "traffic_impl.h"

#define TWO_PI 6.283185307179586

static double seconds(sim_time t)
{
    return (double)t / (double)SIM_S;
}

static double sine_at(const struct rate_spec *s, sim_time t)
{
    double phase = seconds(t + s->phase) / seconds(s->period);
    double r = s->per_s + s->amplitude * sin(TWO_PI * phase);

    return r > 0 ? r : 0;
}

/* The first point later than t; npoints if there is none. */
static size_t next_point(const struct rate_spec *s, sim_time t)
{
    size_t low = 0, high = s->npoints;

    while (low < high) {
        size_t mid = (low + high) / 2;

        if (s->points[mid].at <= t)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static double series_at(const struct rate_spec *s, size_t next, sim_time t)
{
    const struct rate_point *p = s->points;
    double share;

    if (next == 0)
        return p[0].per_s;
    if (next == s->npoints)
        return p[next - 1].per_s;
    share = (double)(t - p[next - 1].at) /
            (double)(p[next].at - p[next - 1].at);
    return p[next - 1].per_s + share * (p[next].per_s - p[next - 1].per_s);
}

static sim_time sine_end(const struct rate_spec *s, sim_time t)
{
    sim_time step = s->period / 64;

    step = step > SIM_S ? SIM_S : step < 1 ? 1 : step;
    return t + step;
}

/* The linear stretch of the spec from t (since the end of the warm-up) on:
 * its end, and the rates at t and just before the end. */
static sim_time stretch(const struct rate_spec *s, sim_time t, double *r0,
                        double *r1)
{
    size_t next;
    sim_time end;

    switch (s->form) {
    case RATE_SINE:
        end = sine_end(s, t);
        *r0 = sine_at(s, t);
        *r1 = sine_at(s, end);
        return end;
    case RATE_STEPS:
        next = next_point(s, t);
        *r0 = *r1 = s->npoints ? s->points[next ? next - 1 : 0].per_s : 0;
        return next < s->npoints ? s->points[next].at : SIM_NEVER;
    case RATE_SERIES:
        if (s->npoints == 0)
            break;
        next = next_point(s, t);
        end = next < s->npoints ? s->points[next].at : SIM_NEVER;
        *r0 = series_at(s, next, t);
        *r1 = next == 0 || next == s->npoints ? *r0 : s->points[next].per_s;
        return end;
    case RATE_CONSTANT:
        break;
    }
    *r0 = *r1 = s->form == RATE_CONSTANT ? s->per_s : 0;
    return SIM_NEVER;
}

/* ---- bursts ------------------------------------------------------------- */

/* Make r->burst and r->burst_until right for time `from`. */
static void burst_at(struct rate *r, sim_time from)
{
    const struct rate_spec *s = r->spec;

    while (r->burst_until <= from) {
        const struct dist *d = r->burst ? &s->burst_every : &s->burst_lasting;
        sim_time length = dist_draw(d, &r->bursts);

        r->burst = !r->burst;
        r->burst_until += length > 0 ? length : 1;
        if (r->burst_until > SIM_NEVER)
            r->burst_until = SIM_NEVER;
    }
}

/* ---- the stretch in hand ------------------------------------------------ */

static double expected_within(const struct rate *r)
{
    return (r->r0 + r->r1) / 2 * seconds(r->to - r->from);
}

/* Cut the stretch at time `at`, inside it. */
static void cut(struct rate *r, sim_time at)
{
    double share = (double)(at - r->from) / (double)(r->to - r->from);

    r->r1 = r->r0 + share * (r->r1 - r->r0);
    r->to = at;
}

/* What the spec says of the time from r->from on. */
static void look_up(struct rate *r)
{
    sim_time end = stretch(r->spec, r->from - r->origin, &r->r0, &r->r1);

    r->to = end == SIM_NEVER ? SIM_NEVER : end + r->origin;
    if (!r->spec->bursts)
        return;
    burst_at(r, r->from);
    if (r->burst_until < r->to)
        cut(r, r->burst_until);
    if (r->burst) {
        r->r0 *= r->spec->burst_factor;
        r->r1 *= r->spec->burst_factor;
    }
}

/* Take up the stretch that begins at r->from. */
static void take(struct rate *r)
{
    look_up(r);
    r->within = expected_within(r);
    r->lasts = seconds(r->to - r->from);
}

void rate_init(struct rate *r, const struct rate_spec *spec, sim_time origin,
               const struct stream *bursts)
{
    *r = (struct rate){ .spec = spec, .origin = origin, .bursts = *bursts };
    if (spec->bursts)
        r->burst_until = dist_draw(&spec->burst_every, &r->bursts);
    take(r);
}

/* How many seconds into the stretch `missing` arrivals are expected. */
static double within(const struct rate *r, double missing)
{
    double slope, root;

    if (r->r0 == r->r1)
        return missing / r->r0;
    slope = (r->r1 - r->r0) / seconds(r->to - r->from);
    root = r->r0 * r->r0 + 2 * slope * missing;
    return 2 * missing / (r->r0 + sqrt(root > 0 ? root : 0));
}

sim_time rate_invert(struct rate *r, double target)
{
    double missing, after;

    for (;;) {
        missing = target - r->before;
        if (missing <= r->within)
            break;
        if (r->to >= SIM_NEVER)
            return SIM_NEVER;
        r->before += r->within;
        r->from = r->to;
        take(r);
    }
    if (missing <= 0)
        return r->from;
    after = within(r, missing);
    if (after >= r->lasts)
        return r->to;
    return r->from + llround(after * (double)SIM_S);
}

double rate_expected(struct rate r, sim_time until)
{
    while (r.to <= until && r.to < SIM_NEVER) {
        r.before += expected_within(&r);
        r.from = r.to;
        take(&r);
    }
    if (until <= r.from)
        return r.before;
    cut(&r, until);
    return r.before + expected_within(&r);
}
