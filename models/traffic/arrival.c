/*
 * arrival.c - when requests are sent, and what is random about them.
 *
 * Open loop: nobody waits for anybody.  Gaps are exponential in expected
 * arrivals (rate.c makes times of them).  Request i takes one number from the
 * stream of arrivals and five from the stream of draws, in this order: whom
 * the balancer picks, how much work it is, whether it is answered 5xx, which
 * user, which client node.  So it is the same request whatever else happens.
 */
#include <math.h>

#include "models/measure.h"
#include "traffic_impl.h"

static void next_arrival(struct sender *s)
{
    s->expected -= log(bulk_u01(&s->arrivals));
    s->next = rate_invert(&s->rate, s->expected);
}

static uint32_t share_of(double u, size_t n)
{
    uint32_t i = (uint32_t)(u * (double)n);

    return i < n ? i : (uint32_t)n - 1;
}

static void draw(struct sender *s, struct ask *a)
{
    double u_user, u_place;

    a->u_pick = bulk_u01(&s->draws);
    a->u_work = bulk_u01(&s->draws);
    a->u_error = bulk_u01(&s->draws);
    u_user = bulk_u01(&s->draws);
    u_place = bulk_u01(&s->draws);
    if (s->users > 0) {         /* a user lives on one node */
        a->user = share_of(u_user, (size_t)s->users);
        a->place = (uint16_t)(a->user % s->places.len);
    } else {
        a->place = (uint16_t)share_of(u_place, s->places.len);
    }
}

static void arrive(struct sender *s, sim_time now)
{
    struct ask a = { .sender = s, .i = s->sent++, .sent = now,
                     .version = s->traffic->versions.items[0] };

    draw(s, &a);
    s->accounts.items[0].routed++;
    measure_sent(s->traffic->w, &a);
    client_attempt(s->traffic, &a, NULL);
}

static sim_time feeder_next(void *ctx)
{
    return ((const struct sender *)ctx)->next;
}

static void feeder_advance(void *ctx, struct sim *sim, sim_time limit)
{
    struct sender *s = ctx;

    s->traffic->disturbed = false;
    while (s->next < limit && !s->traffic->disturbed) {
        sim_time now = s->next;

        sim_move_clock(sim, now);
        next_arrival(s);
        arrive(s, now);
    }
}

void sender_start(struct sender *s)
{
    struct world *w = s->traffic->w;
    struct feeder *f = arena_make(w->arena, struct feeder);
    struct stream bursts;

    world_stream(w, &bursts, PURPOSE_ARRIVAL, s->entity + 1);
    rate_init(&s->rate, &s->spec->rate, w->spec->warmup, &bursts);
    bulk_init(&s->arrivals, w->spec->seed, PURPOSE_ARRIVAL, s->entity,
              w->replication);
    bulk_init(&s->draws, w->spec->seed, PURPOSE_REQUEST, s->entity,
              w->replication);
    next_arrival(s);
    *f = (struct feeder){ .rank = RANK_REQUEST, .next = feeder_next,
                          .advance = feeder_advance, .ctx = s };
    sim_add_feeder(w->sim, f);
}
