/*
 * kernel.c - what the client's node does with a connection request.
 *
 * A new connection is translated to an endpoint by the rules in force, and
 * tracked: if the endpoint's pod is dead, all retransmissions follow it there,
 * and its source port leads there for 120 s, also for a later connection that
 * happens to use it again.  Without endpoints the packet is rejected, but the
 * client is told only as often as the ICMP limit allows (a burst of 6, then
 * one a second per client address); otherwise it sends its SYN again after 1,
 * 2, 3, 4, 5, 7, 11, ... s (Linux from 6.5 on; 1, 3, 7, ... before), and may
 * fare better then.
 *
 * A user (clients.users) is one client address; without users, all clients of
 * a sender on a node share one.  Sticky users stay with a pod while it is an
 * endpoint, as with a cookie.
 *
 * Not modelled: ports are drawn at random, not walked through; the global ICMP
 * limit; ICMP "host unreachable", which does not end a connect either.
 * Source: Linux net/ipv4/icmp.c, inetpeer.c (XRLIM_BURST_FACTOR), tcp_timer.c,
 * ip-sysctl.rst; recordings of requests, behaviours 3 to 5 and 15 (saved
 * requests have latencies of 1.05 and 2.05 s).
 */
#include "models/route.h"
#include "traffic_impl.h"

#define SYN_SENT_LASTS (120 * SIM_S)    /* nf_conntrack_tcp_timeout_syn_sent */
#define LINEAR 4                /* tcp_syn_linear_timeouts */
#define DOUBLING 6              /* tcp_syn_retries */

/* 1, 2, 3, 4, 5, 7, 11, 19, 35, 67, and 131 s, which is the end. */
sim_time kernel_syn_again(int k)
{
    int doublings = k - LINEAR < DOUBLING + 1 ? k - LINEAR : DOUBLING + 1;

    if (k <= LINEAR)
        return k * SIM_S;
    return (LINEAR - 1 + (INT64_C(1) << doublings)) * SIM_S;
}

/* ---- rejects ------------------------------------------------------------ */

static bool is_told(struct traffic *t, const struct ask *a)
{
    struct address *to = client_of(a);
    sim_time now = world_now(t->w);

    if (t->icmp_ratelimit == 0)
        return true;
    to->tokens += (double)(now - to->filled) / (double)t->icmp_ratelimit;
    if (to->tokens > ICMP_BURST)
        to->tokens = ICMP_BURST;
    to->filled = now;
    if (to->tokens < 1)
        return false;
    to->tokens -= 1;
    return true;
}

/* ---- connection tracking ------------------------------------------------ */

void kernel_half_open(struct traffic *t, const struct ask *a,
                      struct process *process)
{
    struct place *p = a->sender->places.items[a->place];
    struct half_open h = { .process = process,
                           .until = world_now(t->w) + SYN_SENT_LASTS };

    if (a->sender->users == 0)  /* else ports are too many to meet again */
        vec_push(t->w->arena, &p->half_open, h);
}

static void forget_half_open(struct place *p, const struct process *process)
{
    size_t n = 0;

    for (size_t i = 0; i < p->half_open.len; i++)
        if (p->half_open.items[i].process != process)
            p->half_open.items[n++] = p->half_open.items[i];
    p->half_open.len = n;
}

void kernel_reached_again(struct traffic *t, const struct process *process)
{
    for (size_t i = 0; i < t->senders.len; i++) {
        struct sender *s = t->senders.items[i];

        for (size_t k = 0; k < s->places.len; k++)
            forget_half_open(s->places.items[k], process);
    }
}

/* Is the source port that a happens to get one that leads to a dead pod? */
static bool port_is_lost(struct traffic *t, const struct ask *a,
                         struct place *p, struct process **process)
{
    sim_time now = world_now(t->w);
    size_t past = 0;

    if (p->half_open.len == 0)
        return false;
    while (past < p->half_open.len && p->half_open.items[past].until <= now)
        past++;
    p->half_open.len -= past;
    for (size_t i = 0; past > 0 && i < p->half_open.len; i++)
        p->half_open.items[i] = p->half_open.items[i + past];
    if (ask_u(a, DRAW_PORT) * t->source_ports >= (double)p->half_open.len)
        return false;
    *process = p->half_open.items[0].process;
    return true;
}

uint64_t kernel_client(const struct ask *a)
{
    uint64_t sender = (uint64_t)a->sender->index << 33;

    if (a->sender->users == 0)
        return sender | a->place;
    return sender | UINT64_C(1) << 32 | a->user;
}

struct rules *kernel_route(const struct ask *a)
{
    struct place *p = a->sender->places.items[a->place];
    double u = a->u_pick;

    if (!router_routes(p->rules))
        return NULL;
    return router_pick(p->rules, a, kernel_client(a), a->sender->sticky,
                       &u);
}

bool kernel_allows(struct traffic *t, const struct ask *a,
                   const struct rule *to)
{
    struct net_origin from = a->sender->origin;

    if (!netpols_any(t->w))
        return true;
    if (a->parent)
        from.pod = job_pod(a->parent);
    if (netpols_allow(t->w, &from, to->pod, to->port))
        return true;
    if (t->w->record.rows)
        record_blocked(t->w, to->pod);
    return false;
}

/* ---- a SYN -------------------------------------------------------------- */

enum connect kernel_connect(struct traffic *t, struct ask *a, bool first,
                            struct process **process)
{
    struct place *p = a->sender->places.items[a->place];
    uint64_t client = kernel_client(a);
    double u = a->u_pick;
    struct rules *r = router_pick(p->rules, a, client, a->sender->sticky, &u);
    sim_time now = world_now(t->w);
    const struct rule *rule;

    *process = NULL;
    a->between = false;
    if (a->sender->outside && !outside_arrives(a))
        return CONNECT_SILENCE;
    if (first && port_is_lost(t, a, p, process))
        return CONNECT_LOST;
    if (now >= r->leaks_from) {
        a->between = true;
        return CONNECT_LOST;
    }
    rule = a->sender->shards > 0
               ? shard_pick(t, a, r)
               : rules_pick(r, u, client, a->sender->sticky, now);
    if (rule && !kernel_allows(t, a, rule)) {
        *process = rule->process;
        return CONNECT_SILENCE;
    }
    if (rule) {
        if (t->w->record.rows)
            record_connection(t->w, rule->pod, r->node);
        *process = rule->process;
        return CONNECT_TO;
    }
    if (r->headless || a->sender->shards > 0)   /* the name has no address */
        return CONNECT_TOLD;
    return !r->drop && is_told(t, a) ? CONNECT_TOLD : CONNECT_SILENCE;
}
