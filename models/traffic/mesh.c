/*
 * mesh.c - one attempt of a request through the sidecar of its client.
 *
 * The clients of a source on a node share a sidecar.  It knows endpoints by
 * its own view (proxy.c: pushed by the mesh's control plane), passes over those
 * that it has ejected (outlier.c), takes of two at random the one with fewer
 * requests of its own, and goes there itself, over a connection that it has
 * kept or opens.  kube-proxy's rules play no part.  What fails in a way that
 * retryOn names is tried again, at another host if there is one, after 0 to
 * 25 ms, 0 to 75 ms, ...; not what found no healthy host at all.
 *
 *     refused, hang           connect-failure
 *     reset, timeout          reset (a per-try time-out too)
 *     overload                retriable-status-codes: 503
 *     all of these, error     5xx
 *
 * Every such failure counts against the host.
 *
 * Not modelled: sidecars of the pods that serve (their own drain of 5 s, mTLS);
 * calls between services; limits of connection pools, circuit breakers,
 * locality; of the hosts tried before, only the last is passed over.
 * Source: Istio 1.24 defaults (attempts 2, retryOn, connect time-out 10 s,
 * LEAST_REQUEST, minHealthPercent 0); Envoy router, previous_hosts predicate.
 */
#include "models/mesh.h"
#include "models/measure.h"
#include "models/route.h"
#include "traffic_impl.h"

#define RESELECT 5              /* hostSelectionRetryMaxAttempts */

static const struct mesh_spec *mesh_of(const struct ask *a)
{
    return a->sender->mesh;
}

static struct place *place_of(const struct ask *a)
{
    return a->sender->places.items[a->place];
}

/* A host as this sidecar knows it. */
struct host {
    struct mesh_host state;
    const struct rules *in;     /* where it was last picked from */
};

static struct host *host_of(const struct ask *a, object_uid pod)
{
    struct map *hosts = &place_of(a)->hosts;
    struct host *h = map_get_number(hosts, pod);

    if (!h) {
        h = arena_make(a->sender->traffic->w->arena, struct host);
        h->state.back = -1;
        map_put_number(hosts, pod, h);
    }
    return h;
}

static bool is_out(const struct ask *a, const struct rules *in, size_t i)
{
    return mesh_ejected(&host_of(a, in->items[i].pod)->state,
                        world_now(a->sender->traffic->w));
}

/* How many hosts of a view are ejected. */
static size_t count_out(const struct ask *a, const struct rules *in)
{
    size_t n = 0;

    for (size_t i = 0; i < in->len; i++)
        n += is_out(a, in, i);
    return n;
}

/* ---- what is tried again ------------------------------------------------- */

static bool is_retried(unsigned on, enum cause cause)
{
    switch (cause) {
    case CAUSE_REFUSED:
    case CAUSE_HANG:
        return on & (MESH_CONNECT_FAILURE | MESH_5XX);
    case CAUSE_RESET:
    case CAUSE_TIMEOUT:
        return on & (MESH_RESET | MESH_5XX);
    case CAUSE_OVERLOAD:
        return on & (MESH_503 | MESH_5XX);
    case CAUSE_ERROR:
        return on & MESH_5XX;
    default:
        return false;
    }
}

bool mesh_goes_on(const struct ask *a, enum cause cause)
{
    const struct mesh_spec *m = mesh_of(a);

    return a->tries < m->attempts && is_retried(m->retry_on, cause);
}

/* The k-th number of a retry; 0: its pause, 1, 2, ...: which host. */
static double retry_u(const struct ask *a, unsigned k)
{
    const struct world *w = a->sender->traffic->w;
    uint64_t try = ((uint64_t)a->i * 256 + a->attempt) * 256 + a->tries;

    return stream_u01_at(w->spec->seed, PURPOSE_MESH, a->sender->entity,
                         w->replication, try * (RESELECT + 2) + k);
}

sim_time mesh_pause(const struct ask *a)
{
    return mesh_backoff(a->tries, retry_u(a, 0));
}

sim_time mesh_patience(const struct ask *a, sim_time begun, bool connects)
{
    const struct mesh_spec *m = mesh_of(a);
    sim_time until = a->gives_up;

    if (m->per_try > 0 && begun + m->per_try < until)
        until = begun + m->per_try;
    if (connects && begun + m->connect_timeout < until)
        until = begun + m->connect_timeout;
    return until;
}

/* ---- outcomes ------------------------------------------------------------ */

static void tell_ejected(struct world *w, const struct ask *a,
                         const struct mesh_host *h)
{
    double out_s = (double)(h->until - world_now(w)) / (double)SIM_S;

    if (w->record.rows)
        record_note(w, "Warning", "OutlierEjected", a->server->space,
                    arena_printf(w->arena, "pod/%s", a->server->pod),
                    arena_printf(w->arena, "%s: %d failures in a row, out for "
                                 "%.0f s", traffic_node(w, a),
                                 mesh_of(a)->outlier->consecutive, out_s));
}

void mesh_outcome(struct traffic *t, const struct ask *a, enum cause cause)
{
    const struct outlier_spec *o = mesh_of(a)->outlier;
    sim_time now = world_now(t->w);
    struct host *h;

    if (!a->server || cause == CAUSE_NO_ENDPOINT)
        return;
    h = host_of(a, a->server->process->pod);
    h->state.active--;
    if (!o || (cause != CAUSE_NONE && now >= a->gives_up))
        return;                 /* the client has left: nobody's fault */
    if (!mesh_counts(&h->state, o, cause != CAUSE_NONE, now) ||
        !rules_have(h->in, a->server->process->pod) ||
        !mesh_may_eject(o, (int)count_out(a, h->in), (int)h->in->len))
        return;
    mesh_eject(&h->state, o, place_of(a)->phase, now);
    tell_ejected(t->w, a, &h->state);
}

/* ---- where to ------------------------------------------------------------ */

/* The k-th host of a view that is not ejected (all: or that is). */
static size_t nth(const struct ask *a, const struct rules *in, size_t k,
                  bool all)
{
    size_t i = 0;

    if (all)
        return k;
    for (;; i++) {
        if (is_out(a, in, i))
            continue;
        if (k-- == 0)
            return i;
    }
}

/* One of n, and what is left of u. */
static size_t draw(double *u, size_t n)
{
    double x = *u * (double)n;
    size_t i = (size_t)x < n ? (size_t)x : n - 1;

    *u = x - (double)i;
    return i;
}

static size_t pick(const struct ask *a, struct rules *in, size_t healthy,
                   bool all, double u)
{
    size_t i, k;

    if (mesh_of(a)->balancer == MESH_ROUND_ROBIN)
        return nth(a, in, in->turn++ % healthy, all);
    i = nth(a, in, draw(&u, healthy), all);
    if (mesh_of(a)->balancer == MESH_RANDOM)
        return i;
    k = nth(a, in, draw(&u, healthy), all);
    return host_of(a, in->items[k].pod)->state.active <
           host_of(a, in->items[i].pod)->state.active ? k : i;
}

/* The host for this try; in->len if none is healthy. */
static size_t choose(const struct ask *a, struct rules *in, double u)
{
    const struct outlier_spec *o = mesh_of(a)->outlier;
    size_t healthy = in->len - (o ? count_out(a, in) : 0), i;
    bool all = !o || (double)healthy < o->min_health * (double)in->len;

    if (all)
        healthy = in->len;
    if (healthy == 0)
        return in->len;
    i = pick(a, in, healthy, all, u);
    for (unsigned k = 1; a->tries > 0 && a->server && k <= RESELECT; k++) {
        if (in->items[i].pod != a->server->process->pod)
            break;
        i = pick(a, in, healthy, all, retry_u(a, k + 1));
    }
    return i;
}

/* To this host, over a kept connection or a new one. */
static void go(struct traffic *t, struct ask *a, struct request *r,
               const struct rule *rule)
{
    struct process *p = rule->process;
    sim_time now = world_now(t->w);
    bool cut = false, kept = conn_take_to(a, p, now, &cut);

    if (cut)
        attempt_over(t, a, r, CAUSE_RESET);
    else if (!kept && (!p->network || !kernel_allows(t, a, rule)))
        client_lose(t, a, r, mesh_patience(a, now, true), p);
    else if (!kept && !process_accepts(p))
        attempt_over(t, a, r, CAUSE_REFUSED);
    else
        serve(server_of(t, p), a, r, now);
}

void mesh_attempt(struct traffic *t, struct ask *a, struct request *r)
{
    struct sender *s = a->sender;
    sim_time now = world_now(t->w);
    double u = a->u_pick;
    struct rules *in;
    const struct rule *rule = NULL;
    size_t i;

    if (a->tries == 0)
        a->gives_up = s->timeout > 0 ? now + s->timeout : SIM_NEVER;
    in = router_pick(place_of(a)->rules, a, kernel_client(a), s->sticky, &u);
    if (a->tries > 0)
        u = retry_u(a, 1);
    if (s->sticky) {
        rule = rules_pick(in, u, kernel_client(a), true, now);
    } else if ((i = choose(a, in, u)) < in->len) {
        rule = rules_resolve(in, i);
    }
    if (!rule || !rule->process) {
        attempt_over(t, a, r, CAUSE_NO_ENDPOINT);
        return;
    }
    host_of(a, rule->pod)->in = in;
    host_of(a, rule->pod)->state.active++;
    if (t->w->record.rows)
        record_connection(t->w, rule->pod, place_of(a)->rules->node);
    ask_route(a, server_of(t, rule->process));
    go(t, a, r, rule);
}
