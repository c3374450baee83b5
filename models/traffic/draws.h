/*
 * draws.h - what is random about the next request of a sender, inline.
 *
 * Request i takes one number from the stream of arrivals and five from the
 * stream of draws, in this order: whom the balancer picks, how much work it
 * is, whether it is answered 5xx, which user, which client node.  So it is the
 * same request whatever else happens.
 */
#ifndef MODELS_TRAFFIC_DRAWS_H
#define MODELS_TRAFFIC_DRAWS_H
#include <math.h>
#include "traffic_impl.h"

struct draws {
    double pick, work, error;   /* uniforms */
    uint32_t user;              /* 0 without users */
    uint16_t place;
};

/* A place of n, by uniform u. */
static inline uint32_t draw_among(double u, size_t n)
{
    uint32_t i = (uint32_t)(u * (double)n);

    return i < n ? i : (uint32_t)n - 1;
}

/* The next arrival of s. */
static inline void draw_arrival(struct sender *s)
{
    s->expected -= log(bulk_u01(&s->arrivals));
    s->next = rate_next(&s->rate, s->expected);
}

/* users: of s; a constant saves time. */
static inline void draw_request(struct sender *s, int users, struct draws *d)
{
    struct bulk b = s->draws;
    double place;
    uint64_t user;

    d->pick = bulk_u01(&b);
    d->work = bulk_u01(&b);
    d->error = bulk_u01(&b);
    user = bulk_u64(&b);
    place = bulk_u01(&b);
    s->draws = b;
    if (users > 0) {            /* a user lives on one node */
        d->user = draw_among(u01_of(user), (size_t)users);
        d->place = (uint16_t)(d->user % s->places.len);
    } else {
        d->user = 0;
        d->place = (uint16_t)draw_among(place, s->places.len);
    }
    if (s->outside)
        d->place = outside_pick(s->outside, place);
}

#endif
