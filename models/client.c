/*
 * client.c - API calls with a rate limit and a latency.
 *
 * Token bucket with reservations, as golang.org/x/time/rate: a call takes its
 * token at once, possibly from the future, and waits until it is there.
 *
 * Source: client-go util/flowcontrol; reference 8.2.
 */
#include "models/client.h"

#include <math.h>
#include <string.h>

#include "base/bug.h"
#include "models/plane.h"
#include "models/rbac.h"
#include "models/world.h"

void client_init(struct client *c, struct world *w, double qps, double burst,
                 enum timing latency, uint64_t entity)
{
    *c = (struct client){ .w = w, .qps = qps, .burst = burst,
                          .tokens = burst, .latency = latency };
    world_stream(w, &c->stream, PURPOSE_TIMING, entity);
}

/* Take a token; returns how long it must be waited for. */
static sim_time take_token(struct client *c)
{
    sim_time now = world_now(c->w);

    if (c->qps <= 0)
        return 0;
    c->tokens += (double)(now - c->filled) / (double)SIM_S * c->qps;
    if (c->tokens > c->burst)
        c->tokens = c->burst;
    c->filled = now;
    c->tokens -= 1;
    if (c->tokens >= 0)
        return 0;
    return (sim_time)llround(-c->tokens / c->qps * (double)SIM_S);
}

/* ---- rights ------------------------------------------------------------- */

static const struct meta *account_of(const struct client *c)
{
    const struct api *api = c->w->api;

    for (size_t i = 0; c->account && i < api_count(api, KIND_SERVICEACCOUNT);
         i++) {
        const struct meta *m = api_at(api, KIND_SERVICEACCOUNT, i);

        if (strcmp(m->name, c->account) == 0)
            return m;
    }
    return NULL;
}

/* What the real controller asks for; it may patch where we update. */
static const char *verb_of(enum call_verb verb)
{
    switch (verb) {
    case CALL_CREATE:
        return "create";
    case CALL_UPDATE:
    case CALL_UPDATE_STATUS:
        return "update|patch";
    case CALL_DELETE:
        return "delete";
    default:
        return NULL;            /* read from a cache, or always allowed */
    }
}

/* Has the account of the caller the right to do this? */
static bool may(const struct call *call, const char **reason)
{
    struct world *w = call->client->w;
    const struct meta *account = account_of(call->client);
    const struct meta *m = call->draft ? call->draft
                                       : api_get(w->api, call->uid);
    struct requester who = { NULL, NULL };
    struct request_info what = { .verb = verb_of(call->verb) };

    if (!account || !what.verb || !m)
        return true;
    who.name = rbac_account(w->arena, account->space, account->name);
    what.space = m->space;
    request_about(w, &what, m->kind, m->name);
    if (call->verb == CALL_CREATE)
        what.name = NULL;
    if (rbac_allows(w, &who, &what, reason))
        return true;
    what.subresource = "status";
    return call->verb == CALL_UPDATE_STATUS &&
           rbac_allows(w, &who, &what, reason);
}

static enum api_code commit(struct call *call, const struct meta **result,
                            const char **reason)
{
    struct api *api = call->client->w->api;

    if (!may(call, reason)) {
        if (call->draft)
            api_drop(api, call->draft);
        return API_FORBIDDEN;
    }
    if (call->after && call->draft)
        call->draft->version = call->after->wrote;
    switch (call->verb) {
    case CALL_CREATE:
        return api_create(api, call->draft, result, reason);
    case CALL_UPDATE:
        return api_update(api, call->draft, result, reason);
    case CALL_UPDATE_STATUS:
        return api_update_status(api, call->draft, result, reason);
    case CALL_DELETE:
        return call->finalizer
                   ? api_delete_after(api, call->uid, call->finalizer)
                   : api_delete(api, call->uid, call->grace_s);
    case CALL_EVENT:
        return API_CREATED;     /* Events are not objects here */
    case CALL_GET:
        *result = api_get(api, call->uid);
        return *result ? API_OK : API_NOT_FOUND;
    case CALL_BIND:
        return api_bind(api, call->uid, call->node, result, reason);
    }
    BUG("verb %d of an API call", (int)call->verb);
}

static void fire_answer(struct sim *sim, void *subject, int64_t arg)
{
    struct call *call = subject;
    const struct meta *result = call->result;
    struct api *api = call->client->w->api;

    (void)sim;
    call->result = NULL;
    call->done(call, (enum api_code)arg, result, call->reason);
    if (result)                 /* call may be another one by now */
        api_unref(api, result);
}

static const struct event_kind ev_answer = {
    .name = "api.answer", .rank = RANK_COMMIT, .fire = fire_answer,
};

/* The caller is told: at once, or when the answer has travelled. */
static void answer(struct call *call, enum api_code code,
                   const struct meta *result, const char *reason)
{
    struct client *c = call->client;
    sim_time takes = world_draw_on(c->w, TIMING_ANSWER, &c->stream, c->node);

    if (takes == 0) {
        call->done(call, code, result, reason);
        return;
    }
    call->result = result ? api_ref(result) : NULL;
    call->reason = reason;
    sim_after(c->w->sim, takes, &ev_answer, call, (int64_t)code);
}

static void fire_call(struct sim *sim, void *subject, int64_t arg);

static const struct event_kind ev_call = {
    .name = "api.call", .rank = RANK_COMMIT, .fire = fire_call,
};

static void fire_call(struct sim *sim, void *subject, int64_t arg)
{
    struct call *call = subject;
    const struct meta *result = NULL;
    const char *reason = NULL;
    enum api_code code;
    sim_time left = labour_left(&call->labour, call->client->w);

    if (left > 0) {
        sim_after(sim, left, &ev_call, call, arg);
        return;
    }
    if (plane_api_down(call->client->w)) {
        plane_hold(call->client->w, call);
        return;
    }
    code = commit(call, &result, &reason);
    call->draft = NULL;
    if (result)
        call->wrote = result->version;
    if (call->done)
        answer(call, code, result, reason);
}

/* It is on its way, after so long. */
static void set_out(struct client *c, struct call *call, sim_time ahead)
{
    sim_time takes = world_draw_on(c->w, c->latency, &c->stream, c->node);

    sim_after(c->w->sim, labour_begin(&call->labour, c->w, c->latency, c->node,
                                      ahead, takes),
              &ev_call, call, (int64_t)call->verb);
}

void client_send(struct client *c, struct call *call)
{
    sim_time at = world_now(c->w) + take_token(c);

    if (at < c->last)
        at = c->last;
    c->last = at;
    call->client = c;
    set_out(c, call, at - world_now(c->w));
}

void client_resend(struct call *call)
{
    set_out(call->client, call, 0);
}

struct call *call_new(struct world *w, enum call_verb verb)
{
    struct call *call = arena_make(w->arena, struct call);

    call->verb = verb;
    call->grace_s = -1;
    return call;
}
