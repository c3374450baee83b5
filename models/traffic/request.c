/*
 * request.c - requests that wait for something, and final outcomes.
 *
 * An attempt whose end needs nobody's attention leaves only a flight with its
 * server (serve.c).  All others are a struct request with one event: SYNs are
 * sent again, outcomes wake who waits for them, and failed attempts are made
 * again after backoff, 2 backoff, 4 backoff, ..., each with its own time-outs.
 * A request has one outcome, that of its last attempt, and every failure has
 * one cause.
 */
#include <string.h>

#include "base/text.h"
#include "models/measure.h"
#include "traffic_impl.h"

/* ---- what is random ----------------------------------------------------- */

double ask_u(const struct ask *a, enum draw j)
{
    const struct world *w = a->sender->traffic->w;
    uint64_t index = ((uint64_t)a->i * 256 + a->attempt) * DRAWS + j;

    return stream_u01_at(world_users_seed(w), PURPOSE_REQUEST,
                         a->sender->entity + 1 + a->tries, w->replication,
                         index);
}

/* All but the choice of a Service, which an ingress controller makes once. */
static void ask_draw_work(struct ask *a)
{
    a->u_work = ask_u(a, DRAW_WORK);
    a->u_error = ask_u(a, DRAW_ERROR);
}

/* Which way the next attempt comes in. */
static double ask_place_again(const struct ask *a)
{
    const struct world *w = a->sender->traffic->w;

    return stream_u01_at(w->spec->seed, PURPOSE_TARGET, a->sender->entity,
                         w->replication, (uint64_t)a->i * 256 + a->attempt);
}

void ask_draw(struct ask *a)
{
    a->u_pick = ask_u(a, DRAW_PICK);
    ask_draw_work(a);
}

/* ---- accounts ----------------------------------------------------------- */

/* The account that a is counted under. */
static struct account *account_of(const struct ask *a)
{
    return &a->sender->accounts.items[a->version->index];
}

void sender_make_accounts(struct sender *s, const struct version *v)
{
    while (s->accounts.len <= v->index)
        vec_push(s->traffic->w->arena, &s->accounts, (struct account){ 0 });
}

void ask_route(struct ask *a, struct server *s)
{
    const struct version *v = flag_version(s, a);

    a->server = s;
    if (a->version == v)
        return;
    account_of(a)->routed--;
    a->version = v;
    sender_account(a->sender, a->version)->routed++;
}

/* Does a proxy on the way make another try of its own? */
static bool goes_on(const struct ask *a, enum cause cause)
{
    return a->sender->mesh ? mesh_goes_on(a, cause)
                           : ingress_goes_on(a, cause);
}

bool ask_watched(const struct ask *a, enum cause cause)
{
    return a->parent || a->sender->mesh ||
           (cause != CAUSE_NONE && a->attempt < a->sender->retries) ||
           goes_on(a, cause);
}

void ask_over(struct traffic *t, struct ask *a, enum cause cause,
              sim_time end)
{
    struct account *account = account_of(a);

    if (cause == CAUSE_NONE)
        account->ok++;
    else
        account->failed[cause]++;
    if (a->parent)
        job_call_over(a->parent, a, cause);
    else if (!a->sender->copies)
        measure_outcome(t->w, a, cause, end);
}

/* ---- requests that wait ------------------------------------------------- */

static void link_request(struct traffic *t, struct request *r)
{
    r->next = t->waiting;
    r->prev = NULL;
    if (t->waiting)
        t->waiting->prev = r;
    t->waiting = r;
}

static void unlink_request(struct traffic *t, struct request *r)
{
    if (r->prev)
        r->prev->next = r->next;
    else
        t->waiting = r->next;
    if (r->next)
        r->next->prev = r->prev;
}

struct request *request_new(struct traffic *t, const struct ask *a)
{
    struct request *r = pool_take(&t->requests);

    r->traffic = t;
    r->ask = *a;
    link_request(t, r);
    return r;
}

/* Give r up; while a flight points at it, it stays as a husk. */
void request_free(struct request *r)
{
    struct traffic *t = r->traffic;

    if (!r->over)
        unlink_request(t, r);
    traffic_cancel(t, r->event);
    r->over = true;
    if (!r->listed)
        pool_put(&t->requests, r);
}

static void back_off(struct request *r);

/* The next try of the proxy: the ingress controller goes on at once. */
static void try_again(struct traffic *t, struct ask *a)
{
    struct request *r;

    a->tries++;
    ask_draw_work(a);
    r = request_new(t, a);
    if (a->sender->mesh)
        request_wait(r, REQUEST_BACKS_OFF,
                     world_now(t->w) + mesh_pause(a));
    else
        ingress_attempt(t, &r->ask, r);
}

void request_over(struct request *r, enum cause cause)
{
    struct traffic *t = r->traffic;
    struct ask a = r->ask;
    sim_time begun = r->begun;

    request_free(r);
    if (a.sender->queue && queue_takes_back(t, &a, cause, begun))
        return;
    if (a.sender->mesh)
        mesh_outcome(t, &a, cause);
    if (world_now(t->w) < a.gives_up && goes_on(&a, cause)) {
        try_again(t, &a);
    } else if (cause != CAUSE_NONE && a.attempt < a.sender->retries) {
        a.first_failed = true;
        a.attempt++;
        a.tries = 0;
        ask_draw(&a);
        if (a.sender->outside)
            a.place = outside_pick(a.sender->outside, ask_place_again(&a));
        back_off(request_new(t, &a));
    } else {
        ask_over(t, &a, cause, world_now(t->w));
    }
}

void attempt_over(struct traffic *t, struct ask *a, struct request *r,
                  enum cause cause)
{
    if (!r && ask_watched(a, cause))
        r = request_new(t, a);
    if (r)
        request_over(r, cause);
    else
        ask_over(t, a, cause, world_now(t->w));
}

static void fire_request(struct sim *sim, void *subject, int64_t arg)
{
    struct request *r = subject;

    (void)sim;
    (void)arg;
    switch (r->state) {
    case REQUEST_CONNECTS:
        client_syn(r);
        break;
    case REQUEST_FLIES:
        request_over(r, r->cause);
        break;
    case REQUEST_AT_WORK:
        job_forget_client(r->job);
        request_over(r, CAUSE_TIMEOUT);
        break;
    case REQUEST_QUEUED:
        queue_enter(r);
        break;
    case REQUEST_BACKS_OFF:
        if (r->ask.tries > 0)
            mesh_attempt(r->traffic, &r->ask, r);
        else
            client_attempt(r->traffic, &r->ask, r);
        break;
    }
}

static const struct event_kind ev_request = {
    .name = "request", .rank = RANK_REQUEST, .fire = fire_request,
};

void request_wait(struct request *r, enum request_state state, sim_time until)
{
    traffic_cancel(r->traffic, r->event);
    r->state = state;
    r->event = traffic_at(r->traffic, until, &ev_request, r);
}

void request_fly(struct request *r, enum cause cause, sim_time ends)
{
    r->cause = cause;
    request_wait(r, REQUEST_FLIES, ends);
}

static void back_off(struct request *r)
{
    int doublings = r->ask.attempt - 1 < 20 ? r->ask.attempt - 1 : 20;
    sim_time wait = r->ask.sender->backoff << doublings;

    request_wait(r, REQUEST_BACKS_OFF, world_now(r->traffic->w) + wait);
}
