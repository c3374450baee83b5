/*
 * client.c - one attempt of a request, as its client sees it.
 *
 * An open idle connection is used if there is one; else a new one is asked of
 * the node's kernel.  Then, by what the pod's end of it is:
 *
 *     network gone                     hang, until the connect time-out
 *     network there, nobody listens    refused, at once
 *     listens                          handed over (serve.c)
 *
 * Without a time-out a connect ends when TCP gives up: after 131 s.  A route may
 * ask for copies: they load who serves them, and their answers are dropped.
 *
 * Not modelled: the network's own delay; TLS; DNS.
 * Source: reference 6.6; recordings of requests, "a model that fits".
 */
#include "models/route.h"
#include "traffic_impl.h"

#define TCP_CONNECT_ENDS (131 * SIM_S)  /* tcp_syn_retries 6, 4 linear */
#define TCP_ENDS (924600 * SIM_MS)      /* tcp_retries2 15 */

struct address *client_of(const struct ask *a)
{
    struct place *p = a->sender->places.items[a->place];
    struct address *own;

    if (a->sender->users == 0 || a->sender->site || a->sender->mesh)
        return &p->address;
    own = map_get_number(&p->addresses, a->user);
    if (!own) {
        own = arena_make(a->sender->traffic->w->arena, struct address);
        own->tokens = ICMP_BURST;
        map_put_number(&p->addresses, a->user, own);
    }
    return own;
}

static sim_time earlier(sim_time a, sim_time b)
{
    return a < b ? a : b;
}

sim_time client_patience(const struct ask *a, sim_time begun)
{
    const struct sender *s = a->sender;

    if (s->queue)
        return queue_patience(a, begun);
    if (s->site)
        return ingress_patience(a, begun, false);
    if (s->mesh)
        return mesh_patience(a, begun, false);
    return s->timeout > 0 ? begun + s->timeout : SIM_NEVER;
}

sim_time client_despair(const struct ask *a, sim_time begun)
{
    if (a->sender->queue)
        return queue_notices(a, begun);
    return earlier(client_patience(a, begun), begun + TCP_ENDS);
}

static sim_time connect_deadline(const struct ask *a, sim_time begun)
{
    const struct sender *s = a->sender;
    sim_time t = client_patience(a, begun);

    if (s->connect_timeout > 0)
        t = earlier(t, begun + s->connect_timeout);
    return earlier(t, begun + TCP_CONNECT_ENDS);
}

void client_lose(struct traffic *t, struct ask *a, struct request *r,
                 sim_time ends, struct process *process)
{
    if (!r && process) {
        server_fly(server_of(t, process), a, NULL,
                   (struct fate){ .begun = world_now(t->w), .ends = ends,
                                  .cause = CAUSE_HANG });
        return;
    }
    if (!r)
        r = request_new(t, a);
    request_fly(r, CAUSE_HANG, ends);
}

/* Send the SYN again, or give up. */
static void wait_for_syn(struct traffic *t, struct ask *a, struct request *r,
                         sim_time begun)
{
    sim_time next, deadline = connect_deadline(a, begun);

    if (!r)
        r = request_new(t, a);
    r->begun = begun;
    next = begun + kernel_syn_again(++r->syns);
    request_wait(r, REQUEST_CONNECTS, earlier(next, deadline));
}

void client_reach(struct traffic *t, struct ask *a, struct request *r,
                  sim_time begun, struct process *process)
{
    if (process)
        ask_route(a, server_of(t, process));
    if (!process || !process->network) {
        kernel_half_open(t, a, process);
        client_lose(t, a, r, connect_deadline(a, begun), process);
    } else if (!process_accepts(process)) {
        attempt_over(t, a, r, CAUSE_REFUSED);
    } else {
        serve(server_of(t, process), a, r, begun);
    }
}

static void try_connect(struct traffic *t, struct ask *a, struct request *r,
                        sim_time begun, bool first)
{
    struct process *process;
    enum connect answer = kernel_connect(t, a, first, &process);

    if (answer == CONNECT_TOLD) {
        attempt_over(t, a, r, CAUSE_NO_ENDPOINT);
    } else if (answer == CONNECT_SILENCE) {
        if (process)            /* a NetworkPolicy keeps it from there */
            ask_route(a, server_of(t, process));
        wait_for_syn(t, a, r, begun);
    } else if (answer == CONNECT_TO) {
        client_reach(t, a, r, begun, process);
    } else {
        if (process)
            ask_route(a, server_of(t, process));
        client_lose(t, a, r, connect_deadline(a, begun), process);
    }
}

void client_syn(struct request *r)
{
    struct traffic *t = r->traffic;

    if (world_now(t->w) >= connect_deadline(&r->ask, r->begun))
        request_over(r, CAUSE_HANG);
    else
        try_connect(t, &r->ask, r, r->begun, false);
}

/* Let the router send a copy of a to the Service that its route names. */
static void send_copy(struct traffic *t, const struct ask *a)
{
    const struct rules *root = a->sender->places.items[a->place]->rules;
    const char *service;
    struct ask copy;

    if (a->sender->copies || !router_routes(root))
        return;
    service = router_mirror(root, a, stream_u01_at(
        world_users_seed(t->w), PURPOSE_MIRROR, a->sender->entity,
        t->w->replication, (uint64_t)a->i * 256 + a->attempt));
    if (!service)
        return;
    copy = (struct ask){ .sender = sender_of_copies(a->sender, service),
                         .version = t->versions->list.items[0],
                         .i = a->i, .sent = world_now(t->w),
                         .user = a->user, .attempt = a->attempt };
    copy.place = sender_place(copy.sender, root->node);
    ask_draw(&copy);
    copy.sender->sent++;
    copy.sender->accounts.items[0].routed++;
    client_attempt(t, &copy, NULL);
}

void client_attempt(struct traffic *t, struct ask *a, struct request *r)
{
    struct sender *s = a->sender;
    sim_time now = world_now(t->w);
    struct process *process = NULL;
    bool cut = false;           /* by the end of the connection */

    if (s->queue) {
        queue_attempt(t, a);
        return;
    }
    send_copy(t, a);
    if (a->parent && !job_process(a->parent)->network) {
        client_lose(t, a, r, connect_deadline(a, now), NULL);
        return;
    }
    if (s->site) {
        ingress_attempt(t, a, r);
        return;
    }
    if (s->mesh) {
        mesh_attempt(t, a, r);
        return;
    }
    if (s->keep_alive)
        process = conn_take(a, kernel_route(a), now, &cut);
    if (cut) {
        ask_route(a, server_of(t, process));
        attempt_over(t, a, r, CAUSE_RESET);
    } else if (process) {
        ask_route(a, server_of(t, process));
        serve(server_of(t, process), a, r, now);
    } else {
        try_connect(t, a, r, now, true);
    }
}
