/*
 * arrival.c - when requests are sent.
 *
 * Open loop: nobody waits for anybody.  Gaps are exponential in expected
 * arrivals (rate.c makes times of them); what else is random about a request
 * is drawn at the same time (draws.h).
 */
#include "draws.h"
#include "models/clusters.h"
#include "models/measure.h"

struct ask ask_drawn(struct sender *s, const struct draws *d, sim_time now)
{
    return (struct ask){
        .sender = s, .i = s->elsewhere + s->sent++, .sent = now,
        .u_pick = d->pick,
        .u_work = d->work, .u_error = d->error, .user = d->user,
        .place = d->place, .version = s->traffic->versions->list.items[0] };
}

static void arrive(struct sender *s, sim_time now)
{
    struct world *w = s->traffic->w;
    struct draws d;
    struct ask a;

    draw_request(s, s->users, &d);
    if (w->clusters && !door_sends(s, s->users > 0 ? d.user : (uint64_t)(
                                       s->elsewhere + s->sent))) {
        s->elsewhere++;
        return;
    }
    a = ask_drawn(s, &d, now);
    s->accounts.items[0].routed++;
    measure_sent(w, s, now);
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
    if (s->plain) {
        plain_advance(s, limit);
        return;
    }
    while (s->next < limit && !s->traffic->disturbed) {
        sim_time now = s->next;

        sim_move_clock(sim, now);
        draw_arrival(s);
        arrive(s, now);
    }
}

void sender_start(struct sender *s)
{
    struct world *w = s->traffic->w;
    struct feeder *f = arena_make(w->arena, struct feeder);
    struct stream bursts;

    stream_init(&bursts, world_users_seed(w), PURPOSE_ARRIVAL, s->entity + 1,
                w->replication);
    rate_init(&s->rate, &s->spec->rate, w->spec->warmup, &bursts);
    bulk_init(&s->arrivals, world_users_seed(w), PURPOSE_ARRIVAL, s->entity,
              w->replication);
    bulk_init(&s->draws, world_users_seed(w), PURPOSE_REQUEST, s->entity,
              w->replication);
    draw_arrival(s);
    s->plain = plain_sender(s);
    *f = (struct feeder){ .rank = RANK_REQUEST, .next = feeder_next,
                          .advance = feeder_advance, .ctx = s };
    sim_add_feeder(w->sim, f);
}
