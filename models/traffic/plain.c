/*
 * plain.c - the common request, in one short loop.
 *
 * Most requests open a connection by rules that are in force, to a pod that
 * serves, get a worker and are answered well and in time.  Then nothing has to
 * be asked of routers, pools of connections, users or the node's kernel, and
 * nothing will happen to them later, unless the pod ends first (serve.c).
 *
 * What is plain is decided request by request, from the same numbers and the
 * same state as anywhere else.  A request that turns out not to be is handed
 * to those who know the rest of its way, at the point which it has reached;
 * so both ways give the same times to the nanosecond, and which one a request
 * took shows in nothing but speed.
 */
#include "draws.h"
#include "models/measure.h"
#include "models/route.h"

bool plain_sender(const struct sender *s)
{
    return s->users == 0 && !s->keep_alive && !s->site && !s->mesh &&
           !s->outside && !s->copies && !s->queue && s->shards == 0 &&
           !s->traffic->w->clusters && s->index <= UINT16_MAX;
}

/* Does a new connection from p just go by its rules? */
static bool goes_by_rules(const struct place *p, sim_time now)
{
    const struct rules *r = p->rules;

    return r->len > 0 && !r->affinity && now < r->leaks_from &&
           p->half_open.len == 0 && !router_routes(r);
}

/* Does it serve, and is it only time that this takes? */
static bool just_serves(const struct process *p)
{
    const struct behaviour *b;

    if (!p || p->state != PROCESS_SERVING || !p->network || !p->traffic)
        return false;
    b = p->behaviour;
    return !behaviour_by_events(b) && b->group.needs == GROUP_NOTHING &&
           !b->error.key && !p->session &&
           ((const struct server *)p->traffic)->flag_share <= 0;
}

/* The way of this one is not plain from the beginning; or, with a rule, from
 * there on. */
static void go_on(struct sender *s, const struct draws *d, sim_time now,
                  const struct rule *rule)
{
    struct ask a = ask_drawn(s, d, now);

    s->accounts.items[0].routed++;
    if (rule)
        client_reach(s->traffic, &a, NULL, now, rule->process);
    else
        client_attempt(s->traffic, &a, NULL);
}

/* The worker's time that to gave it: is it answered well, and in time? */
static bool is_answered(const struct server *to, const struct sender *s,
                        const struct draws *d, sim_time now,
                        struct stint stint)
{
    if (stint.start == SIM_NEVER)
        return false;
    if (s->timeout > 0 && stint.departs > now + s->timeout)
        return false;
    return d->error >= to->process->behaviour->error.rate ||
           !server_errs(to, d->error, stint.start);
}

/* It comes through to `to`, which just serves. */
static void come_through(struct sender *s, const struct draws *d, sim_time now,
                         struct server *to)
{
    bool exposed = measure_accepted(s->traffic->w, to->version, now);
    struct stint stint = workers_take(to, to->process->behaviour, d->work,
                                      now);
    struct answer *answer;
    struct ask a;

    sender_account(s, to->version)->routed++;
    if (is_answered(to, s, d, now, stint)) {
        answer = server_answer(to, now);
        answer->sent = now;
        answer->departs = stint.departs;
        answer->i = s->sent++;
        answer->exposed = exposed;
        answer->sender = (uint16_t)s->index;
        answer->place = d->place;
        return;
    }
    a = ask_drawn(s, d, now);
    a.server = to;
    a.version = to->version;
    a.exposed = exposed;
    serve_taken(to, &a, NULL, now, stint);
}

void plain_advance(struct sender *s, sim_time limit)
{
    struct traffic *t = s->traffic;
    struct world *w = t->w;
    sim_time now = 0;

    while (s->next < limit && !t->disturbed) {
        const struct rule *rule = NULL;
        const struct place *p;
        struct draws d;

        now = s->next;
        sim_move_clock(w->sim, now);
        draw_arrival(s);
        draw_request(s, 0, &d);
        measure_sent(w, s, now);
        p = s->places.items[d.place];
        if (!netpols_any(w) && goes_by_rules(p, now)) {
            rule = rules_pick_any(p->rules, d.pick);
            if (w->record.rows)
                record_connection(w, rule->pod, p->rules->node);
        }
        if (rule && just_serves(rule->process))
            come_through(s, &d, now, rule->process->traffic);
        else
            go_on(s, &d, now, rule);
    }
}
