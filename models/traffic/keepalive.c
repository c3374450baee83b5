/*
 * keepalive.c - pools of open connections.
 *
 * A request takes the idle connection that was used last; only if there is
 * none is a new one opened.  So connections stay on a pod for as long as its
 * process lives, whatever the rules say, and new pods get few.  A closed
 * connection (its process ended, or drains and has closed idle ones) is
 * noticed before use and dropped, unless the request was on its way when the
 * connection was closed: then it is cut off.  With HTTP/2 one connection
 * carries all.  Each user has a pool; without users, all clients of a node
 * share one.
 *
 * Not modelled: idle time-outs, limits on requests per connection.
 * Source: recordings of requests, method and behaviours 16 to 18.
 */
#include "traffic_impl.h"

/* ---- the busy ones: a binary heap by the time they become idle ---------- */

static void busy_push(struct arena *a, struct conn_pool *p, struct conn c)
{
    size_t i;

    vec_push(a, &p->busy, c);
    for (i = p->busy.len - 1; i > 0; i = (i - 1) / 2) {
        struct conn *up = &p->busy.items[(i - 1) / 2];

        if (up->free <= c.free)
            break;
        p->busy.items[i] = *up;
    }
    p->busy.items[i] = c;
}

static struct conn busy_pop(struct conn_pool *p)
{
    struct conn *heap = p->busy.items;
    struct conn top = heap[0], last = heap[--p->busy.len];
    size_t len = p->busy.len, i = 0, k;

    while ((k = 2 * i + 1) < len) {
        if (k + 1 < len && heap[k + 1].free < heap[k].free)
            k++;
        if (heap[k].free >= last.free)
            break;
        heap[i] = heap[k];
        i = k;
    }
    if (len > 0)
        heap[i] = last;
    return top;
}

/* ---- taking and giving back --------------------------------------------- */

static bool is_open(const struct conn *c)
{
    const struct process *p = c->process;
    const struct server *s = p->traffic;

    if (p->run != c->run)
        return false;
    if (p->state == PROCESS_ABSENT)
        return s && s->vanished;        /* nobody has told the client */
    return p->state != PROCESS_CLOSED;
}

/* The time a packet takes: a request sent so long before its connection is
 * closed crosses the news of that.  A typical one-way time between nodes. */
#define ONE_WAY (200 * SIM_US)

/* Was the connection closed while a request sent now is on its way? */
static bool crosses(const struct conn *c, sim_time now)
{
    const struct process *p = c->process;
    sim_time closed = p->state == PROCESS_CLOSED ? p->told : p->ended;

    return p->run == c->run && now - closed < ONE_WAY &&
           (p->state == PROCESS_CLOSED || p->state == PROCESS_ABSENT);
}

/* Forget the idle connections that are closed. */
static void drop_closed(struct conn_pool *pool)
{
    size_t n = 0;

    for (size_t i = 0; i < pool->idle.len; i++)
        if (is_open(&pool->idle.items[i]))
            pool->idle.items[n++] = pool->idle.items[i];
    pool->idle.len = n;
}

/* Take the i-th idle one out, unless it is shared. */
static struct process *take(struct conn_pool *pool, size_t i, bool shared)
{
    struct process *process = pool->idle.items[i].process;

    if (shared)
        return process;
    pool->idle.len--;
    for (; i < pool->idle.len; i++)
        pool->idle.items[i] = pool->idle.items[i + 1];
    return process;
}

/* The one used last that leads to an endpoint of `to`. */
static struct process *take_to(struct conn_pool *pool, const struct rules *to,
                               bool shared)
{
    drop_closed(pool);
    for (size_t i = pool->idle.len; i-- > 0;)
        if (rules_have(to, pool->idle.items[i].process->pod))
            return take(pool, i, shared);
    return NULL;
}

/* Did the process fall silent before it gave the answer that c waits for?  Then
 * the client knows that c is of no use, or waits for it still. */
static bool was_cut(const struct conn *c)
{
    const struct server *s = c->process->traffic;

    return s && c->process->run == c->run && c->free > s->silent;
}

/* Move the connections that are idle now. */
static void settle(struct arena *a, struct conn_pool *pool, bool shared,
                   sim_time now)
{
    while (pool->busy.len > 0 && (shared || pool->busy.items[0].free <= now)) {
        struct conn c = busy_pop(pool);

        if (shared || !was_cut(&c))
            vec_push(a, &pool->idle, c);
    }
}

struct process *conn_take(const struct ask *a, const struct rules *to,
                          sim_time now, bool *cut)
{
    const struct sender *s = a->sender;
    struct conn_pool *pool = &client_of(a)->pool;

    settle(s->traffic->w->arena, pool, s->shared, now);
    if (to)
        return take_to(pool, to, s->shared);
    while (pool->idle.len > 0) {
        struct conn c = pool->idle.items[pool->idle.len - 1];

        if (is_open(&c))
            return take(pool, pool->idle.len - 1, s->shared);
        pool->idle.len--;
        if (crosses(&c, now)) {
            *cut = true;
            return c.process;
        }
    }
    return NULL;
}

bool conn_take_to(const struct ask *a, const struct process *process,
                  sim_time now, bool *cut)
{
    struct conn_pool *pool = &client_of(a)->pool;

    settle(a->sender->traffic->w->arena, pool, false, now);
    for (size_t i = pool->idle.len; i-- > 0;) {
        struct conn c = pool->idle.items[i];

        if (c.process != process)
            continue;
        take(pool, i, false);
        if (is_open(&c))
            return true;
        if (crosses(&c, now)) {
            *cut = true;
            return false;
        }
    }
    return false;
}

void conn_put(const struct ask *a, struct process *process, sim_time free)
{
    struct conn c = { .process = process, .run = process->run, .free = free };
    const struct sender *s = a->sender;
    struct conn_pool *pool = &client_of(a)->pool;

    if (s->shared && !s->site && !s->mesh && pool->busy.len + pool->idle.len > 0)
        return;                 /* it is there already */
    busy_push(s->traffic->w->arena, pool, c);
}
