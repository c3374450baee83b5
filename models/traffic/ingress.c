/*
 * ingress.c - one attempt of a request through the ingress controller.
 *
 * The controller picks the Service by its routes and an endpoint of its own
 * view in turns, and goes there over a connection that it has kept open, or
 * opens one.  If that fails it goes on with the next endpoint at once, as
 * proxy_next_upstream says (default: after errors and time-outs, three tries
 * in all); a request that is not idempotent and has been sent is not sent
 * again.  What the client sees in the end:
 *
 *     404, 503    no rule, no endpoint             no_endpoint
 *     502         nobody listened; cut off         refused, reset
 *     504         no connection, no answer         hang, timeout
 *
 * Not modelled: the way from the client to the controller takes no time and
 * does not fail; limits of its pool of connections.
 * Source: nginx ngx_http_upstream_next (1.27), ingress-nginx defaults:
 * proxy-connect-timeout 5 s, proxy-read-timeout 60 s, tries 3; reference 6.6.
 */
#include "models/route.h"
#include "traffic_impl.h"

#define NO_TRIES_LIMIT 255      /* ask.tries is a byte */

static const struct ingress_conf *conf_of(const struct ask *a)
{
    return &a->sender->site->conf;
}

/* Had the endpoint got the request when it failed so? */
static bool was_sent(enum cause cause)
{
    return cause != CAUSE_REFUSED && cause != CAUSE_HANG;
}

static bool is_idempotent(const struct ask *a)
{
    const struct sender *s = a->sender;
    double writes = s->spec->clients.writes;

    return writes <= 0 ||
           stream_u01_at(s->traffic->w->spec->seed, PURPOSE_INGRESS, s->entity,
                         s->traffic->w->replication, (uint64_t)a->i) >= writes;
}

bool ingress_goes_on(const struct ask *a, enum cause cause)
{
    const struct ingress_conf *c;
    int most;

    if (!a->sender->site || cause == CAUSE_NONE)
        return false;
    c = conf_of(a);
    most = c->tries > 0 ? c->tries : NO_TRIES_LIMIT;
    if (a->tries + 1 >= most)
        return false;
    if (cause == CAUSE_REFUSED || cause == CAUSE_RESET) {
        if (!c->next_error)
            return false;
    } else if (cause == CAUSE_HANG || cause == CAUSE_TIMEOUT) {
        if (!c->next_timeout)
            return false;
    } else {
        return false;           /* 404, or the pod has answered */
    }
    return !was_sent(cause) || c->next_non_idempotent || is_idempotent(a);
}

sim_time ingress_patience(const struct ask *a, sim_time begun, bool connects)
{
    const struct ingress_conf *c = conf_of(a);
    sim_time most = connects ? c->connect_timeout : c->read_timeout;
    sim_time until = most > 0 ? begun + most : SIM_NEVER;

    return a->gives_up < until ? a->gives_up : until;
}

/* To this endpoint, over a kept connection or a new one. */
static void go(struct traffic *t, struct ask *a, struct request *r,
               const struct rule *rule)
{
    struct process *p = rule->process;
    sim_time now = world_now(t->w);
    bool cut = false, kept = p && conn_take_to(a, p, now, &cut);

    if (p)
        ask_route(a, server_of(t, p));
    if (cut) {
        attempt_over(t, a, r, CAUSE_RESET);
    } else if (kept) {
        serve(server_of(t, p), a, r, now);
    } else if (!p || !p->network || !kernel_allows(t, a, rule)) {
        client_lose(t, a, r, ingress_patience(a, now, true), p);
    } else if (!process_accepts(p)) {
        attempt_over(t, a, r, CAUSE_REFUSED);
    } else {
        serve(server_of(t, p), a, r, now);
    }
}

void ingress_attempt(struct traffic *t, struct ask *a, struct request *r)
{
    struct sender *s = a->sender;
    struct rules *root = s->site->rules, *to;
    bool sticky = s->users > 0 && (s->sticky || s->site->conf.sticky);
    double u = a->u_pick;
    const struct rule *rule;

    if (a->tries == 0)
        a->gives_up = s->timeout > 0 ? world_now(t->w) + s->timeout
                                     : SIM_NEVER;
    to = router_pick(root, a, kernel_client(a), sticky, &u);
    rule = rules_pick(to, u, kernel_client(a), sticky, world_now(t->w));
    if (rule)
        go(t, a, r, rule);
    else
        attempt_over(t, a, r, CAUSE_NO_ENDPOINT);
}
